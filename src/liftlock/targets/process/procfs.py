"""What Linux tells of processes. Read in a few microseconds each, and never trusted for longer."""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH208

import os
import time
from collections.abc import Callable, Iterator
from typing import Final

from liftlock.language.records import NamedTuple

MARK: Final = 'LIFTLOCK_INSTANCE'  # the variable that tells whose a process is

_PROC: Final = '/proc'
_TRIES: Final = 10
_MOMENT: Final = 0.0002  # seconds
_CHUNK: Final = 1 << 16


class Stat(NamedTuple):
    """`born` is the start in ticks since boot: with it a recycled pid is told from the old one.
    `cpu` is in ticks, `memory` in pages."""

    state: str
    parent: int
    session: int
    cpu: int
    born: int
    memory: int

    @property
    def alive(self) -> bool:
        return self.state not in 'ZX'


def parse_stat(text: bytes) -> Stat:
    """`/proc/<pid>/stat`: the name, in parentheses, may hold anything, parentheses too."""
    fields = text.rpartition(b')')[2].split()
    return Stat(
        state=fields[0].decode(),
        parent=int(fields[1]),
        session=int(fields[3]),
        cpu=int(fields[11]) + int(fields[12]),
        born=int(fields[19]),
        memory=int(fields[21]),
    )


def stat(pid: int) -> Stat | None:
    """None where there is no such process."""
    text = _read(f'{pid}/stat')
    return parse_stat(text) if text else None


def is_alive(pid: int, born: int) -> bool:
    """Whether it is this very process, and has not ended."""
    found = stat(pid)
    return found is not None and found.born == born and found.alive


def boot() -> str:
    """Names the time since the machine was switched on; pids of another one mean nothing."""
    return (_read('sys/kernel/random/boot_id') or b'').decode().strip()


def children(pid: int) -> list[int]:
    """Of its main thread, which is the one that forks workers."""
    return [int(word) for word in (_read(f'{pid}/task/{pid}/children') or b'').split()]


def mark(pid: int) -> str:
    """The value of its MARK; '' if it has none, or is somebody else's."""
    start = f'{MARK}='.encode()
    for variable in _environment(pid).split(b'\0'):
        if variable.startswith(start):
            return variable[len(start) :].decode('utf-8', 'replace')
    return ''


def marked(wanted: Callable[[str], bool]) -> dict[int, str]:
    """All processes whose mark is wanted, with it."""
    found = ((pid, mark(pid)) for pid in _pids() if pid != os.getpid())
    return {pid: value for pid, value in found if value and wanted(value)}


def session(number: int) -> set[int]:
    """Whoever belongs to a session, zombies left out."""
    found = ((pid, stat(pid)) for pid in _pids())
    return {pid for pid, told in found if told and told.alive and told.session == number}


def _pids() -> Iterator[int]:
    return (int(entry) for entry in os.listdir(_PROC) if entry.isdecimal())


def _environment(pid: int) -> bytes:
    """Its variables. A process that is just becoming another program shows none for a moment."""
    for _ in range(_TRIES):
        found = _read(f'{pid}/environ')
        if found is None:
            return b''
        told = stat(pid)
        # Threads of the kernel have none either; their parent is the one with the number 2.
        if found or told is None or not told.alive or told.parent in (0, 2):
            return found
        time.sleep(_MOMENT)
    return b''


def _read(what: str) -> bytes | None:
    """None for what is somebody else's, or gone."""
    try:
        opened = os.open(f'{_PROC}/{what}', os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return b''.join(iter(lambda: os.read(opened, _CHUNK), b''))
    except OSError:
        return None
    finally:
        os.close(opened)
