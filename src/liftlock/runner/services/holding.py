"""Ports of this machine that a job's containers map: held by one job at a time.

A lock is a file that is locked by `flock`: the kernel lets it go when its process ends, however it
ends. The files lie where all processes of the user find them, whatever store they work on.
Everybody takes several in the same order, so that nobody waits in a circle.
"""

# Paths are texts here, and files stay open beyond a block.
# ruff: noqa: PTH108, PTH116, PTH123, SIM115

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
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
    folder = own.make('ports')
    locks: list[IO[str]] = []
    try:
        for protocol, number in sorted({(one.protocol, one.here) for one in wanted if one.here}):
            path = f'{folder}/{number}-{protocol}'
            while (lock := _try(path)) is None:
                blocked(f'port {number}, which {_read(path) or "another job"} has')
                await asyncio.sleep(POLL)
            locks.append(lock)
            lock.write(who)
            lock.flush()
            if protocol == 'tcp':
                await _see_free(number)
        yield
    finally:
        for lock in locks:
            with suppress(FileNotFoundError):
                os.unlink(lock.name)
            lock.close()


def _try(path: str) -> IO[str] | None:
    """The file, locked; None where somebody else has locked it."""
    lock = open(path, 'a', encoding='utf-8')
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever had it has removed it meanwhile, or died and left what he wrote.
        if os.fstat(lock.fileno()).st_ino == os.stat(path).st_ino:
            lock.truncate(0)
            return lock
    except (BlockingIOError, FileNotFoundError):
        pass
    lock.close()
    return None


def _read(path: str) -> str:
    try:
        with open(path, encoding='utf-8') as file:
            return file.read()
    except FileNotFoundError:
        return ''


async def _see_free(number: int) -> None:
    until = time.monotonic() + GRACE
    while not is_free(number):
        if time.monotonic() > until:
            program = who_listens(number)
            raise CannotPrepare(
                f'Port {number} of this machine, which a container of this job maps, is taken by '
                f'{program or "another program"}: stop that, or map another port'
            )
        await asyncio.sleep(POLL)
