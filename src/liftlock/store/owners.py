"""Which processes live, by names that are never used twice (`<pid>-<random>`), so that a recycled
pid is nobody.

On SQLite each holds a lock on a file of its own, which the kernel frees at its end. On a database
that machines share it is a lease.
"""

import fcntl
import os
from pathlib import Path
from typing import Protocol

from liftlock.store.database import Store
from liftlock.store.sql import Sql


class Owner:
    """One engine of this process, as the holder of runs."""

    def __init__(self, store: Store) -> None:
        """UserError if the database cannot be reached."""
        self.pid = os.getpid()
        self.name = f'{self.pid}-{os.urandom(8).hex()}'
        self._sign = _give_sign(store, self.name)

    @property
    def lost(self) -> bool:
        """Whether others have given it up, and may go on with what it had."""
        return self._sign.lost

    def release(self) -> None:
        self._sign.release()


class Sign(Protocol):
    """What others see of a process that lives."""

    lost: bool

    def release(self) -> None: ...


def _give_sign(store: Store, name: str) -> Sign:
    if not store.database:
        return File(_path(store.directory, name))
    from liftlock.store.leases import Lease

    return Lease(store, name)


class File:
    """A file with a lock on it."""

    lost = False

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        self._path = path
        self._lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def release(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._lock)


def dead(store: Store, name: str) -> bool:
    """Whether the process with this name has ended."""
    if store.database:
        from liftlock.store import leases

        return leases.dead(store, name)
    path = _path(store.directory, name)
    try:
        lock = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    path.unlink(missing_ok=True)
    return True


def spoken(sql: Sql, name: str) -> str:
    """Its number, and its machine where there may be several."""
    row = sql.execute('SELECT host FROM owners WHERE name = ?', (name,)).fetchone()
    pid = name.partition('-')[0]
    return f'{pid} on {row[0]}' if row else pid


def _path(directory: Path, name: str) -> Path:
    return directory / 'owners' / name
