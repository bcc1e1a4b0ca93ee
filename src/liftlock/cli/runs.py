"""`liftlock runs`: what ran, newest first."""

import json as jsons
import sys
import time

import click

from liftlock.cli import remote
from liftlock.cli.colour import Paint, paint
from liftlock.cli.figures import duration
from liftlock.cli.loglines import harmless
from liftlock.cli.past import Past, open_past
from liftlock.cli.summary import mark
from liftlock.store.runs import Run


@click.command('runs', short_help='List runs.')
@click.option('-W', '--workflow', default='', metavar='NAME', help='Only of this workflow.')
@click.option('--status', default='', metavar='WORD', help='failure, success, in_progress …')
@click.option('-n', '--limit', type=click.IntRange(min=1), default=20, help='At most so many.')
@click.option('--json', is_flag=True, help='A list of objects.')
@remote.option
@click.pass_obj
def command(
    state: str | None, /, workflow: str, status: str, limit: int, json: bool, server: str
) -> None:
    """List runs, newest first."""
    past = open_past(state, server)
    found = past.recent(workflow, status, limit)
    if json:
        print(jsons.dumps([past.record(run) for run in found], ensure_ascii=False, indent=2))
        return
    if not found:
        chosen = workflow or status
        print('No such run.' if chosen else 'No runs yet. Start one with: liftlock run')
        return
    for line in table(past, found, paint(sys.stdout), time.time()):
        print(line)


COLUMNS = {
    'RUN': 8,
    'STATUS': 12,
    'WORKFLOW': 32,
    'TITLE': 48,
    'EVENT': 20,
    'REF': 24,
    'TOOK': 9,
    'BEGUN': 9,
}  # and how wide each may be


def table(past: Past, found: list[Run], paint: Paint, now: float) -> list[str]:
    rows = [tuple(COLUMNS), *(_row(past, run, now) for run in found)]
    widths = [
        min(widest, max(len(row[column]) for row in rows))
        for column, widest in enumerate(COLUMNS.values())
    ]
    head, *lines = ('  '.join(map(fitted, row, widths)).rstrip() for row in rows)
    signs = [mark(paint, row[1]) for row in rows[1:]]
    return [paint.dim(f'  {head}'), *map('{} {}'.format, signs, lines)]


def _row(past: Past, run: Run, now: float) -> tuple[str, ...]:
    return (
        str(run.id),
        past.condition(run),
        run.name,
        harmless(run.title),
        run.event,
        short(run.ref),
        duration((run.finished or now) - run.started) if run.started else '',
        age(now - run.created),
    )


def short(ref: str) -> str:
    return ref.removeprefix('refs/heads/').removeprefix('refs/tags/')


def fitted(word: str, width: int) -> str:
    return word.ljust(width) if len(word) <= width else f'{word[: width - 1]}…'


def age(seconds: float) -> str:
    for unit, length in (('d', 86400), ('h', 3600), ('m', 60)):
        if seconds >= length:
            return f'{seconds / length:.0f}{unit} ago'
    return 'just now'
