"""Ports of this machine that a job's containers map: held by one job at a time.

A lock is a file that is locked by `flock`: the kernel lets it go when its process ends, however it
ends. So is the ticket of one who waits: the oldest is next. The files lie where all processes of
the user find them, whatever store they work on. Everybody takes several in the same order, so that
nobody waits in a circle.
"""

# Paths are texts here, and files stay open beyond a block.
# ruff: noqa: PTH104, PTH108, PTH116, PTH119, PTH120, PTH123, PTH208, SIM115

import asyncio
import fcntl
import itertools
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import IO, Final

from liftlock.language.records import NamedTuple
from liftlock.runner.executors.base import CannotPrepare
from liftlock.runner.services import own
from liftlock.runner.services.listening import is_free, who_listens
from liftlock.runner.services.ports import Port

POLL: Final = 0.2  # seconds
GRACE: Final = 3.0  # seconds for a server that was killed to be gone

_numbers: Final = itertools.count()  # two tickets of a process are two


class _Ticket(NamedTuple):
    file: IO[str]
    path: str


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
            lock = await _take(path, number, blocked)
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


async def _take(path: str, number: int, blocked: Callable[[str], None]) -> IO[str]:
    """The file, locked, when it is our turn."""
    ticket: _Ticket | None = None
    who = 'another job'
    try:
        while not _is_next(path, ticket) or (lock := _try(path)) is None:
            ticket = ticket or _stand_in_line(path)
            who = _read(path) or who
            blocked(f'port {number}, which {who} has')
            await asyncio.sleep(POLL)
        return lock
    finally:
        if ticket:
            with suppress(FileNotFoundError):
                os.unlink(ticket.path)
            ticket.file.close()


def _stand_in_line(path: str) -> _Ticket:
    """It is locked before others can see it, or they would think that its owner has died."""
    name = f'{path}.{time.monotonic_ns():020}-{os.getpid()}-{next(_numbers)}'
    new = f'{os.path.dirname(path)}/new-{os.path.basename(name)}'
    file = open(new, 'x', encoding='utf-8')
    fcntl.flock(file, fcntl.LOCK_EX)
    os.rename(new, name)
    return _Ticket(file, name)


def _is_next(path: str, ticket: _Ticket | None) -> bool:
    """Whether nobody waits who has come before; who comes now has no ticket."""
    folder, name = os.path.split(path)
    for one in sorted(one for one in os.listdir(folder) if one.startswith(f'{name}.')):
        if ticket and f'{folder}/{one}' == ticket.path:
            return True
        if _is_held(f'{folder}/{one}'):
            return False
    return True


def _is_held(ticket: str) -> bool:
    """What the dead have left is removed."""
    with suppress(FileNotFoundError), open(ticket, encoding='utf-8') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        os.unlink(ticket)
    return False


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
