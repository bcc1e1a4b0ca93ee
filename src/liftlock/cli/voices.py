"""What the instances of an environment say: read where their target keeps it, with today's secrets
hidden."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator

from liftlock.cli import wiring
from liftlock.cli.colour import Paint, paint
from liftlock.cli.loglines import shown
from liftlock.cli.wiring import delivery
from liftlock.engine.delivery import blueprint as blueprints
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.language.settings import model
from liftlock.plan.masking import Masker
from liftlock.rollout.environment import Environment, fold
from liftlock.rollout.trouble import Trouble
from liftlock.store import deliveries
from liftlock.store.database import Store
from liftlock.store.deliveries import Place


class Wanted(NamedTuple):
    """Which lines. `revision` '' is all that run, where the target can tell, or the present one."""

    revision: str
    follow: bool
    previous: bool
    pattern: re.Pattern[str] | None = None


def print_lines(where: wiring.Place, store: Store, place: Place, wanted: Wanted) -> int:
    """The exit status: as grep's where lines are looked for."""
    printed = asyncio.run(_print(where, store, place, wanted))
    return 1 if wanted.pattern and not printed else 0


async def _print(where: wiring.Place, store: Store, place: Place, wanted: Wanted) -> int:
    colours, printed = paint(sys.stdout), 0
    try:
        async for line in _lines(where, store, place, wanted):
            if wanted.pattern is None or wanted.pattern.search(line):
                printed += 1
                sys.stdout.write(_told(line, colours))
                if wanted.follow:
                    sys.stdout.flush()
    except Trouble as trouble:
        raise UserError(str(trouble), trouble.hint) from None
    return printed


async def _lines(
    where: wiring.Place, store: Store, place: Place, wanted: Wanted
) -> AsyncIterator[str]:
    works = delivery.Works(where, store, holds=False)
    environment = fold(deliveries.facts(store, place.id))
    blueprint = blueprints.load(deliveries.text(store, _settings(place, environment)))
    settings = blueprints.environment(blueprint)
    masker = _masker(works, place)
    directory = where.state / 'delivery' / str(place.id)
    target = await works.target(place, blueprint, settings, directory)
    try:
        revision = wanted.revision or _revision(environment, settings)
        async for line in target.logs(revision, follow=wanted.follow, previous=wanted.previous):
            yield masker.mask(line)
    finally:
        await target.close()


def _settings(place: Place, environment: Environment) -> str:
    """Those with which it was deployed last."""
    started = [one for one in environment.deployments.values() if one.revision]
    if not started:
        raise UserError(
            f'nothing was ever started in {place.name}', f'see: liftlock status {place.name}'
        )
    return started[-1].request.settings


def _revision(environment: Environment, settings: model.Environment) -> str:
    if isinstance(settings.target, model.Process):
        return ''  # its log files tell of all revisions, merged
    active = environment.active
    return (active.revision if active else '') or environment.stable


def _masker(works: delivery.Works, place: Place) -> Masker:
    masker = Masker()
    for value in works.secrets(place).values():
        masker.add(value)
    return masker


def _told(line: str, colours: Paint) -> str:
    """`r12-1 | words`: who says it stands in front."""
    who, bar, words = line.partition(' | ')
    if not bar:
        return shown(f'{line}\n', colours)
    return f'{colours.dim(f"{who} |")} {shown(f"{words}{chr(10)}", colours)}'
