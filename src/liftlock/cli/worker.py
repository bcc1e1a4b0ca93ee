"""`liftlock worker`: one more machine for the runs of a server."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from liftlock.cli import manning, wiring
from liftlock.cli.manning import Manned
from liftlock.errors import UserError

if TYPE_CHECKING:
    from liftlock.cli.wiring.spread import Fleet

LETTING = 'Jobs that run may finish. Once more ends them.'


@click.command('worker', short_help='Carry out jobs for a server on PostgreSQL.')
@manning.options
@click.option('--jobs', 'slots', type=click.IntRange(min=1), help='Jobs at the same time.')
@click.option(
    '--work', metavar='DIR', help='Directories of jobs, on a local disk. [default: --state]'
)
@click.option(
    '--log-format', type=click.Choice(('text', 'json')), default='text', show_default=True,
    help='Of what is logged on stderr.',
)  # fmt: skip
@click.option('--name', default='', metavar='NAME', help='Of this machine. [default: its own]')
@click.pass_obj
def command(
    state: str | None,
    /,
    slots: int | None,
    work: str | None,
    log_format: str,
    name: str,
    **manner: Any,
) -> int:
    """Take jobs from a server until Ctrl-C.

    The database is the server's, and --state a directory that both see at the same path: logs,
    artifacts and sources lie there. Jobs of repositories that are not trusted run in a sandbox.
    The first SIGTERM or Ctrl-C takes no more jobs and lets those finish that run; the second ends
    them at once.
    """
    asked = manning.given(manner)._replace(slots=slots)
    where = wiring.place(state)
    if not where.database:
        raise UserError(
            'work is spread over machines by PostgreSQL, and none is named',
            'liftlock worker --database postgresql://…; see docs/workers.md',
        )
    from liftlock.server import logbook

    logbook.keep(log_format)
    directory = _directory(work)
    manned = Manned(where, asked)
    try:
        manned.join(directory, name)
        assert manned.fleet is not None
        asyncio.run(_serve(manned.fleet, asked.grace))
    finally:
        manned.close()
    return 0


def _directory(work: str | None) -> Path | None:
    if not work:
        return None
    from liftlock.engine.spread import works

    return works.open_works(Path(work).expanduser().absolute())


async def _serve(fleet: 'Fleet', grace: float) -> None:
    from liftlock.server.crew import Crew

    loop = asyncio.get_running_loop()
    worker, heard = fleet.station.worker, 0

    def hear() -> None:
        nonlocal heard
        heard += 1
        worker.end(at_once=heard > 1)
        if worker.busy:
            print(LETTING if heard == 1 else 'Ending them.', file=sys.stderr, flush=True)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, hear)
    crew = Crew(fleet)
    print(f'Working as {worker.machine}', flush=True)
    crew.take_up()
    try:
        await fleet.station.serve(grace)
    finally:
        await crew.end()
