"""Files that a job's processes have made or named, for the runner to look at.

What such a name leads to is the processes' affair: they may lay links, and pipes that nobody writes
into. So a workplace says how they are seen from outside.
"""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH116, PTH120, PTH208

import errno
import os
import stat
from typing import Final, Protocol


class Files(Protocol):
    """Paths are those that `outside` gives. Everything raises OSError."""

    def open(self, path: str) -> int:
        """A descriptor to read from, without waiting for whoever may write into a pipe."""
        ...

    def stat(self, path: str, *, follow: bool = True) -> os.stat_result: ...

    def list(self, path: str) -> list[str]: ...


class Own:
    """Files of this machine, where a job may read whatever we may."""

    def open(self, path: str) -> int:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)

    def stat(self, path: str, *, follow: bool = True) -> os.stat_result:
        return os.stat(path, follow_symlinks=follow)

    def list(self, path: str) -> list[str]:
        return os.listdir(path)


OWN: Final = Own()


class Within:
    """Files of one directory, which somebody else has filled: where a link in it leads out of it,
    there is nothing."""

    def __init__(self, top: str) -> None:
        self._top = os.path.realpath(top)

    def open(self, path: str) -> int:
        opened = OWN.open(path)
        try:
            self._refuse(f'/proc/self/fd/{opened}', path)
        except OSError:
            os.close(opened)
            raise
        return opened

    def stat(self, path: str, *, follow: bool = True) -> os.stat_result:
        self._refuse(path if follow else os.path.dirname(path), path)
        return OWN.stat(path, follow=follow)

    def list(self, path: str) -> list[str]:
        self._refuse(path, path)
        return OWN.list(path)

    def _refuse(self, place: str, path: str) -> None:
        found = os.path.realpath(place)
        if found != self._top and not found.startswith(f'{self._top}/'):
            raise FileNotFoundError(errno.ENOENT, 'it leads out of the directory', path)


def read(files: Files, path: str, most: int = -1) -> bytes:
    """What is in a file, or in a pipe right now; up to so many bytes. Raises OSError."""
    with os.fdopen(files.open(path), 'rb') as file:
        return file.read(most) or b''


def exists(files: Files, path: str) -> bool:
    return bool(_kind(files, path))


def is_file(files: Files, path: str) -> bool:
    return _kind(files, path) == stat.S_IFREG


def is_directory(files: Files, path: str) -> bool:
    return _kind(files, path) == stat.S_IFDIR


def _kind(files: Files, path: str) -> int:
    """As in `stat`; 0 where there is nothing."""
    try:
        return stat.S_IFMT(files.stat(path).st_mode)
    except (OSError, ValueError):
        return 0
