"""Which processes live: each holds a lock on a file of its own, and the kernel frees it at the end.

An owner's name is `<pid>-<random>`: never used twice, so a recycled pid is nobody.
"""

import fcntl
import os
from pathlib import Path

from liftlock.store.database import Store


class Owner:
    """One engine of this process, as the holder of runs."""

    def __init__(self, store: Store) -> None:
        self.pid = os.getpid()
        self.name = f'{self.pid}-{os.urandom(8).hex()}'
        path = _path(store.directory, self.name)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        self._path = path
        self._lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def release(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._lock)


def dead(directory: Path, name: str) -> bool:
    """Whether the process with this name has ended. `directory` is the store's."""
    path = _path(directory, name)
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


def _path(directory: Path, name: str) -> Path:
    return directory / 'owners' / name
