"""A run as plain lines, for pipes and for those who want every line: `build | Run pytest`."""

from typing import TextIO

from liftlock.cli.colour import Paint
from liftlock.cli.figures import duration
from liftlock.cli.loglines import harmless, shown
from liftlock.plan import facts as f
from liftlock.plan.board import Board, Job, Step

LONG = 500  # characters of a message
ERROR = '##[error]'
WIDEST = 28  # longer names of jobs are not cut, but the others no longer line up with them


class Plain:
    """Writes each fact and each log line as it comes."""

    def __init__(self, board: Board, stream: TextIO, paint: Paint) -> None:
        self._board = board
        self._stream = stream
        self._paint = paint
        self._heard = True
        self._order: dict[str, int] = {}
        self._width = max((min(len(name), WIDEST) for name in board.waiting.values()), default=0)

    def open(self) -> None:
        """Nothing is held open."""

    def close(self) -> None:
        """Nothing is held open."""

    def notice(self, text: str) -> None:
        self._write(self._paint.dim(text) + '\n')

    def hear(self, job: str, number: int, lines: str) -> None:
        lines = shown(self._board.hear(job, number, lines), self._paint)
        if not lines:
            return
        prefix = self._prefix(job)
        self._write(prefix + lines[:-1].replace('\n', '\n' + prefix) + '\n')

    def take(self, stamped: f.Stamped) -> None:
        self._board.take(stamped)
        paint = self._paint
        match stamped.fact:
            case f.JobBlocked(job, reason):
                self._say(job, paint.yellow(reason))
            case f.JobSkipped(job, _, reason):
                self._say(job, paint.dim(f'skipped: {reason}'))
            case f.JobLost(job, reason):
                self._say(job, paint.red(f'lost: {reason}'))
            case f.StepStarted(job, _, _, name, _, True):
                self._say(job, paint.dim(f'skipped {harmless(name)}'))
            case f.StepStarted(job, number, _, name):
                self._say(job, paint.bold(f'> {harmless(name)}'))
                for lines in self._board.early(job, number):
                    self.hear(job, number, lines)
            case f.StepFinished(job, number):
                self._end_step(job, self._board.step(job, number))
            case f.JobFinished(job) if job in self._board.jobs:
                self._end_job(self._board.jobs[job])
            case _:
                pass

    def _end_step(self, job: str, step: Step | None) -> None:
        if step is None or step.state == 'skipped':
            return
        just_said = bool(step.tail) and step.tail[-1] == f'{ERROR}{step.message}'
        because = f'  {_short(step.message)}' if step.message and not just_said else ''
        self._say(job, f'{verdict(self._paint, step)} {step.name}  {_took(step)}{because}')

    def _end_job(self, job: Job) -> None:
        because = f'  {_short(job.message)}' if job.message else ''
        word = outcome(self._paint, job.state)
        self._say(job.key, f'{word} in {duration(job.seconds(job.finished))}{because}')

    def _say(self, key: str, text: str) -> None:
        self._write(f'{self._prefix(key)}{text}\n')

    def _write(self, text: str) -> None:
        """A reader that goes away (`| head`) ends the telling, not the run."""
        if self._heard:
            try:
                self._stream.write(text)
                self._stream.flush()
            except BrokenPipeError:
                self._heard = False

    def _prefix(self, key: str) -> str:
        job = self._board.jobs.get(key)
        name = job.name if job else key
        index = self._order.setdefault(key, len(self._order))
        self._width = max(self._width, min(len(name), WIDEST))
        return f'{self._paint.cycle(index, name.ljust(self._width))} | '


def _short(message: str) -> str:
    """The log has all of it."""
    line = message.partition('\n')[0]
    return line if len(line) <= LONG else f'{line[:LONG]}…'


def verdict(paint: Paint, step: Step) -> str:
    """`ok`, `FAIL`, or what else became of it; a failure that was allowed is no FAIL."""
    if step.state == 'success':
        return paint.green('ok') if step.outcome != 'failure' else paint.yellow('failed, allowed:')
    return paint.red('FAIL') if step.state == 'failure' else paint.yellow(step.state)


def outcome(paint: Paint, state: str) -> str:
    match state:
        case 'success':
            return paint.green('succeeded')
        case 'failure':
            return paint.red('FAILED')
        case _:
            return paint.yellow(state)


def _took(step: Step) -> str:
    return duration(step.seconds(step.finished))
