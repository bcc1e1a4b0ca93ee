"""Gathering what goes into a pod: an archive of files, as its user will own them."""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH108, PTH110, PTH123

import os
import tarfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Final

from liftlock.language.records import NamedTuple
from liftlock.runner import git

_ALTERNATES: Final = 'objects/info/alternates'
# Missing objects are not fetched from where a configuration says.
_ALONE: Final = {**git.NEUTRAL, 'GIT_ALLOW_PROTOCOL': 'none'}


class User(NamedTuple):
    """Whom the processes of a pod run as."""

    id: int
    group: int


class Archive:
    """Raises nothing for what is gone meanwhile, or cannot be read."""

    __slots__ = ('_tar', '_user', 'count')

    def __init__(self, file: IO[bytes], user: User) -> None:
        self._tar = tarfile.open(  # noqa: SIM115 - closed by whoever made us
            fileobj=file, mode='w', format=tarfile.GNU_FORMAT, errors='surrogateescape'
        )
        self._user = user
        self.count = 0

    def add(self, path: str, inside: str) -> None:
        """What is no file, directory, link or pipe has no place in there."""
        try:
            found = self._tar.gettarinfo(path, inside.lstrip('/'))
            if found is None or found.ischr() or found.isblk():
                return
            if found.islnk():  # one of several names: each is a file in there
                found.type, found.linkname = tarfile.REGTYPE, ''
                found.size = os.lstat(path).st_size
            self._own(found)
            if found.isreg():
                with open(path, 'rb') as file:
                    self._tar.addfile(found, file)
            else:
                self._tar.addfile(found)
        except OSError:
            return

    def add_text(self, text: bytes, inside: str) -> None:
        import io

        made = tarfile.TarInfo(inside.lstrip('/'))
        made.size, made.mode = len(text), 0o644
        self._own(made)
        self._tar.addfile(made, io.BytesIO(text))

    def _own(self, made: tarfile.TarInfo) -> None:
        made.uid, made.gid, made.uname, made.gname = self._user.id, self._user.group, '', ''
        self.count += 1

    def close(self) -> None:
        self._tar.close()


def walk(top: str, skipped: Collection[str] = ()) -> Iterator[str]:
    """The directory itself, and all below it, parents first; links are not followed."""
    yield top
    try:
        with os.scandir(top) as found:
            entries = list(found)
    except OSError:
        return
    for entry in entries:
        if entry.path in skipped or '\n' in entry.name:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from walk(entry.path, skipped)
        else:
            yield entry.path


def make_whole(top: str) -> None:
    """Clones that borrow objects from elsewhere on this machine get them for their own."""
    if os.path.exists(f'{top}/{_ALTERNATES}'):
        _repack(top)
        return
    for folder, names, _ in os.walk(top):
        if '.git' in names:
            names.remove('.git')
            for place in _repositories(f'{folder}/.git'):
                _repack(place)


def _repositories(place: str) -> Iterator[str]:
    """Those of submodules stand in that of the repository around them."""
    if os.path.exists(f'{place}/{_ALTERNATES}'):
        yield place
    for folder, names, _ in os.walk(f'{place}/modules'):
        if 'objects' in names:
            names.clear()
            if os.path.exists(f'{folder}/{_ALTERNATES}'):
                yield folder


def _repack(place: str) -> None:
    """As `git clone --dissociate` does."""
    words = ('--git-dir', place, 'repack', '-a', '-d', '-q', '--no-write-bitmap-index')
    if git.ask(*words, cwd=Path(place), env=_ALONE).code == 0:
        os.unlink(f'{place}/{_ALTERNATES}')
