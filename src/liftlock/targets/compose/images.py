"""The image of a version: found, pulled or built once, and kept under a name of ours.

What the name stands for is written down. Where it stands for something else, or for nothing, since
somebody has tidied up, the version is made anew and that is said.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Version
from liftlock.targets import notes
from liftlock.targets.compose import commands, project
from liftlock.targets.compose.engine import Engine
from liftlock.targets.compose.names import Names
from liftlock.targets.compose.project import Service
from liftlock.targets.compose.writing import written

_ID: Final = 'id'


class Workshop(NamedTuple):
    """`kept` is where it is written down which image a version has."""

    engine: Engine
    names: Names
    kept: Path
    work: Path


async def ensure(shop: Workshop, one: Service, version: Version, release: Path) -> str:
    """What was done, for people."""
    name = shop.names.image(version)
    note = shop.kept / f'{version.id}.json'
    known = str(notes.read(note).get(_ID, ''))
    if known and await shop.engine.has(*commands.image_id(name)) == known:
        return 'its image is there already'
    if known and await shop.engine.has(*commands.image_id(known)):
        await shop.engine.ask(*commands.tag(known, name))
        return 'its image is there already'
    done = await _make(shop, one, version, release)
    id = (await shop.engine.ask(*commands.image_id(name))).strip()
    notes.write(note, {_ID: id})
    return f'{done} once more: it was gone from this machine' if known else done


async def _make(shop: Workshop, one: Service, version: Version, release: Path) -> str:
    name = shop.names.image(version)
    if version.image:
        return await _fetch(shop.engine, version.image, name)
    building = project.building(one, name)
    if building is not None:
        async with written(shop.work, building) as file:
            await shop.engine.compose_(
                commands.build(shop.names, str(release), file, one.name), _NOTHING
            )
        return f'built the image of {one.name}'
    if one.own.get('image'):
        return await _fetch(shop.engine, str(one.own['image']), name)
    raise Trouble(f'service {one.name} has neither an image nor a way to build one')


_NOTHING: Final[Mapping[str, str]] = {}


async def _fetch(engine: Engine, reference: str, name: str) -> str:
    if await engine.has(*commands.image_id(reference)):
        done = f'found {reference}'
    else:
        await engine.ask(*commands.pull(reference))
        done = f'pulled {reference}'
    await engine.ask(*commands.tag(reference, name))
    return done


async def forget(shop: Workshop, versions: list[str]) -> None:
    """Images of versions that are not kept any more. One that is in use stays, and is tried again
    with the next that goes."""
    for id in versions:
        if await shop.engine.has(*commands.remove_image(f'liftlock/{shop.names.base}:{id}')):
            (shop.kept / f'{id}.json').unlink(missing_ok=True)
