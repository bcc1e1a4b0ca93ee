"""A run on a terminal: what is over scrolls up and stays, what runs is kept in view below it."""

import asyncio
import time
from collections.abc import Iterator

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from liftlock.cli.colour import Paint
from liftlock.cli.figures import duration
from liftlock.cli.loglines import shown
from liftlock.plan import facts as f
from liftlock.plan.board import Board, Job, Step

SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'
PERIOD = 0.1  # seconds between two pictures
FEW = 3  # with more jobs than this, a job that went well is told in one line
MARKS = {
    'success': ('✓', 'green'),
    'failure': ('✗', 'red'),
    'cancelled': ('⊘', 'yellow'),
    'skipped': ('-', 'dim'),
}


class Terminal:
    """Redraws the lower part of the screen ten times a second, from the board."""

    def __init__(self, board: Board, *, verbose: bool, console: Console | None = None) -> None:
        self._board = board
        self._verbose = verbose
        self._console = console or Console(highlight=False, emoji=False)
        self._live = Live(
            console=self._console, auto_refresh=False, transient=True, redirect_stdout=False
        )
        self._ticking: asyncio.Task[None] | None = None

    def open(self) -> None:
        self._live.start()
        self._ticking = asyncio.get_running_loop().create_task(self._tick())

    def close(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
        self._live.update(Text(''), refresh=True)
        self._live.stop()

    def notice(self, text: str) -> None:
        self._console.print(Text(text, 'dim'))

    def hear(self, job: str, number: int, lines: str) -> None:
        lines = shown(self._board.hear(job, number, lines), Paint(True))
        if self._verbose and lines:
            name = self._board.name(job)
            for line in lines[:-1].split('\n'):
                self._console.print(Text.assemble((f'{name} | ', 'cyan'), Text.from_ansi(line)))

    def take(self, stamped: f.Stamped) -> None:
        self._board.take(stamped)
        match stamped.fact:
            case f.StepStarted(key, number):
                for lines in self._board.early(key, number):
                    self.hear(key, number, lines)
            case f.JobFinished(key) | f.JobSkipped(key) if key in self._board.jobs:
                self._console.print(ended(self._board, self._board.jobs[key]))
            case _:
                pass

    async def _tick(self) -> None:
        while True:
            now = time.time()
            height = max(self._console.height - 2, 3)
            self._live.update(picture(self._board, now, height), refresh=True)
            await asyncio.sleep(PERIOD)


def markdown(text: str) -> list[str]:
    """As lines with colours, for a screen of at most 100 columns."""
    from rich.markdown import Markdown

    console = Console(highlight=False, width=min(Console().width - 2, 100), force_terminal=True)
    with console.capture() as captured:
        console.print(Markdown(text))
    lines = captured.get().splitlines()
    empty = [not Text.from_ansi(line).plain.strip() for line in lines]
    follows = zip(lines, empty, [True, *empty], strict=False)
    return [line for line, is_empty, after_empty in follows if not (is_empty and after_empty)]


def ended(board: Board, job: Job) -> Text:
    """The lines that stay on the screen when a job is over."""
    sign, style = MARKS.get(job.state, ('·', 'dim'))
    text = Text.assemble((f'{sign} ', style), (job.name, 'bold' if style == 'red' else ''))
    if job.started:
        text.append(f'  {duration(job.seconds(job.finished))}', 'dim')
    if job.message:
        text.append(f'  {job.message}', 'yellow' if job.state == 'failure' else 'dim')
    many = len(board.jobs) + len(board.waiting) > FEW
    for step in job.steps.values():
        if step.state == 'failure' or not many or job.state != 'success':
            text.append_text(_step_ended(step))
    return text


def _step_ended(step: Step) -> Text:
    sign, style = MARKS.get(step.state, ('·', 'dim'))
    if step.outcome == 'failure' and step.state == 'success':
        sign, style = '!', 'yellow'
    text = Text.assemble('\n    ', (f'{sign} ', style), (step.name, 'dim' * (style == 'dim')))
    if step.state not in ('skipped', 'running'):
        text.append(f'  {duration(step.seconds(step.finished))}', 'dim')
    if step.message:
        text.append(f'  {step.message}', style)
    if step.state == 'failure':
        for line in shown('\n'.join((*step.tail, '')), Paint(True)).splitlines():
            text.append('\n      │ ', 'red')
            text.append_text(Text.from_ansi(line))
    return text


def picture(board: Board, now: float, height: int) -> Group:
    """The part that changes: jobs that run, then those that wait, at most `height` lines."""
    lines = [*_running(board, now), *_waiting(board)]
    if len(lines) > height:
        hidden = len(lines) - height + 1
        lines = [*lines[: height - 1], Text(f'  and {hidden} more', 'dim')]
    return Group(*lines, _footer(board, now))


def _running(board: Board, now: float) -> Iterator[Text]:
    sign = SPINNER[int(now / PERIOD) % len(SPINNER)]
    jobs = [job for job in board.jobs.values() if job.state == 'running']
    width = max((len(job.name) for job in jobs), default=0)
    for job in jobs:
        text = Text.assemble((f'{sign} ', 'cyan'), job.name.ljust(width))
        text.append(f'  {duration(job.seconds(now)):>6}', 'dim')
        step = job.current
        if step is not None:
            text.append(f'  {step.name}', 'cyan')
            if step.tail:
                text.append('  ')
                text.append_text(_faint(shown(f'{step.tail[-1]}\n', Paint(True))))
        text.no_wrap, text.overflow = True, 'ellipsis'
        yield text


def _faint(line: str) -> Text:
    return Text(Text.from_ansi(line).plain.strip(), 'dim')


def _waiting(board: Board) -> Iterator[Text]:
    for job in board.jobs.values():
        if job.state == 'queued':
            yield _line(job.name, job.message or 'waits for a free place')
    if board.waiting:
        names = ', '.join(board.waiting.values())
        yield _line(names, 'later')


def _line(name: str, reason: str) -> Text:
    text = Text.assemble(('· ', 'dim'), (name, 'dim'), (f'  {reason}', 'dim italic'))
    text.no_wrap, text.overflow = True, 'ellipsis'
    return text


def _footer(board: Board, now: float) -> Text:
    done = sum(job.ended for job in board.jobs.values())
    total = len(board.jobs) + len(board.waiting)
    failed = board.count('failure')
    text = Text(f'\n{done} of {total} jobs', 'dim')
    if failed:
        text.append(f', {failed} failed', 'red')
    text.append(f'   {duration(now - board.started) if board.started else ""}', 'dim')
    return text
