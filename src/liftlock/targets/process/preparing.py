"""Making a version ready, once, before its first start."""

import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from secrets import token_hex

from liftlock.language.records import NamedTuple
from liftlock.rollout.version import Version
from liftlock.targets.process import birth, build, releases
from liftlock.targets.process.ground import Places
from liftlock.targets.process.procfs import MARK
from liftlock.targets.process.releases import Lay


class Recipe(NamedTuple):
    """How a version becomes a release. `hide` takes secrets out of what `prepare` says."""

    lay: Lay
    prepare: str
    env: Mapping[str, str]
    hide: Callable[[str], str]


async def prepare(places: Places, version: Version, recipe: Recipe) -> str:
    """What was done, for people."""
    name = releases.name(version, recipe.prepare)

    async def build_it(place: Path) -> None:
        line = (birth.shell(), '-e', '-c', recipe.prepare)
        env = {**recipe.env, MARK: f'{places.marks}prepare-{token_hex(4)}'}
        await build.run(line, env, place, log_of(places, name), recipe.hide)

    began = time.monotonic()
    wanted = build_it if recipe.prepare.strip() else None
    made = await releases.make(places.releases, version, recipe.prepare, recipe.lay, wanted)
    if not made:
        return f'{version.name} is there already, in releases/{name}'
    verb = 'prepared' if wanted else 'laid'
    return f'{version.name} {verb} in releases/{name} in {time.monotonic() - began:.1f} s'


def prune(places: Places, used: Collection[str]) -> None:
    for name in releases.prune(places.releases, used):
        log_of(places, name).unlink(missing_ok=True)


def log_of(places: Places, release: str) -> Path:
    return places.logs / f'prepare-{release}.log'
