"""Cpu and memory of process trees, from Linux's /proc.

A tree is a process, its descendants, and whoever is in the session that it leads: so workers count
whose parent has died. Memory is what is resident; pages that several processes share count in each.
Cpu is a difference of two looks, so the first one knows none.
"""

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

from liftlock.language.records import NamedTuple

PROC: Final = Path('/proc')


class Usage(NamedTuple):
    """`cpu` is in percent of one core since the look before, `memory` in bytes."""

    cpu: float = 0.0
    memory: int = 0
    processes: int = 0


class Process(NamedTuple):
    """A line of /proc/PID/stat. `ticks` is time on a processor, its own and that of its children
    that are gone; `start` is ticks since the machine was started: with it a pid is unique."""

    pid: int
    parent: int
    session: int
    ticks: int
    start: int
    pages: int


def parse(stat: str) -> Process:
    """The name stands in brackets and may hold anything, brackets too."""
    pid, _, rest = stat.partition(' ')
    fields = rest.rpartition(')')[2].split()
    ticks = sum(map(int, fields[11:15]))
    return Process(
        int(pid), int(fields[1]), int(fields[3]), ticks, int(fields[19]), int(fields[21])
    )


def read(proc: Path = PROC) -> dict[int, Process]:
    """All processes, by pid; none where there is no /proc."""
    found = {}
    try:
        entries = list(proc.iterdir())
    except OSError:
        return {}
    for entry in entries:
        if entry.name.isdigit():
            try:
                one = parse((entry / 'stat').read_text(errors='replace'))
            except (OSError, ValueError, IndexError):
                continue  # it is gone
            found[one.pid] = one
    return found


def tree(root: int, processes: Mapping[int, Process]) -> list[Process]:
    """The process, its descendants, and all of its session. Empty if it is not there."""
    children: dict[int, list[int]] = {}
    for one in processes.values():
        children.setdefault(one.parent, []).append(one.pid)
    found: dict[int, Process] = {}
    waiting = [one.pid for one in processes.values() if one.session == root]
    waiting.append(root)
    while waiting:
        pid = waiting.pop()
        if pid in processes and pid not in found:
            found[pid] = processes[pid]
            waiting.extend(children.get(pid, ()))
    return list(found.values())


class Look(NamedTuple):
    """Processes as they were at a time (of a monotonic clock)."""

    at: float = 0.0
    processes: Mapping[int, Process] = {}


def usages(roots: Iterable[int], before: Look, now: Look) -> dict[int, Usage]:
    """By root; nothing for those that are gone."""
    found = {}
    for root in roots:
        members = tree(root, now.processes)
        if members:
            memory = sum(one.pages for one in members) * os.sysconf('SC_PAGE_SIZE')
            found[root] = Usage(_cpu(members, before, now), memory, len(members))
    return found


def _cpu(members: Collection[Process], before: Look, now: Look) -> float:
    seconds = now.at - before.at
    if not before.processes or seconds <= 0:
        return 0.0
    ticks = 0
    for one in members:
        known = before.processes.get(one.pid)
        same = known is not None and known.start == one.start
        ticks += one.ticks - (known.ticks if known is not None and same else 0)
    # A child that has ended moves its time to its parent's: that was counted before already.
    pids = {one.pid for one in members}
    gone = sum(
        known.ticks
        for known in before.processes.values()
        if known.pid not in now.processes and known.parent in pids
    )
    return max(0.0, (ticks - gone) / os.sysconf('SC_CLK_TCK') / seconds * 100.0)


class Resources:
    """Looks again each time it is asked."""

    def __init__(self, proc: Path = PROC) -> None:
        self._proc = proc
        self._before = Look()

    def usages(self, roots: Iterable[int], now: float) -> dict[int, Usage]:
        """`now` is of a monotonic clock."""
        look = Look(now, read(self._proc))
        found = usages(roots, self._before, look)
        self._before = look
        return found
