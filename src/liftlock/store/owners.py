"""Which processes live: each holds a lock on a file of its own, and the kernel frees it at the end.

An owner's name is `<pid>-<start time>-<boot id>`: never used twice, so a recycled pid is nobody.
"""

import fcntl
import os
from pathlib import Path

from liftlock.store.database import Store


class Owner:
    """This process, as the holder of runs."""

    def __init__(self, store: Store) -> None:
        self.pid = os.getpid()
        self.name = _own_name()
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


def _own_name() -> str:
    boot = Path('/proc/sys/kernel/random/boot_id').read_text().strip()
    return f'{os.getpid()}-{_start_time()}-{boot[:8]}'


def _start_time() -> str:
    """In clock ticks since boot: field 22 of stat, 20th after the name in parentheses."""
    return Path('/proc/self/stat').read_text().rpartition(')')[2].split()[19]
