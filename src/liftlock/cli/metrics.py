"""`liftlock metrics`: how well it goes, in DORA's five figures and by workflow."""

import json as jsons
import sys
import time
from collections.abc import Iterator
from typing import Final

import click

from liftlock.cli import remote, wiring
from liftlock.cli.colour import Paint, paint
from liftlock.cli.figures import duration
from liftlock.cli.loglines import harmless
from liftlock.engine import performance
from liftlock.engine.performance import Delivering, Performance, Running
from liftlock.observe.dora import Figure

DAY: Final = 86400.0
FEW: Final = 5  # fewer say little


@click.command('metrics', short_help="DORA's five figures, and how workflows do.")
@click.option('--repository', default='', metavar='OWNER/NAME', help='Only of this one.')
@click.option(
    '--days', type=click.FloatRange(min=0, min_open=True), default=30.0, metavar='N', help='[30]'
)
@click.option('--json', is_flag=True, help='One object.')
@remote.option
@click.pass_obj
def command(state: str | None, /, repository: str, days: float, json: bool, server: str) -> None:
    """Say how well deliveries and runs of the last days went, and of how many.

    Trends of one service, no contest between teams: that is what DORA's figures are good for.
    """
    found = _look(state, server, repository, days)
    if json:
        print(jsons.dumps(performance.record(found), ensure_ascii=False, indent=2))
        return
    for line in lines(found, paint(sys.stdout), days):
        print(line)


def _look(state: str | None, server: str, repository: str, days: float) -> Performance:
    if server:
        from liftlock.cli.remote import figures

        return figures.look(server, repository, days)
    store, now = wiring.opened(wiring.place(state)), time.time()
    return performance.look(store, now - days * DAY, now, repository)


def lines(found: Performance, paint: Paint, days: float) -> Iterator[str]:
    if not found.environments and not found.workflows:
        yield f'Nothing was run or delivered in the last {days:g} days.'
    for one in found.environments:
        yield from _environment(one, paint, days)
    if found.workflows:
        yield paint.bold('Workflows')
    for running in found.workflows:
        yield _workflow(running, paint)


def _environment(one: Delivering, paint: Paint, days: float) -> Iterator[str]:
    dora, name = one.dora, f'{one.place.repository}:{one.place.name}'
    counted = f'{dora.frequency.counted:g} in {days:g} days'
    yield paint.bold(harmless(name)) + (
        paint.yellow(f'  {dora.open} failed, not made good yet') if dora.open else ''
    )
    frequency = dora.frequency.value
    rows = (
        ('deployment frequency', f'{frequency:.2g} a day' if frequency else '-', counted),
        ('change lead time', _time(dora.lead_time), _of(dora.lead_time, 'commits')),
        ('change failure rate', _share(dora.failure_rate), _of(dora.failure_rate, 'changes')),
        ('recovery time', _time(dora.recovery_time), _of(dora.recovery_time, 'failed changes')),
        ('rework rate', _share(dora.rework_rate), _of(dora.rework_rate, 'deployments')),
    )
    for title, value, told in rows:
        yield f'  {title:<22}{value:>12}  {paint.dim(told)}'
    yield ''


def _time(figure: Figure) -> str:
    return '-' if figure.value is None else duration(figure.value)


def _share(figure: Figure) -> str:
    return '-' if figure.value is None else f'{figure.value:.1%}'


def _of(figure: Figure, what: str) -> str:
    if what == 'commits':
        told = f'of {figure.counted:g} commits in {figure.among:g} deployments'
        few = figure.counted < FEW
    else:
        told = f'{figure.counted:g} of {figure.among:g} {what}'
        few = figure.among < FEW
    return f'{told}{", too few to say much" if few else ""}'


def _workflow(one: Running, paint: Paint) -> str:
    rate = '-' if one.rate is None else f'{one.rate:.1%}'
    good = f'{one.success} of {one.judged} succeeded, {one.first} at once'
    other = f', {one.other} cancelled or skipped' if one.other else ''
    took, waited = one.duration, one.wait
    told = '' if took.median is None else f'; took {duration(took.median)}'
    told += '' if took.p95 is None else f' (p95 {duration(took.p95)})'
    told += '' if not waited.p95 else f', waited {duration(waited.p95)} (p95)'
    name = harmless(f'{one.repository}: {one.name}')
    return f'  {rate:>6}  {name}  {paint.dim(f"{good}{other}{told}")}'
