"""Ports of this machine that a job's containers map: held by one job at a time.

A lock is a file that is locked by `flock`: the kernel lets it go when its process ends, however it
ends. The files lie where all processes of the user find them, whatever store they work on.
Everybody takes several in the same order, so that nobody waits in a circle.
"""

# Paths are texts here, and files stay open beyond a block.
# ruff: noqa: ASYNC230, PTH123, SIM115

import asyncio
import fcntl
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import IO, Final

from liftlock.runner.executors.base import CannotPrepare
from liftlock.runner.services import own
from liftlock.runner.services.listening import is_free, who_listens
from liftlock.runner.services.ports import Port

POLL: Final = 0.2  # seconds
GRACE: Final = 3.0  # seconds for a server that was killed to be gone


@asynccontextmanager
async def hold(
    wanted: Iterable[Port], who: str, blocked: Callable[[str], None]
) -> AsyncIterator[None]:
    """Wait until nobody else has one of these ports, then keep them.

    `who` says to others who has them. `blocked` hears again and again for which port this one
    waits, and may raise so that it waits no longer.
    Raises CannotPrepare where a port is taken by somebody who will not give it back, OSError.
    """
    locks: list[IO[str]] = []
    try:
        for protocol, number in sorted({(one.protocol, one.here) for one in wanted if one.here}):
            locks.append(await _lock(protocol, number, who, blocked))
            if protocol == 'tcp':
                await _see_free(number)
        yield
    finally:
        for lock in locks:
            lock.close()


async def _lock(protocol: str, number: int, who: str, blocked: Callable[[str], None]) -> IO[str]:
    lock = open(f'{own.make("ports")}/{number}-{protocol}', 'a+', encoding='utf-8')
    try:
        while not _try(lock):
            lock.seek(0)
            blocked(f'port {number}, which {lock.read() or "another job"} has')
            await asyncio.sleep(POLL)
        lock.truncate(0)
        lock.write(who)
        lock.flush()
    except BaseException:
        lock.close()
        raise
    return lock


def _try(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _see_free(number: int) -> None:
    until = time.monotonic() + GRACE
    while not is_free(number):
        if time.monotonic() > until:
            program = who_listens(number)
            raise CannotPrepare(
                f'Port {number} of this machine is taken by {program or "another program"}, and a '
                f'container of this job is to be reached there: stop that, or map another port'
            )
        await asyncio.sleep(POLL)
