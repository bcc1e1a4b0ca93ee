"""Directories of this user that all his liftlock processes share, outside of any store."""

# Paths are texts here, as where they are used. /tmp is a meeting place; what is in it is checked.
# ruff: noqa: PTH102, S108

import os
import stat
from typing import Final

from liftlock.runner.executors.base import CannotPrepare

MEETING: Final = '/tmp'
# Servers that root starts are another user's, and have to get to what is theirs.
MODE: Final = 0o711 if os.geteuid() == 0 else 0o700


def make(*names: str, under: str = MEETING) -> str:
    """`<under>/liftlock-<user's number>/<names>`. Raises CannotPrepare, OSError.

    In a place where everybody may write somebody else may have been first.
    """
    path = f'{under}/liftlock-{os.geteuid()}'
    for name in ('', *names):
        path = f'{path}/{name}' if name else path
        try:
            os.mkdir(path, MODE)
        except FileExistsError:
            found = os.lstat(path)
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
                raise CannotPrepare(
                    f'{path} is to be a directory of yours, and is not: remove it'
                ) from None
    return path
