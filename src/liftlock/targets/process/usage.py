"""How much of the machine instances take, from one look to the next."""

import os
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.targets.process import procfs

_TICKS: Final = os.sysconf('SC_CLK_TCK')
_PAGE: Final = os.sysconf('SC_PAGE_SIZE')
_SHORTEST: Final = 0.5  # seconds between two looks; in less, too few ticks go by to tell anything
_DEPTH: Final = 4


class Use(NamedTuple):
    """In percent of a core, and in bytes."""

    cpu: float = 0.0
    memory: int = 0


class _Sample(NamedTuple):
    at: float
    ticks: int
    cpu: float


class Meter:
    """Remembers what each process had used at the last look."""

    def __init__(self) -> None:
        self._samples: dict[int, _Sample] = {}

    def measure(self, pid: int, now: float) -> Use:
        """Of a process and its children. `now` only counts up."""
        ticks, pages = _total(pid, _DEPTH)
        last = self._samples.get(pid)
        if last is None:
            self._samples[pid] = _Sample(now, ticks, 0.0)
            return Use(0.0, pages * _PAGE)
        if now - last.at >= _SHORTEST:
            last = _Sample(now, ticks, percent(ticks - last.ticks, now - last.at))
            self._samples[pid] = last
        return Use(last.cpu, pages * _PAGE)

    def forget(self, pid: int) -> None:
        self._samples.pop(pid, None)


def percent(ticks: int, seconds: float) -> float:
    """Of a core. Where a child has ended, fewer ticks may be counted than before: that is none."""
    return round(max(0, ticks) * 100 / _TICKS / seconds, 1)


def _total(pid: int, depth: int) -> tuple[int, int]:
    told = procfs.stat(pid)
    if told is None:
        return 0, 0
    ticks, pages = told.cpu, told.memory
    for child in procfs.children(pid) if depth else ():
        more, memory = _total(child, depth - 1)
        ticks, pages = ticks + more, pages + memory
    return ticks, pages
