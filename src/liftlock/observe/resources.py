"""Trees of processes, from Linux's /proc.

A tree is a process, its descendants, and whoever is in the session that it leads: so workers count
whose parent has died.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from liftlock.language.records import NamedTuple

PROC: Final = Path('/proc')


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
