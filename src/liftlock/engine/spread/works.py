"""Directories of jobs on a disk of a worker's own: in one of its process, which whoever comes next
removes when that has ended, however it ended."""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from liftlock.errors import UserError

LOCK: Final = 'lock'
PREFIX: Final = 'w-'


def open_works(place: Path) -> Path:
    """A directory of this process alone. UserError where there can be none."""
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_left(place)
        own = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        lock = os.open(own / LOCK, os.O_RDWR | os.O_CREAT, 0o600)  # until the process ends
        fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError as error:
        raise UserError(f'cannot use {place}: {error.strerror}', 'choose another --work') from None
    return own


def _remove_left(place: Path) -> None:
    for left in place.glob(f'{PREFIX}*'):
        with suppress(OSError):  # it is just being made, or somebody else removes it
            lock = os.open(left / LOCK, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(lock)
