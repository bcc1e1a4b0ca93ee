"""Names that may be misspelt: it is told, and what was asked for is done all the same."""

import sys
from collections.abc import Callable, Iterable
from typing import Final

from liftlock.errors import UserError
from liftlock.language.nearest import suggestion

MANY: Final = 5  # names that fit on a line


def environment(name: str, known: Iterable[str]) -> None:
    """`known` are those that `liftlock.yml` declares; if none, whatever is asked for is meant."""
    there = list(known)
    if there and not _among(name, there):
        _note(f'liftlock.yml has no environment "{name}", but {", ".join(there)}')


def repository(name: str, known: Callable[[], Iterable[str]]) -> None:
    """`known` are those that are registered or have run. A pattern is taken as it is."""
    if '*' in name:
        return
    try:
        there = list(known())
    except UserError:
        return  # he may do this, but not look there
    if not _among(name, there):
        others = f': {", ".join(there)}' if 0 < len(there) <= MANY else ''
        hint = suggestion(name, there, f'those that are known{others}' if others else '')
        _note(f'no repository "{name}" is known yet' + (f' ({hint})' if hint else ''))


def _among(name: str, known: Iterable[str]) -> bool:
    return name.lower() in map(str.lower, known)


def _note(text: str) -> None:
    print(f'liftlock: note: {text}', file=sys.stderr)
