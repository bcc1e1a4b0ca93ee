"""`liftlock workers`: which machines carry out jobs, and what waits for them."""

import json as jsons
import sys
import time
from collections.abc import Sequence
from typing import Any

import click

from liftlock.cli import remote, wiring
from liftlock.cli.colour import paint
from liftlock.cli.figures import duration
from liftlock.cli.loglines import harmless
from liftlock.cli.runs import fitted
from liftlock.engine.spread import showing
from liftlock.errors import UserError

Rows = Sequence[dict[str, Any]]
MACHINES = ('WORKER', 'STATE', 'BUSY', 'LABELS', 'HEARD OF')
QUEUE = ('RUN', 'JOB', 'WAITS', 'WHY')


@click.command('workers', short_help='List machines that carry out jobs, and what waits.')
@click.option('--json', is_flag=True, help='One object: workers and queue.')
@click.option('--drain', metavar='WORKER', help='Give it no more jobs; what it has goes on.')
@click.option('--undrain', metavar='WORKER', help='Give it jobs again.')
@remote.option
@click.pass_obj
def command(
    state: str | None, /, json: bool, drain: str | None, undrain: str | None, server: str
) -> None:
    """List the workers of a store on PostgreSQL, and the jobs that wait for one."""
    turned = [(how, one) for how, one in (('drain', drain), ('undrain', undrain)) if one]
    if server:
        from liftlock.cli.remote import workers

        machines, queue = workers.look(server, turned)
    else:
        machines, queue = _look(state, turned)
    if json:
        told = {'workers': machines, 'queue': queue}
        print(jsons.dumps(told, ensure_ascii=False, indent=2))
        return
    for line in _lines(machines, queue, time.time()):
        print(line)


def _look(state: str | None, turned: Sequence[tuple[str, str]]) -> tuple[Rows, Rows]:
    where = wiring.place(state)
    if not where.database:
        raise UserError(
            'there are no workers without a database', 'name the one of the server: --database URL'
        )
    store = wiring.opened(where)
    for how, worker in turned:
        (showing.drain if how == 'drain' else showing.undrain)(store, worker)
    return showing.machines(store), showing.queue(store)


def _lines(machines: Rows, queue: Rows, now: float) -> list[str]:
    if not machines:
        found = ['No worker is there. Start one with: liftlock worker']
    else:
        found = _table([MACHINES, *map(_machine, machines)])
    if queue:
        found += ['', *_table([QUEUE, *(_job(one, now) for one in queue)])]
    return found


def _machine(one: dict[str, Any]) -> tuple[str, ...]:
    state = f'{one["state"]}: {one["reason"]}' if one['reason'] else one['state']
    return (
        one['id'],
        harmless(state),
        f'{one["busy"]}/{one["slots"]}',
        ', '.join(one['labels']),
        f'{duration(one["seen"])} ago',
    )


def _job(one: dict[str, Any], now: float) -> tuple[str, ...]:
    return (
        str(one['run']),
        harmless(one['name']),
        duration(max(now - one['since'], 0.0)),
        harmless(one['reason']),
    )


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [min(max(map(len, column)), 60) for column in zip(*rows, strict=True)]
    widths[-1] = 200
    head, *lines = ('  '.join(map(fitted, row, widths)).rstrip() for row in rows)
    return [paint(sys.stdout).dim(head), *lines]
