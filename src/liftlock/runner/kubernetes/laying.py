"""Laying down what comes from a pod, where names and links are the pod's choice: nothing is written
outside of where it belongs, and no link is followed."""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH102, PTH108, PTH112, PTH113, PTH114, PTH120, PTH211

import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from typing import Final

_NEW: Final = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW


def lay(got: tarfile.TarFile, place: Callable[[str], str], folder: str = '') -> Iterator[str]:
    """Paths of what has been laid. `place` says where something belongs, '' for nowhere; `folder`
    is where in there the names begin. Raises OSError, tarfile.TarError."""
    for member in got:
        path = place(os.path.normpath(f'{folder}/{member.name}'))
        if not path:
            continue
        if member.isdir():
            make_directory(path)
            continue
        make_directory(os.path.dirname(path))
        remove(path)
        if member.issym():
            os.symlink(member.linkname, path)
        elif member.islnk():
            _lay_again(place(os.path.normpath(f'{folder}/{member.linkname}')), path)
        elif member.isreg():
            _write(got, member, path)
        elif member.isfifo():
            os.mkfifo(path, member.mode & 0o777)
        yield path


def _lay_again(first: str, path: str) -> None:
    """Another name of what has come already."""
    if first and os.path.isfile(first) and not os.path.islink(first):
        shutil.copy2(first, path)


def _write(got: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
    stream = got.extractfile(member)
    assert stream is not None
    with os.fdopen(os.open(path, _NEW, 0o600), 'wb') as file:
        shutil.copyfileobj(stream, file)
        os.fchmod(file.fileno(), (member.mode & 0o777) | 0o600)
    os.utime(path, (member.mtime, member.mtime))


def make_directory(path: str) -> None:
    """With what is above it; where a link or a file stands in the way, it goes."""
    missing = []
    while not (os.path.isdir(path) and not os.path.islink(path)):
        missing.append(path)
        path = os.path.dirname(path)
    for one in reversed(missing):
        remove(one)
        os.mkdir(one)


def remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    elif os.path.lexists(path):
        os.unlink(path)
