"""Steps that work with the container engines of this machine, each by a program of its own."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from containers import lack
from e2e.actions.bench import Bench
from liftlock.runner.docker import engine as engines
from liftlock.runner.ports import World

ENGINES: Final = ('docker', 'podman')
_CONFIG: Final = ('DOCKER_CONFIG', 'DOCKER_HOST', 'REGISTRY_AUTH_FILE')


def have(engine: str) -> None:
    found = engines.look(engine)
    if isinstance(found, str):
        lack(f'{found or f"there is no {engine}"}. To run this: install {engine}, and start it')


def step(
    root: Path,
    uses: str,
    inputs: Mapping[str, str],
    *,
    engine: str = 'docker',
    env: Mapping[str, str] | None = None,
    **more: Any,
) -> Bench:
    """Underscores of inputs stand for dashes. `more` is of the world."""
    have(engine)
    world = World(
        None, None, None, None, root / 'tools', root / 'packages',  # type: ignore[arg-type]
        container_engine=engine, **more,
    )  # fmt: skip
    given = {name.replace('_', '-'): text for name, text in inputs.items()}
    return Bench(uses, root / 'job', world, given, env=dict(env or {}))


def call(bench: Bench, *command: str) -> 'subprocess.CompletedProcess[str]':
    """What a later step would see."""
    return subprocess.run(
        command, env=bench.env, cwd=bench.workspace, capture_output=True, text=True, check=False
    )


def search_path(folder: Path, *programs: str) -> str:
    """A PATH on which only these of this machine's programs stand, beside a few usual ones."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ('sh', 'cat', 'env', 'git', 'rm', 'dirname', *programs):
        found = shutil.which(name)
        if found and not (folder / name).exists():
            (folder / name).symlink_to(os.path.realpath(found))
    return str(folder)
