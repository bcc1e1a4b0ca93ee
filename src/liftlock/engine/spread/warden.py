"""A process beside a worker that ends what the worker leaves running.

It is told by a pipe what runs and that the worker's lease is good. If that word does not come in
time, because the worker is frozen, or the pipe closes, because it was killed, the warden ends the
jobs itself, before others start them again. It is forked before the worker has any thread, and
imports nothing: a copy of a small process, most of whose memory is shared.
"""

import contextlib
import os
import select
import signal
from collections.abc import Callable
from typing import Final

from liftlock.engine import trail
from liftlock.engine.spread import yard as yards

GOOD: Final = '.'
BEGIN: Final = '+'
END: Final = '-'


class Warden:
    """The worker's side. All words are lines, shorter than what a pipe takes at once."""

    def __init__(self, write: int, pid: int) -> None:
        self._write = write
        self.pid = pid

    def good(self) -> None:
        """The lease was renewed just now."""
        self._say(GOOD)

    def begin(self, tracking_id: str) -> None:
        self._say(BEGIN + tracking_id)

    def end(self, tracking_id: str) -> None:
        self._say(END + tracking_id)

    def close(self) -> None:
        os.close(self._write)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def _say(self, word: str) -> None:
        with contextlib.suppress(OSError):  # it was killed; the lease is still watched over here
            os.write(self._write, f'{word}\n'.encode())


def fork(end_leftovers: Callable[[str], None], fence: float) -> Warden:
    """To be called before there are threads, and before the database is open."""
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(read)
        os.set_inheritable(write, False)
        return Warden(write, pid)
    try:
        os.close(write)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        _watch(read, end_leftovers, fence)
    finally:
        os._exit(0)


def _watch(read: int, end_leftovers: Callable[[str], None], fence: float) -> None:
    running: set[str] = set()
    heard = yards.now()
    rest = b''
    while True:
        left = heard + fence - yards.now()
        ready, _, _ = select.select([read], [], [], max(left, 0.0) if running else None)
        data = os.read(read, 65536) if ready else b''
        if ready and not data:  # the worker is dead
            _end_all(running, end_leftovers)
            return
        *lines, rest = (rest + data).split(b'\n')
        for line in lines:
            heard = _take(line.decode(), running, heard)
        if running and yards.now() >= heard + fence:
            _end_all(running, end_leftovers)


def _take(line: str, running: set[str], heard: float) -> float:
    kind, name = line[:1], line[1:]
    if kind == BEGIN:
        running.add(name)
    elif kind == END:
        running.discard(name)
    return yards.now() if kind == GOOD else heard


def _end_all(running: set[str], end_leftovers: Callable[[str], None]) -> None:
    for name in sorted(running):
        try:
            end_leftovers(name)
        except Exception as error:  # the others are to be ended all the same
            trail.say(f'what {name} left may still run: {error!r}')
    running.clear()
