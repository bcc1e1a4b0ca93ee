"""The last word on a run: what became of its jobs, what was found, and where to look next."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from liftlock.cli.colour import Paint
from liftlock.cli.figures import count, duration, size
from liftlock.cli.loglines import harmless
from liftlock.plan.board import Board, Job, Step
from liftlock.plan.facts import Annotated

ANNOTATIONS = 20
MARKDOWN = 16  # lines of a summary; the rest is in `liftlock show`

WORDS = 100  # characters of what a step said last
_SCRIPT: Final = re.compile(r'^/\S+/_temp/[0-9a-f]+\.sh: ')  # of what the shell itself says
_COLOURS: Final = re.compile(r'\x1b\[[0-9;]*m')

MARKS = {'success': '✓', 'failure': '✗', 'cancelled': '⊘', 'skipped': '-'}


def lines(
    board: Board,
    paint: Paint,
    markdown: Callable[[str], list[str]] = str.splitlines,
    *,
    told: bool = False,
) -> Iterator[str]:
    """`markdown` makes lines of a step summary: as they are, or drawn for a terminal.

    `told` says that each job has a line of its own just above already.
    """
    yield ''
    yield headline(board, paint)
    if (len(board.jobs) > 1 or board.conclusion != 'success') and not told:
        yield from _jobs(board, paint)
    yield from _annotations(board, paint)
    yield from _summaries(board, paint, markdown)
    yield from _artifacts(board, paint)
    yield from _next(board, paint)


def mark(paint: Paint, state: str) -> str:
    sign = MARKS.get(state, '·')
    match state:
        case 'success':
            return paint.green(sign)
        case 'failure':
            return paint.red(sign)
        case 'cancelled':
            return paint.yellow(sign)
        case _:
            return paint.dim(sign)


def headline(board: Board, paint: Paint) -> str:
    name = board.submitted.name if board.submitted else ''
    words = {'success': 'succeeded', 'failure': 'failed'}
    word = words.get(board.conclusion, board.conclusion or 'did not end')
    took = duration(board.finished - board.started) if board.finished else ''
    counted = [(board.count(state), state) for state in ('success', 'failure', 'cancelled')]
    tally = ', '.join(f'{number} {_tallied(state)}' for number, state in counted if number)
    skipped = board.count('skipped')
    if skipped:
        tally += f', {skipped} skipped' if tally else f'{skipped} skipped'
    text = f'{name} {word}' + (f' in {took}' if took else '')
    jobs = f'{count(len(board.jobs), "job")}: {tally}' if tally else 'no jobs'
    return f'{mark(paint, board.conclusion)} {paint.bold(text)} {paint.dim(f"({jobs})")}'


def _tallied(state: str) -> str:
    return {'success': 'ok', 'failure': 'failed'}.get(state, state)


def _jobs(board: Board, paint: Paint) -> Iterator[str]:
    named = list(_named(board))
    width = max(len(name) for _, name in named)
    for job, name in named:
        took = duration(job.seconds(job.finished)) if job.started else ''
        told = _why(job)
        line = f'  {mark(paint, job.state)} {name.ljust(width)}  {took:>7}'
        yield f'{line}  {paint.dim(told)}'.rstrip() if told else line.rstrip()


def _named(board: Board) -> Iterator[tuple[Job, str]]:
    """Each job with what to call it; those that were skipped for one reason are told together."""
    told: set[str] = set()
    for job in board.jobs.values():
        if job.state != 'skipped':
            yield job, job.name
        elif job.message not in told:
            told.add(job.message)
            same = sum(
                other.state == 'skipped' and other.message == job.message
                for other in board.jobs.values()
            )
            yield job, f'{job.name} and {same - 1} more' if same > 1 else job.name


def _why(job: Job) -> str:
    """The step that failed, why, and its last words if all that is known is an exit code."""
    failed = [step for step in job.steps.values() if step.state == 'failure']
    if not failed:
        return job.message
    step = failed[0]
    if not step.message:
        return step.name
    said = last_words(step) if step.message.startswith('Process completed with') else ''
    return f'{step.name}: {step.message}' + (f'  {said}' if said else '')


def last_words(step: Step) -> str:
    """The last line that says something, at most WORDS characters of it."""
    for line in reversed(step.tail):
        plain = _SCRIPT.sub('', _COLOURS.sub('', line).strip(' =-'))
        if plain and not line.startswith('##['):
            return plain if len(plain) <= WORDS else f'{plain[: WORDS - 1]}…'
    return ''


def _annotations(board: Board, paint: Paint) -> Iterator[str]:
    order = {'error': 0, 'warning': 1, 'notice': 2}
    told = [one for one in board.annotations if not _said_already(board, one)]
    found = sorted(told, key=lambda one: order.get(one.level, 3))
    if not found:
        return
    yield ''
    yield paint.bold('Annotations')
    for one in found[:ANNOTATIONS]:
        yield f'  {_level(paint, one.level)} {_placed(board, one, paint)}'
    if len(found) > ANNOTATIONS:
        yield paint.dim(f'  and {len(found) - ANNOTATIONS} more: liftlock show {board.run}')


def _said_already(board: Board, one: Annotated) -> bool:
    """That a process ended with 1 stands beside the step, and what befell a job beside that."""
    told: Step | Job | None = board.step(one.job, one.number)
    if not one.number:
        told = board.jobs.get(one.job)
    return told is not None and not one.file and told.message == one.message


def _level(paint: Paint, level: str) -> str:
    padded = level.ljust(7)
    match level:
        case 'error':
            return paint.red(padded)
        case 'warning':
            return paint.yellow(padded)
        case _:
            return paint.blue(padded)


def _placed(board: Board, one: Annotated, paint: Paint) -> str:
    place = f'{one.file}:{one.line}' if one.line else one.file
    title = f'{one.title}: ' if one.title else ''
    first, *more = harmless(one.message).splitlines() or ['']
    told = f'{title}{first}' + (' …' if more else '')
    return f'{place + "  " if place else ""}{told}  {paint.dim(board.name(one.job))}'


def _summaries(board: Board, paint: Paint, markdown: Callable[[str], list[str]]) -> Iterator[str]:
    for one in board.summaries:
        shown = markdown(one.markdown.strip())
        yield ''
        yield paint.bold(f'Summary of {board.name(one.job)}')
        yield from (f'  {line}' for line in shown[:MARKDOWN])
        if len(shown) > MARKDOWN:
            yield paint.dim(f'  … {len(shown) - MARKDOWN} more lines: liftlock show {board.run}')


def _artifacts(board: Board, paint: Paint) -> Iterator[str]:
    if not board.artifacts:
        return
    yield ''
    yield paint.bold('Artifacts')
    width = max(len(one.name) for one in board.artifacts)
    for one in board.artifacts:
        yield f'  {one.name.ljust(width)}  {size(one.size):>9}  {count(one.files, "file")}'


def _next(board: Board, paint: Paint) -> Iterator[str]:
    failed = [job for job in board.jobs.values() if job.state == 'failure']
    tries = []
    if failed:
        tries.append(f'liftlock logs {board.run} -j {quoted(failed[0].key)}')
        tries.append(f'liftlock rerun {board.run} --failed')
    if board.artifacts:
        tries.append(f'liftlock artifacts {board.run}')
    if not tries:
        return
    yield ''
    yield paint.dim('Next: ' + '   '.join(tries))


def quoted(key: str) -> str:
    """As a shell wants it: `test[0]` would be a glob."""
    return f"'{key}'" if not key.replace('-', '').replace('_', '').isalnum() else key
