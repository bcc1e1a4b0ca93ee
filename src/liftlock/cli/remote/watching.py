"""A run of a server, watched from here as if it went on here."""

import sys
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from liftlock.cli import view
from liftlock.cli.remote.runs import Told
from liftlock.cli.view import View
from liftlock.errors import FAILED
from liftlock.plan import facts as f
from liftlock.plan import wire
from liftlock.plan.board import Board, latest
from liftlock.plan.facts import Stamped
from liftlock.store.logs import Line

PERIOD: Final = 0.3  # seconds between two looks
GREEN: Final = ('success', 'skipped', 'neutral')


def watch(past: Told, run: int, seen: int, word: str, *, json: bool, verbose: bool) -> int:
    """Until it has ended; facts up to `seen` are known. The exit code that it deserves. Whoever
    stops watching stops nothing else."""
    board = Board()
    watching: View = (
        view.Facts(sys.stdout, wire.line) if json else view.choose(board, verbose=verbose)
    )
    known = past.facts(run)
    for stamped in latest(known):
        if stamped.seq <= seen:
            board.take(stamped)
    watching.notice(word)
    watching.open()
    try:
        conclusion = _watch(past, run, [one for one in known if one.seq > seen], seen, watching)
    except KeyboardInterrupt:
        print(f'\nRun {run} goes on. Watch: liftlock logs {run} --follow', file=sys.stderr)
        raise
    finally:
        watching.close()
    if not json:
        view.conclude(board)
    return 0 if conclusion in GREEN else FAILED


def _watch(past: Told, run: int, new: Sequence[Stamped], seen: int, watching: View) -> str:
    logs = Logs(past, run, watching)
    while True:
        for stamped in new:
            seen = stamped.seq
            logs.before(stamped)
            watching.take(stamped)
            if isinstance(stamped.fact, f.RunFinished):
                return stamped.fact.conclusion
        logs.look()
        time.sleep(PERIOD)
        new = past.facts(run, seen)


class Logs:
    """Tells what jobs say before it is told that they have ended."""

    def __init__(self, past: Told, run: int, watching: View) -> None:
        self._past = past
        self._run = run
        self._watching = watching
        self._told: dict[str, tuple[int, int]] = {}  # job: its attempt, and lines that were told

    def before(self, stamped: Stamped) -> None:
        match stamped.fact:
            case f.JobClaimed(job, attempt):
                self._told[job] = attempt, 0
            case f.StepFinished(job) | f.JobFinished(job) if job in self._told:
                self._hear(job)
                if isinstance(stamped.fact, f.JobFinished):
                    del self._told[job]
            case _:
                pass

    def look(self) -> None:
        for job in self._told:
            self._hear(job)

    def _hear(self, job: str) -> None:
        attempt, start = self._told[job]
        log = self._past.log(self._run, job, attempt)
        for step, text in _joined(log.lines(start)):
            self._watching.hear(job, step, text)
        self._told[job] = attempt, max(start, log.count)


def _joined(lines: Iterator[Line]) -> Iterator[tuple[int, str]]:
    """Lines of one step that stand together."""
    for step, said in groupby(lines, key=lambda line: line.step):
        yield step, ''.join(f'{line.text}\n' for line in said)
