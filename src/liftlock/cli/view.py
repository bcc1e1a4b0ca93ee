"""Who watches a run: a person at a terminal, a pipe, or a program that reads facts."""

import os
import sys
from collections.abc import Callable
from typing import Protocol, TextIO

from liftlock.cli import summary
from liftlock.cli.colour import Paint, wanted
from liftlock.cli.plain import Plain
from liftlock.plan.board import Board
from liftlock.plan.facts import Stamped


class View(Protocol):
    """Told everything as it happens. Lines and facts are masked before they come here."""

    def open(self) -> None: ...

    def close(self) -> None: ...

    def notice(self, text: str) -> None: ...

    def hear(self, job: str, number: int, lines: str) -> None:
        """Whole lines of a step's output, each ended by a line feed."""
        ...

    def take(self, stamped: Stamped) -> None: ...


class Facts:
    """One JSON object a line, as the store keeps them; nothing else on this stream."""

    def __init__(self, stream: TextIO, encode: Callable[[Stamped], str]) -> None:
        self._stream = stream
        self._encode = encode

    def open(self) -> None:
        """Nothing is held open."""

    def close(self) -> None:
        self._stream.flush()

    def notice(self, text: str) -> None:
        sys.stderr.write(f'{text}\n')

    def hear(self, job: str, number: int, lines: str) -> None:
        """Log lines are no facts; `liftlock logs` has them."""

    def take(self, stamped: Stamped) -> None:
        self._stream.write(self._encode(stamped) + '\n')
        self._stream.flush()


def choose(board: Board, *, verbose: bool) -> View:
    """Live on a terminal that can redraw; plain lines everywhere else."""
    if _can_redraw():
        from liftlock.cli.live import Terminal

        return Terminal(board, verbose=verbose)
    return Plain(board, sys.stdout, Paint(wanted(sys.stdout)))


def conclude(board: Board) -> None:
    """Print the last word on a run."""
    markdown: Callable[[str], list[str]] = str.splitlines
    redrawn = _can_redraw()
    if board.summaries and redrawn:
        from liftlock.cli.live import markdown
    for line in summary.lines(board, Paint(wanted(sys.stdout)), markdown, told=redrawn):
        print(line)


def _can_redraw() -> bool:
    env = os.environ
    return sys.stdout.isatty() and env.get('TERM') != 'dumb' and not env.get('CI')
