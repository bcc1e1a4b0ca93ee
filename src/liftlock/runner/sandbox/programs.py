"""Where programs lie that PATH leads to: pyenv, nvm, uv's Pythons, /opt/hostedtoolcache …

A program is more than its file: `bin/python` needs the `lib` beside it. So the directory above a
`bin` is what jobs may read, unless that would open somebody's home or a place where tools keep
passwords beside programs; then it is the `bin` alone. Links are followed: `/usr/local/bin/node` may
lead to `/opt/node/bin/node`.
"""

# Paths are texts here: there are hundreds.
# ruff: noqa: PTH112, PTH115, PTH116, PTH118, PTH120

import os
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Final

from liftlock.runner.sandbox.mounts import lies_in

# Of managers of versions that keep everything in one directory of the home, and nothing secret.
MANAGERS: Final = frozenset(
    {
        '.asdf', '.bun', '.deno', '.fnm', '.goenv', '.jenv', '.nodenv', '.nvm', '.pyenv', '.rbenv',
        '.rustup', '.rvm', '.sdkman', '.volta', 'anaconda3', 'mambaforge', 'miniconda3',
        'miniforge3',
    }
)  # fmt: skip
_FOLDERS: Final = frozenset({'bin', 'sbin', 'shims'})
_ALTERNATIVES: Final = '/etc/alternatives/'  # where links of Debian's lead, and on
_HOPS: Final = 40


def directories(path: str, home: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Directories that programs on this PATH need, but for those that are `known`."""
    entries = [entry for entry in path.split(os.pathsep) if entry.startswith('/')]
    stamps = ((os.path.normpath(entry), _stamp(entry)) for entry in entries)
    return _find(tuple(stamp for stamp in stamps if stamp[1]), home, known)


def _stamp(folder: str) -> int:
    """It changes with the names in there; 0 if there is no such directory."""
    try:
        return os.stat(folder).st_mtime_ns if os.path.isdir(folder) else 0
    except OSError:
        return 0


@lru_cache(maxsize=16)
def _find(
    stamps: tuple[tuple[str, int], ...], home: str, known: tuple[str, ...]
) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for entry, _ in stamps:
        for folder in _leads_to(entry, known):
            if not _covered(folder, (*known, *found)) and os.path.isdir(folder):
                found[installation(folder, home)] = None
    return tuple(found)


def installation(folder: str, home: str) -> str:
    """What belongs to programs in this directory."""
    above, name = os.path.split(folder)
    if name not in _FOLDERS or above.count('/') < 2:
        return folder
    if lies_in(home, above):
        return folder
    if lies_in(above, home):
        first = above[len(home) + 1 :].split('/')
        if len(first) == 1 and first[0] not in MANAGERS:
            return folder
        if first[0] in MANAGERS:
            return f'{home}/{first[0]}'
    return above


def _covered(folder: str, known: Collection[str]) -> bool:
    return any(lies_in(folder, one) for one in known)


def _leads_to(entry: str, known: tuple[str, ...]) -> Iterator[str]:
    """The directory, and those in which the targets of its links stand, link by link."""
    real = os.path.realpath(entry)
    yield from (entry, real)
    try:
        with os.scandir(real) as entries:
            links = [one.path for one in entries if one.is_symlink()]
    except OSError:
        return
    seen: set[str] = set()
    for link in links:
        for target in _hops(link, known):
            folder = os.path.dirname(target)
            if folder not in seen:
                seen.add(folder)
                yield folder


def _hops(link: str, known: tuple[str, ...]) -> Iterator[str]:
    """What a link leads to, and that, as far as it leads out of what is known. Most of the links
    of a system stay in their directory, and those beside them are looked at anyway."""
    folder = os.path.dirname(link)
    for _ in range(_HOPS):
        try:
            target = os.readlink(link)
        except OSError:
            return
        if '/' not in target:
            return
        link = os.path.normpath(os.path.join(folder, target))
        if _covered(link, known) and not link.startswith(_ALTERNATIVES):
            return
        yield link
        folder = os.path.realpath(os.path.dirname(link))
