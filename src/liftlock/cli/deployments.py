"""`liftlock deployments`: what was delivered, newest first, and what became of it."""

import json as jsons
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click

from liftlock.cli import remote, standing, wiring
from liftlock.cli.colour import Paint, paint
from liftlock.cli.figures import duration
from liftlock.cli.loglines import harmless
from liftlock.cli.runs import age, fitted
from liftlock.engine.delivery.standing import deployment_record
from liftlock.rollout.facts import DEPLOY, PROMOTION, ROLLBACK
from liftlock.store import deliveries
from liftlock.store.deliveries import Deployment, Place

COLUMNS: Final = {
    'NUMBER': 6,
    'ENVIRONMENT': 24,
    'VERSION': 24,
    'COMMIT': 7,
    'RESULT': 12,
    'KIND': 20,
    'BY': 16,
    'TOOK': 9,
    'DOWNTIME': 9,
    'ASKED': 9,
}  # and how wide each may be
MARKS: Final = {
    'success': '✓',
    'failure': '✗',
    'rolled_back': '↩',
    'rejected': '✗',
    'cancelled': '⊘',
    'superseded': '⊘',
    'in_progress': '▸',
    'paused': '‖',
}


@click.command('deployments', short_help='List what was delivered, and what became of it.')
@click.argument('environment', default='', metavar='[ENVIRONMENT]')
@click.option('--status', default='', metavar='WORD', help='success, rolled_back, waiting …')
@click.option('--version', default='', metavar='NAME', help='Of this version, or this commit.')
@click.option('--rollbacks', is_flag=True, help='Only those with which somebody went back.')
@click.option('-n', '--limit', type=click.IntRange(min=1), default=20, help='At most so many.')
@click.option('--json', is_flag=True, help='A list of objects.')
@remote.option
@click.pass_obj
def command(state: str | None, /, environment: str, json: bool, server: str, **wish: Any) -> None:
    """List deployments to ENVIRONMENT, or to all, newest first."""
    kind = wish['kind'] = ROLLBACK if wish.pop('rollbacks') else ''
    if server:
        found, places = _told(server, environment, wish)
    else:
        store = wiring.opened(wiring.place(state))
        places = {one.id: one for one in deliveries.environments(store)}
        chosen = standing.find(store, environment).id if environment else 0
        found = deliveries.listed(store, environment=chosen, **wish)
    if json:
        records = [deployment_record(one, places[one.environment]) for one in found]
        print(jsons.dumps(records, ensure_ascii=False, indent=2))
        return
    if not found:
        narrowed = environment or kind or wish['status'] or wish['version']
        print('No such deployment.' if narrowed else 'Nothing was deployed yet: liftlock deploy')
        return
    for line in table(found, places, paint(sys.stdout), time.time()):
        print(line)


def _told(
    server: str, name: str, wish: Mapping[str, Any]
) -> tuple[list[Deployment], dict[int, Place]]:
    from liftlock.cli.remote.client import Client
    from liftlock.cli.remote.environments import Environments

    known = Environments(Client(server))
    places = {one.id: one for one in known.listed()}
    return known.deployments(known.find(name) if name else None, **wish), places


def table(
    found: Sequence[Deployment], places: Mapping[int, Place], paint: Paint, now: float
) -> Iterator[str]:
    """Below each that did not succeed it stands why."""
    several = len({one.repository for one in places.values()}) > 1
    rows = [_row(one, places[one.environment], several, now) for one in found]
    widths = [
        min(widest, max(len(row[column]) for row in (tuple(COLUMNS), *rows)))
        for column, widest in enumerate(COLUMNS.values())
    ]
    yield paint.dim('  ' + '  '.join(map(fitted, COLUMNS, widths)).rstrip())
    for one, row in zip(found, rows, strict=True):
        yield f'{_mark(one, paint)} {"  ".join(map(fitted, row, widths)).rstrip()}'
        if one.message and one.conclusion != 'success':
            yield paint.dim(f'    {harmless(one.message).splitlines()[0]}')


def _mark(one: Deployment, paint: Paint) -> str:
    told = one.conclusion or one.status
    sign = MARKS.get(told, '·')
    match told:
        case 'success':
            return paint.green(sign)
        case 'failure' | 'rejected':
            return paint.red(sign)
        case 'rolled_back' | 'paused' | 'cancelled':
            return paint.yellow(sign)
        case 'in_progress':
            return paint.blue(sign)
        case _:
            return paint.dim(sign)


def _row(one: Deployment, place: Place, several: bool, now: float) -> tuple[str, ...]:
    name = f'{place.repository}:{place.name}' if several else place.name
    took = (one.finished or now) - one.started if one.started else 0.0
    return (
        f'#{one.number}',
        harmless(name),
        harmless(one.version),
        one.commit[:7],
        (one.conclusion or one.status).replace('_', ' '),
        _kind(one),
        harmless(one.by),
        duration(took) if took else '',
        duration(one.downtime) if one.downtime else '',
        age(now - one.created),
    )


def _kind(one: Deployment) -> str:
    if one.kind == PROMOTION and one.origin:
        return f'from {harmless(one.origin)}'
    if one.kind == ROLLBACK:
        return '↩ rollback'
    return '' if one.kind == DEPLOY else one.kind
