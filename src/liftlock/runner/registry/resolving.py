"""The digest of an image: from its registry, else by an engine that can have it.

An engine knows what this program doesn't: mirrors, registries with certificates of their own.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from liftlock.language import image as images
from liftlock.language.image import Image
from liftlock.runner.docker import engine
from liftlock.runner.docker.engine import Engine
from liftlock.runner.registry import credentials, digest
from liftlock.runner.registry.digest import NoDigest

_AT_ONCE = 8


async def resolve(
    names: Iterable[str], choice: str, log: Callable[[str], None], complaints: list[str]
) -> Mapping[str, str]:
    """Image → `sha256:…` for each; what has none is told to `complaints`. `choice` is the user's
    container engine, '' for any."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(name: str) -> tuple[str, str]:
        async with turn:
            return name, await _resolve(name, choice, log)

    found = {}
    for answer in await asyncio.gather(*map(one, names), return_exceptions=True):
        if isinstance(answer, NoDigest):
            complaints.append(str(answer))
        elif isinstance(answer, BaseException):
            raise answer
        else:
            found[answer[0]] = answer[1]
    return found


async def _resolve(name: str, choice: str, log: Callable[[str], None]) -> str:
    image = images.parse(name)
    if image is None:
        raise NoDigest(f'{name} is no name of an image')
    try:
        known = await asyncio.to_thread(credentials.find, image.registry)
        return await asyncio.to_thread(digest.ask, image, known)
    except NoDigest as error:
        found = await asyncio.to_thread(engine.find, choice)
        if found is None:
            raise NoDigest(f'{name}: {error}') from None
        log(f'{name}: {error}; {found.name} is asked to pull it')
        return await _pull(found, name, image, str(error))


async def _pull(engine: Engine, name: str, image: Image, why: str) -> str:
    written = f'{image.name}:{image.tag or "latest"}'
    pulled = await engine.ask('pull', '--quiet', written)
    if pulled.code:
        raise NoDigest(f'{name}: {why}; {engine.name}: {pulled.reason}')
    told = await engine.ask(
        'image', 'inspect', '--format', '{{range .RepoDigests}}{{println .}}{{end}}', written
    )
    for line in told.lines:
        found = images.parse(line.strip())
        if found is not None and found.digest and found.name == image.name:
            return found.digest
    raise NoDigest(f'{name}: {why}; {engine.name} has it, but knows no digest of its registry')
