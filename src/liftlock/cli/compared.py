"""What git says about an environment against what runs there, found out now."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from pathlib import Path
from typing import Any, Final

from liftlock.cli import wiring
from liftlock.cli.desires import Desires
from liftlock.cli.here import Here
from liftlock.engine import declared
from liftlock.engine.delivery import blueprint as blueprints
from liftlock.engine.delivery import standing, variables
from liftlock.engine.delivery.blueprint import PATH, Blueprint
from liftlock.engine.delivery.lodge import Lodge
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.language.settings import model
from liftlock.language.settings.parse import parse
from liftlock.rollout import sync as states
from liftlock.rollout.drift import replicas, whole
from liftlock.rollout.environment import Environment, fold
from liftlock.rollout.sight import Seen
from liftlock.rollout.sync import Desired
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Version
from liftlock.runner import ancestry
from liftlock.store import deliveries
from liftlock.store.deliveries import Place
from liftlock.store.secrets import Safe

CONTEXT: Final = 2  # lines around what has changed


class Compared(NamedTuple):
    """`place` has the id 0 where nothing was deployed yet. `now` and `wanted` are what it was
    deployed with and is to be deployed with; `commits` lie between, `total` in all."""

    place: Place
    environment: Environment
    desired: Desired
    now: Blueprint | None
    wanted: Blueprint | None
    commits: tuple[str, ...] = ()
    total: int = 0
    drift: str = ''

    @property
    def behind(self) -> str:
        """How what git says differs from what has succeeded last."""
        return states.difference(self.environment, self.desired)

    @property
    def in_sync(self) -> bool:
        return not (self.behind or self.drift)

    @property
    def version(self) -> Version | None:
        return self.desired.version


def compare(asked: Here, name: str) -> Compared:
    """UserError where nothing in the file or the store is called so."""
    place = _place(asked, name)
    environment = fold(deliveries.facts(asked.store, place.id)) if place.id else Environment()
    now = _blueprint(asked, environment)
    rules = now or Blueprint(asked.name, name, _file(asked.seen.top))
    desired = Desires(asked.where, asked.store, asked.seen.common).find(place, rules)
    version, last = desired.version, environment.current
    wanted = None
    if version is not None:
        wanted = blueprints.load(deliveries.text(asked.store, desired.settings))
    between: tuple[tuple[str, ...], int] = ((), 0)
    if version is not None and last is not None:
        between = ancestry.between(version.sources, last.commit, version.commit)
    drift = _drift(asked, place, environment, now) if now else ''
    return Compared(place, environment, desired, now, wanted, *between, drift)


def _place(asked: Here, name: str) -> Place:
    for one in deliveries.environments(asked.store):
        if (one.repository, one.name) == (asked.name, name):
            return one
    return Place(0, asked.name, name)


def _blueprint(asked: Here, environment: Environment) -> Blueprint | None:
    last = environment.last
    if last is None or not last.request.settings or not last.revision:
        return None
    return blueprints.load(deliveries.text(asked.store, last.request.settings))


def _file(top: Path) -> str:
    try:
        return (top / declared.FILE).read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f'{declared.FILE} cannot be read: {error}') from None


# --- what changed in what it is deployed with


def changes(compared: Compared) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Titles, and lines that begin with `+`, `-` or a blank: what concerns the environment."""
    old, new = compared.now, compared.wanted
    if old is None or new is None:
        return
    name = compared.place.name
    texts = section(old.settings, name), section(new.settings, name)
    if found := _difference(*texts):
        yield f'{PATH}, as far as it concerns {name}', found
    for path in sorted(old.files.keys() | new.files.keys()):
        texts = old.files.get(path, '').splitlines(), new.files.get(path, '').splitlines()
        if found := _difference(*texts):
            yield path, found
    texts = _named(old.variables), _named(new.variables)
    if found := _difference(*texts):
        yield 'Variables', found


def section(settings: str, name: str) -> list[str]:
    """The lines of `liftlock.yml` that are about one environment."""
    parsed = parse(PATH, settings).settings
    found = parsed.environments.get(name) if parsed else None
    if found is None or not found.span.line:
        return []
    end = found.span.end_line if found.span.end_column > 1 else found.span.end_line - 1
    return settings.splitlines()[found.span.line - 1 : end]


def _named(values: Mapping[str, str]) -> list[str]:
    return [f'{name}: {value}' for name, value in sorted(values.items())]


def _difference(old: list[str], new: list[str]) -> tuple[str, ...]:
    lines = list(unified_diff(old, new, lineterm='', n=CONTEXT))[2:]
    return tuple('…' if line.startswith('@@') else line for line in lines)[1:]


# --- what is there


def _drift(asked: Here, place: Place, environment: Environment, now: Blueprint) -> str:
    """As far as the supervisor sees it; a cluster is asked itself."""
    settings = blueprints.environment(now)
    if isinstance(settings.target, model.Kubernetes):
        return _compared(asked, place, environment, now)
    live = standing.live(Lodge(asked.where.state), place)
    if live.sight is None or environment.active is not None:
        return ''
    seen = Seen(live.groups, live.sight.routes, live.sight.revision)
    if isinstance(settings.target, model.Process | model.Compose):
        return replicas(environment, seen)
    return whole(environment, seen)


def _compared(asked: Here, place: Place, environment: Environment, now: Blueprint) -> str:
    if not environment.stable:
        return ''
    secrets = Safe(asked.store, wiring.key_file(asked.where)).of(place.repository, place.name)
    version = environment.versions[environment.stable]

    async def ask() -> str:
        from liftlock.cli.wiring.delivery import Works

        directory = asked.where.state / 'delivery' / str(place.id)
        works = Works(asked.where, asked.store, holds=False)
        settings = blueprints.environment(now)
        target: Any = await works.target(place, now, settings, directory)
        revision = variables.revision(environment.stable, version, now, secrets)
        try:
            return str(await target.diff(revision)).strip()
        finally:
            await target.close()

    try:
        return asyncio.run(ask())
    except Trouble as error:
        return f'it cannot be compared: {error}'


# --- as JSON


def record(compared: Compared) -> dict[str, Any]:
    """Everything that `liftlock sync --dry-run` shows, for programs."""
    last, held = compared.environment.last, compared.environment.held
    return {
        'environment': compared.place.name,
        'repository': compared.place.repository,
        'at': time.time(),
        'in_sync': compared.in_sync,
        'message': compared.behind,
        'git': _version(compared.version),
        'runs': _version(last.version if last else None),
        'deployment': last.number if last else None,
        'commits': compared.commits,
        'total': compared.total,
        'changes': dict(changes(compared)),
        'drift': compared.drift,
        'held': held._asdict() if held else None,
    }


def _version(version: Version | None) -> dict[str, Any] | None:
    return {'id': version.id, **version._asdict()} if version else None
