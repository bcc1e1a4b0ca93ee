"""How a process that shares a database with others takes part: as a worker, too, or not."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from liftlock.cli import wiring
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple

if TYPE_CHECKING:
    from liftlock.cli.wiring.spread import Fleet
    from liftlock.engine.spread.warden import Warden

GRACE: Final = 600.0
F = TypeVar('F', bound=Callable[..., Any])


class Manner(NamedTuple):
    """What the options say. `slots` None: as many as there are cores."""

    labels: Sequence[str] = ()
    picky: bool = False
    slots: int | None = None
    grace: float = GRACE
    worker: bool = True


def options(command: F) -> F:
    """Those of workers, wherever they work."""
    command = click.option(
        '--grace', type=click.FloatRange(min=0), default=GRACE, metavar='SECONDS',
        help=f'On SIGTERM, jobs that run have so long to finish. [default: {GRACE:.0f}]',
    )(command)  # fmt: skip
    command = click.option(
        '--only-labels', 'picky', is_flag=True, help='Take no job that names none of --labels.'
    )(command)
    command = click.option(
        '--labels', default='', metavar='LIST',
        help='What `runs-on` may ask of this machine, besides linux, self-hosted and ubuntu-….',
    )(command)  # fmt: skip
    return click.option(
        '--database', default='', metavar='URL', help='As `liftlock --database`.'
    )(command)  # fmt: skip


def given(manner: dict[str, Any]) -> Manner:
    """Takes the options out of all that were given. UserError."""
    database = manner.pop('database')
    if database:
        os.environ['LIFTLOCK_DATABASE'] = database  # whatever this process starts, finds it, too
    labels = [label.strip() for label in manner.pop('labels').split(',') if label.strip()]
    found = Manner(labels, manner.pop('picky'), None, manner.pop('grace'))
    if found.picky and not labels:
        raise UserError('--only-labels needs --labels', 'name what this machine is for')
    return found


class Manned:
    """The works of a process, alone or among others. To be made before anything has a thread."""

    def __init__(self, where: wiring.Place, manner: Manner) -> None:
        self._where = where
        self._manner = manner
        self._watched: Warden | None = None
        self.fleet: Fleet | None = None
        if where.database and manner.worker:
            from liftlock.cli.wiring import spread

            self._watched = spread.guard(where)
        self.works = wiring.open_works(where, slots=manner.slots or 0)

    def join(self, works: Path | None = None, machine: str = '') -> None:
        """Among others, where there is a database that they may share."""
        if not self._where.database:
            return
        from liftlock.cli.wiring import spread

        manner = self._manner
        slots = (manner.slots or len(os.sched_getaffinity(0))) if manner.worker else 0
        means = spread.Means(manner.labels, manner.picky, slots, works, machine)
        self.fleet = spread.spread(self.works, means, self._watched)
        self.works = self.fleet.works

    def elected(self, role: str) -> bool:
        """Whether this process has to do what one alone may do, of all that share the database."""
        return self.fleet is None or self.fleet.station.elected(role)

    async def during(self, serving: Awaitable[None]) -> None:
        """Take part as long as that goes on; then what runs may finish."""
        if self.fleet is None:
            await serving
            return
        async with self.fleet.station.open(self._manner.grace):
            await serving

    def close(self) -> None:
        self.works.close()
        if self._watched is not None:
            self._watched.close()


def run(manned: Manned, serving: Callable[[], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        await manned.during(serving())

    asyncio.run(all_of_it())
