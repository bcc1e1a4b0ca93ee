"""The files of a sandbox as its processes see them, for us outside to look at.

A name that a job gave may be a link, and links mean something else on this machine: `x` that
leads to `/etc/shadow` would be ours. So names are resolved by the kernel as if the sandbox's root
were ours (openat2), which no renaming in the middle of it can deceive. And we look only at what the
job itself could read: as root we might be able to read more.
"""

# Paths are texts here.
# ruff: noqa: PTH208

import ctypes
import errno
import os
import stat
from typing import Final

from liftlock.runner.sandbox.accounts import Account

_OPENAT2: Final = 437  # on every architecture
_NO_MAGIC_LINKS, _IN_ROOT = 0x02, 0x10
_AGAIN: Final = 64  # a rename somewhere makes the kernel give up and say so

_library: Final = ctypes.CDLL(None, use_errno=True)


class _How(ctypes.Structure):
    _fields_ = (('flags', ctypes.c_uint64), ('mode', ctypes.c_uint64), ('resolve', ctypes.c_uint64))


class Root:
    """`descriptor` is that of the root directory; it is closed here."""

    __slots__ = ('_descriptor', 'account')

    def __init__(self, descriptor: int, account: Account) -> None:
        self._descriptor = descriptor
        self.account = account

    def open(self, path: str) -> int:
        """Of a plain file or a directory that the job may read. Raises OSError."""
        opened = self._open(path, os.O_RDONLY | os.O_NONBLOCK)
        found = os.fstat(opened)
        number = 0
        if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
            number = errno.EINVAL
        elif not self._may(found, 4):
            number = errno.EACCES
        if number:
            os.close(opened)
            raise OSError(number, os.strerror(number), path)
        return opened

    def stat(self, path: str, *, follow: bool = True) -> os.stat_result:
        opened = self._open(path, os.O_PATH | os.O_NOFOLLOW * (not follow))
        try:
            return os.fstat(opened)
        finally:
            os.close(opened)

    def list(self, path: str) -> list[str]:
        opened = self.open(path)
        try:
            return os.listdir(opened)
        finally:
            os.close(opened)

    def is_program(self, path: str) -> bool:
        try:
            found = self.stat(path)
        except OSError:
            return False
        return stat.S_ISREG(found.st_mode) and self._may(found, 1)

    def _open(self, path: str, flags: int) -> int:
        how = _How(flags | os.O_CLOEXEC, 0, _IN_ROOT | _NO_MAGIC_LINKS)
        for _ in range(_AGAIN):
            opened = _library.syscall(
                _OPENAT2, self._descriptor, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how)
            )
            if opened >= 0:
                return int(opened)
            if ctypes.get_errno() != errno.EAGAIN:
                break
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), path)

    def _may(self, found: os.stat_result, what: int) -> bool:
        """Whether the job's processes may do this: 4 is reading, 1 running."""
        if found.st_uid == self.account.user:
            return bool(found.st_mode & what << 6)
        if found.st_gid == self.account.group:
            return bool(found.st_mode & what << 3)
        return bool(found.st_mode & what)

    def close(self) -> None:
        os.close(self._descriptor)
