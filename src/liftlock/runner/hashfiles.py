"""`hashFiles()`: the sha256 of the sha256 digests of all matching files, in GitHub's order.

Depth first, entries of a directory in the order of their bytes, search roots in the order of the
patterns. Only files inside the workspace count; a link counts as what it points to, and is only
descended into when asked.
"""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH110, PTH112, PTH114, PTH116, PTH120, PTH123, PTH208

import os
import stat
import time
from collections.abc import Iterator, Sequence
from typing import Final

from liftlock.language.expressions.errors import ExpressionError
from liftlock.runner.globs import FILE, BadPattern, Pattern, parse

FOLLOW: Final = '--follow-symbolic-links'
LONGEST: Final = 120.0  # seconds
_BLOCK: Final = 1 << 20


def hash_files(arguments: Sequence[str], workspace: str, home: str) -> str:
    """Hexadecimal digest, '' when nothing matches. Raises ExpressionError."""
    import hashlib

    follow = bool(arguments) and arguments[0].lower() == FOLLOW
    lines = [line for text in arguments[follow:] for line in text.split('\n')]
    shown = ', '.join(arguments)
    deadline = time.monotonic() + LONGEST
    whole = hashlib.sha256()
    found = False
    try:
        for path in _files(parse(lines, workspace, home), follow=follow):
            if not path.startswith(f'{workspace}/') or os.path.isdir(path):
                continue
            found = True
            one = hashlib.sha256()
            with open(path, 'rb', buffering=0) as file:
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


def _files(patterns: Sequence[Pattern], *, follow: bool) -> Iterator[str]:
    """Matching files. The stack's last entry comes next."""
    stack = [start for start in reversed(_starts(patterns)) if os.path.lexists(_join(start))]
    while stack:
        path = stack.pop()
        kinds = 0
        for pattern in patterns:
            matched = pattern.match(path)
            kinds = kinds & ~matched if pattern.negated else kinds | matched
        if not kinds and not any(
            not pattern.negated and pattern.may_match_below(path) for pattern in patterns
        ):
            continue
        if _is_directory(path, follow=follow):
            names = sorted(os.listdir(_join(path)), key=os.fsencode, reverse=True)
            stack += [(*path, name) for name in names]
        elif kinds & FILE and not (follow and not os.path.exists(_join(path))):
            yield _join(path)


def _is_directory(path: tuple[str, ...], *, follow: bool) -> bool:
    joined = _join(path)
    try:
        mode = os.stat(joined, follow_symlinks=follow).st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(mode):
        return False
    return not (follow and os.path.islink(joined) and _is_cycle(joined))


def _is_cycle(path: str) -> bool:
    """Whether the link leads to a directory above itself."""
    target = os.path.realpath(path)
    above = os.path.realpath(os.path.dirname(path))
    return above == target or above.startswith(f'{target.rstrip("/")}/')


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
