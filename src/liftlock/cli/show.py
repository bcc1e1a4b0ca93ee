"""`liftlock show`: one run, told from its facts alone."""

import json as jsons
import sys
import time
from collections.abc import Iterator

import click

from liftlock.cli import remote
from liftlock.cli.colour import Paint, paint
from liftlock.cli.figures import count, duration, size
from liftlock.cli.loglines import harmless
from liftlock.cli.past import Past, open_past
from liftlock.cli.runs import fitted, short
from liftlock.cli.summary import mark
from liftlock.engine import telling
from liftlock.plan.board import Board, Job, Step
from liftlock.store.runs import Run


@click.command('show', short_help='Show one run: its jobs, steps, annotations and summaries.')
@click.argument('run', default='last', metavar='[RUN]')
@click.option('--json', is_flag=True, help='One object.')
@remote.option
@click.pass_obj
def command(state: str | None, /, run: str, json: bool, server: str) -> None:
    """Show RUN (a number; default: the last)."""
    past = open_past(state, server)
    found = past.find(run)
    board = telling.board(past.facts(found.id))
    if json:
        print(jsons.dumps(past.whole(found, board), ensure_ascii=False, indent=2))
        return
    for line in lines(past, found, board, paint(sys.stdout)):
        print(line)


def lines(past: Past, run: Run, board: Board, paint: Paint) -> Iterator[str]:
    state = past.condition(run)
    yield f'{mark(paint, state)} {paint.bold(run.name)} #{run.number}: {harmless(run.title)}'
    attempt = f', attempt {run.attempt}' if run.attempt > 1 else ''
    yield paint.dim(f'  run {run.id}{attempt}: {run.event} on {short(run.ref)} at {run.sha[:7]}')
    took = duration((run.finished or time.time()) - run.started) if run.started else ''
    yield f'  {state}' + (f', {took}' if took else '')
    for job in board.jobs.values():
        yield ''
        yield from _job(job, paint)
    yield from _annotations(board, paint)
    yield from _summaries(board, paint)
    yield from _artifacts(past, run, paint)
    yield from _reports(board, paint)
    if run.status == 'completed':
        yield from _gates(past, run, paint)
    if state == 'interrupted':
        yield ''
        yield paint.dim(f'Next: liftlock resume {run.id}')


def _job(job: Job, paint: Paint) -> Iterator[str]:
    told = f'  {job.message}' if job.message else ''
    took = f'  {duration(job.seconds(job.finished or time.time()))}' if job.started else ''
    yield f'{mark(paint, job.state)} {paint.bold(job.name)}{paint.dim(took)}{told}'
    width = max((len(step.name) for step in job.steps.values()), default=0)
    for step in job.steps.values():
        yield f'    {_step(step, min(width, 60), paint)}'


def _step(step: Step, width: int, paint: Paint) -> str:
    sign = mark(paint, step.state)
    allowed = 'failed, allowed' if step.outcome == 'failure' and step.state == 'success' else ''
    told = '  '.join(word for word in (allowed, step.message) if word)
    took = duration(step.seconds(step.finished or time.time())) if step.state != 'skipped' else ''
    return f'{sign} {fitted(step.name, width)}  {paint.dim(f"{took:>7}")}  {told}'.rstrip()


def _annotations(board: Board, paint: Paint) -> Iterator[str]:
    if board.annotations:
        yield ''
        yield paint.bold('Annotations')
    for one in board.annotations:
        place = f'{one.file}:{one.line}' if one.line else one.file
        title = f'{one.title}: ' if one.title else ''
        first, *more = harmless(one.message).splitlines() or ['']
        where = f'{place}  ' if place else ''
        yield f'  {one.level:<7} {where}{title}{first}  {paint.dim(board.name(one.job))}'
        yield from (f'          {line}' for line in more)


def _summaries(board: Board, paint: Paint) -> Iterator[str]:
    for one in board.summaries:
        yield ''
        yield paint.bold(f'Summary of {board.name(one.job)}')
        yield from (f'  {line}' for line in one.markdown.strip().splitlines())


def _artifacts(past: Past, run: Run, paint: Paint) -> Iterator[str]:
    found = past.artifacts(run.id)
    if found:
        yield ''
        yield paint.bold('Artifacts')
    width = max((len(one.name) for one in found), default=0)
    for one in found:
        yield f'  {one.name.ljust(width)}  {size(one.size):>9}  {count(one.files, "file")}'


def _reports(board: Board, paint: Paint) -> Iterator[str]:
    if board.reports:
        yield ''
        yield paint.bold('Reports')
    width = max((len(one.name) for one in board.reports), default=0)
    for one in board.reports:
        flags = f'  {", ".join(one.flags)}' if one.flags else ''
        told = f'{one.type:<8}  {one.name.ljust(width)}  {size(one.size):>9}'
        yield f'  {harmless(told)}{harmless(flags)}  {paint.dim(board.name(one.job))}'


def _gates(past: Past, run: Run, paint: Paint) -> Iterator[str]:
    verdicts = past.verdicts(run)
    if not verdicts:
        return
    from liftlock.cli import gates

    yield ''
    yield paint.bold('Gates')
    width = max(len(one.gate) for one in verdicts)
    for one in verdicts:
        yield f'  {gates.mark(one, paint)} {one.gate.ljust(width)}  {harmless(one.message)}'
