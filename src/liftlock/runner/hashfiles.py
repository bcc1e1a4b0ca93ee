"""`hashFiles()`: the sha256 of the sha256 digests of all matching files, in GitHub's order.

Depth first, entries of a directory in the order of their bytes, search roots in the order of the
patterns. Only files inside the workspace count; a link counts as what it points to, and is only
descended into when asked.
"""

import os
import stat
import time
from collections.abc import Iterator, Sequence
from typing import Final

from liftlock.language.expressions.errors import ExpressionError
from liftlock.runner.executors.files import OWN, Files, is_directory
from liftlock.runner.globs import FILE, BadPattern, Pattern, parse

FOLLOW: Final = '--follow-symbolic-links'
LONGEST: Final = 120.0  # seconds
_BLOCK: Final = 1 << 20


def hash_files(arguments: Sequence[str], workspace: str, home: str, files: Files = OWN) -> str:
    """Hexadecimal digest, '' when nothing matches. Raises ExpressionError."""
    import hashlib

    follow = bool(arguments) and arguments[0].lower() == FOLLOW
    lines = [line for text in arguments[follow:] for line in text.split('\n')]
    shown = ', '.join(arguments)
    deadline = time.monotonic() + LONGEST
    whole = hashlib.sha256()
    found = False
    try:
        for path in _Search(files, parse(lines, workspace, home), follow=follow).found():
            if not path.startswith(f'{workspace}/') or is_directory(files, path):
                continue
            found = True
            one = hashlib.sha256()
            with os.fdopen(files.open(path), 'rb', buffering=0) as file:
                while block := file.read(_BLOCK):
                    one.update(block)
            whole.update(one.digest())
            if time.monotonic() > deadline:
                raise ExpressionError(
                    f"hashFiles('{shown}') couldn't finish within {LONGEST:.0f} seconds."
                )
    except (OSError, BadPattern) as error:
        raise ExpressionError(
            f"hashFiles('{shown}') failed. Fail to hash files under directory '{workspace}': "
            f'{error}'
        ) from None
    return whole.hexdigest() if found else ''


class _Search:
    """Looks for what the patterns match."""

    def __init__(self, files: Files, patterns: Sequence[Pattern], *, follow: bool) -> None:
        self._files = files
        self._patterns = patterns
        self._follow = follow

    def found(self) -> Iterator[str]:
        """Matching files. The stack's last entry comes next."""
        stack = [start for start in reversed(_starts(self._patterns)) if self._is_there(start)]
        while stack:
            path = stack.pop()
            kinds = 0
            for pattern in self._patterns:
                matched = pattern.match(path)
                kinds = kinds & ~matched if pattern.negated else kinds | matched
            if not kinds and not any(
                not pattern.negated and pattern.may_match_below(path) for pattern in self._patterns
            ):
                continue
            if self._is_directory(path):
                names = sorted(self._files.list(_join(path)), key=os.fsencode, reverse=True)
                stack += [(*path, name) for name in names]
            elif kinds & FILE and not (self._follow and not self._is_there(path, follow=True)):
                yield _join(path)

    def _is_there(self, path: tuple[str, ...], *, follow: bool = False) -> bool:
        try:
            self._files.stat(_join(path), follow=follow)
        except (OSError, ValueError):
            return False
        return True

    def _is_directory(self, path: tuple[str, ...]) -> bool:
        try:
            found = self._files.stat(_join(path), follow=self._follow)
        except FileNotFoundError:
            return False
        return stat.S_ISDIR(found.st_mode) and not (self._follow and self._is_cycle(path, found))

    def _is_cycle(self, path: tuple[str, ...], found: os.stat_result) -> bool:
        """Whether it is a link to a directory above itself."""
        above = (path[:length] for length in range(len(path)))
        return any(os.path.samestat(self._files.stat(_join(one)), found) for one in above)


def _starts(patterns: Sequence[Pattern]) -> list[tuple[str, ...]]:
    """Where to search, without what lies below another start."""
    starts = [pattern.start for pattern in patterns if not pattern.negated]
    kept: list[tuple[str, ...]] = []
    for start in starts:
        above = any(start[:length] in starts for length in range(len(start)))
        if not above and start not in kept:
            kept.append(start)
    return kept


def _join(path: Sequence[str]) -> str:
    return f'/{"/".join(path)}'
