"""Waiting for the end of a process, our child or not, without ever taking another for it."""

import asyncio
import os
import signal
from contextlib import suppress

from liftlock.targets.process import procfs


class Vigil:
    """Holds a pidfd: it means this process for good, whatever becomes of the number."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(fd, self._notice)

    def _notice(self) -> None:
        self._loop.remove_reader(self._fd)  # it stays readable
        self._ended.set()

    @property
    def is_over(self) -> bool:
        return self._ended.is_set()

    async def over(self) -> None:
        await self._ended.wait()

    def reap(self) -> str:
        """How it ended: `exited with code 1`."""
        try:
            status = os.waitid(os.P_PIDFD, self._fd, os.WEXITED | os.WNOHANG)
        except ChildProcessError:  # the child of an owner that is dead
            return 'ended; its exit code is unknown, since it was adopted'
        return told(status.si_code, status.si_status) if status else 'ended'

    def send_term(self) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._fd, signal.SIGTERM)

    def close(self) -> None:
        """Look away; the process goes on."""
        self._loop.remove_reader(self._fd)
        os.close(self._fd)


def keep(pid: int, born: int) -> Vigil | None:
    """None where the process is gone, or the number is another's by now."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    # Only now that the number cannot change hands any more does its start time tell something.
    found = procfs.stat(pid)
    if found is None or found.born != born:
        os.close(fd)
        return None
    return Vigil(fd)


def told(code: int, status: int) -> str:
    if code == os.CLD_EXITED:
        return f'exited with code {status}'
    try:
        name = signal.Signals(status).name
    except ValueError:
        name = f'signal {status}'
    return f'was killed by {name}'
