"""What is known of a file, here and in a pod, and which of two sides has news. Nothing is read."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from liftlock.language.records import NamedTuple

_FIELDS: Final = 5
_PERMISSIONS: Final = 0o777
_SETTINGS: Final = frozenset(
    {'config', 'config.worktree', 'commondir', 'gitdir', 'worktree', 'alternates'}
)


class Here(NamedTuple):
    """A file of the copy here; times in nanoseconds."""

    mode: int
    size: int
    changed: int
    touched: int

    @classmethod
    def of(cls, found: os.stat_result) -> 'Here':
        plain = stat.S_ISDIR(found.st_mode)
        times = (0, 0) if plain else (found.st_mtime_ns, found.st_ctime_ns)
        return cls(found.st_mode, 0 if plain else found.st_size, *times)


class There(NamedTuple):
    """The same in the pod; times in seconds."""

    mode: int
    size: int
    changed: int
    touched: int


class Listing(NamedTuple):
    """Of a pod: what time it is there, and its files by path."""

    now: int
    files: Mapping[str, There]


def read(text: bytes) -> Listing | None:
    """What the script `LIST` printed; None if it is not whole."""
    lines = text.decode('utf-8', 'surrogateescape').split('\n')
    if not lines[0].isdecimal():
        return None
    return Listing(int(lines[0]), dict(_read(lines[1:])))


def _read(lines: Iterable[str]) -> Iterator[tuple[str, There]]:
    for line in lines:
        fields = line.split(' ', _FIELDS - 1)
        if len(fields) == _FIELDS:
            mode, size, changed, touched, name = fields
            yield name, There(int(mode, 16), int(size), int(changed), int(touched))


def is_news(there: There, here: Here | None, since: int) -> bool:
    """Whether the pod's file is to be fetched. `since` is when both sides had the same, by the
    clock there: what was touched in that very second may have been touched afterwards."""
    if here is None or stat.S_IFMT(here.mode) != stat.S_IFMT(there.mode):
        return True
    if stat.S_ISDIR(there.mode):
        return (here.mode & _PERMISSIONS) != (there.mode & _PERMISSIONS)
    same = here.size == there.size and here.changed // 10**9 == there.changed
    return not same or there.touched >= since


def is_setting(path: str) -> bool:
    """What git on this machine would take orders from: a job's own stay in its pod."""
    above, _, name = path.rpartition('/')
    if name == '.git':
        return True
    return '/.git/' in path and (
        name in _SETTINGS or above.endswith('/hooks') or '/hooks/' in above
    )


def is_kept(mode: int) -> bool:
    """Sockets and devices mean nothing elsewhere."""
    return any(test(mode) for test in (stat.S_ISREG, stat.S_ISDIR, stat.S_ISLNK, stat.S_ISFIFO))
