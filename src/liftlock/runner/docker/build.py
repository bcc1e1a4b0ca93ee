"""Images that actions bring as a Dockerfile."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from typing import Final

from liftlock.runner.docker.engine import Engine, EngineFailed

NAME: Final = 'liftlock-action'


async def build(engine: Engine, dockerfile: str, identity: str, say: Callable[[str], None]) -> str:
    """The image's id. Its layers are the engine's to reuse.

    The same `identity` gives the same name, so that older images lose theirs and can be pruned.
    What runs is told by id, because another job may build under that name at the same time.
    """
    if not os.access(dockerfile, os.R_OK):
        raise EngineFailed(f"Can't find the Dockerfile '{dockerfile}' of the action")
    name = f'{NAME}:{hashlib.sha256(identity.encode()).hexdigest()[:16]}'
    context = os.path.dirname(dockerfile)  # noqa: PTH120
    with tempfile.TemporaryDirectory(prefix='liftlock-build-') as folder:
        told = f'{folder}/id'
        words = ('build', '--tag', name, '--iidfile', told, '--file', dockerfile, context)
        say(f'##[command]{engine.name} build --file {dockerfile} {context}')
        code = await engine.show(say, *words)
        if code:
            raise EngineFailed(f'Docker build failed with exit code {code}')
        return _read(told)


def _read(path: str) -> str:
    with open(path, encoding='ascii') as file:  # noqa: PTH123
        return file.read().strip()
