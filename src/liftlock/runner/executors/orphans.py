"""Ends what a job has left running: every process that carries the job's RUNNER_TRACKING_ID."""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH119, PTH208

import os
import signal
import subprocess
import time
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from liftlock.language.records import NamedTuple

_PROC: Final = '/proc'
_TRIES: Final = 10
_MOMENT: Final = 0.0002  # seconds
_CHUNK: Final = 1 << 16
_FEW: Final = 64  # ids that are asked for one by one, rather than listing all processes


class Orphan(NamedTuple):
    pid: int
    name: str


def end(
    tracking_id: str, processes: tuple[int, int] = (0, 0), known: Collection[int] = ()
) -> list[Orphan]:
    """Kill them and say which they were.

    `processes` are the first and the latest id of those that the job itself started. Ids count
    up, so only those above the first need a look, unless the count has begun anew in between.
    `known` are other jobs' running processes. To read the variables of one that is just starting
    means to wait for it, which took a seventh of the time of a run of 200 short jobs.
    """
    found = list(_find(tracking_id, processes, known))
    for orphan in found:
        try:
            os.kill(orphan.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    return found


def _find(tracking_id: str, processes: tuple[int, int], known: Collection[int]) -> Iterator[Orphan]:
    newest = _newest()
    if not newest:
        yield from _ask_ps(tracking_id)
        return
    mark = f'RUNNER_TRACKING_ID={tracking_id}'.encode()
    own = os.getpid()
    for pid in _candidates(newest, *processes):
        if pid != own and pid not in known and mark in _environment(pid).split(b'\0'):
            yield Orphan(pid, _name(pid))


def _candidates(newest: int, first: int, latest: int) -> Iterable[int]:
    if 0 < first <= latest <= newest < first + _FEW:
        return range(first, newest + 1)
    listed = (int(entry) for entry in os.listdir(_PROC) if entry.isdecimal())
    return (pid for pid in listed if not pid < first <= latest <= newest)


def _newest() -> int:
    """The id of the process that was started last on this machine; 0 where nothing tells it."""
    told = _read('loadavg')
    return int(told.split()[-1]) if told else 0


def _environment(pid: int) -> bytes:
    """Its variables. A process that is just becoming another program shows none for a moment."""
    for _ in range(_TRIES):
        found = _read(f'{pid}/environ')
        if found is None:
            return b''
        if found or _is_lifeless(pid):
            return found
        time.sleep(_MOMENT)
    return b''


def _is_lifeless(pid: int) -> bool:
    """A zombie, a part of the kernel, or gone."""
    fields = (_read(f'{pid}/stat') or b'').rpartition(b')')[2].split()
    return not fields or fields[0] == b'Z' or fields[1] in (b'0', b'2')


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


def _name(pid: int) -> str:
    return (_read(f'{pid}/comm') or b'').decode('utf-8', 'replace').strip()


def _ask_ps(tracking_id: str) -> Iterator[Orphan]:
    listed = subprocess.run(
        ('ps', '-axeww', '-o', 'pid=,command='),
        capture_output=True,
        text=True,
        errors='replace',
        check=False,
    )
    mark = f'RUNNER_TRACKING_ID={tracking_id}'
    for line in listed.stdout.splitlines():
        pid, _, command = line.strip().partition(' ')
        words = command.split()
        if mark in words and pid.isdecimal():
            yield Orphan(int(pid), os.path.basename(words[0]))
