"""Ids of jobs and steps: what an author may write, and what GitHub makes up where none is written.

Source: IdBuilder and WorkflowTemplateConverter of GitHub's runner.
"""

import re
from typing import Final

LONGEST: Final = 100
_LEGAL: Final = re.compile(r'[A-Za-z_][A-Za-z0-9_-]*')
_ILLEGAL: Final = re.compile(r'[^A-Za-z0-9_-]')
_NAME: Final = re.compile(r'[^/\\]+')


def problem(name: str) -> str:
    """Why this may not be an id; '' if it may."""
    if not _LEGAL.fullmatch(name) or len(name) >= LONGEST:
        return (
            f"The identifier '{name}' is invalid. IDs may only contain alphanumeric characters, "
            "'_', and '-'. IDs must start with a letter or '_' and must be less than "
            f'{LONGEST} characters.'
        )
    if name.startswith('__'):
        return f"The identifier '{name}' is invalid. IDs starting with '__' are reserved."
    return ''


class Identifiers:
    """The ids of one job's steps, told apart without regard to case."""

    __slots__ = ('_numbers', '_taken')

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}  # the last one given, by stem

    def add(self, name: str) -> str:
        """Take an author's id; the answer says what is wrong with it."""
        if wrong := problem(name):
            return wrong
        if name.lower() in self._taken:
            return f"The identifier '{name}' may not be used more than once within the same scope."
        self._taken.add(name.lower())
        return ''

    def known(self, name: str) -> bool:
        return name.lower() in self._taken

    def make(self, word: str) -> str:
        """`__word`, `__word_2` … They start with what no author's id may start with."""
        stem = _ILLEGAL.sub('_', f'__{word}')
        number = self._numbers.get(stem.lower(), 0)
        name = ''
        while not name or name.lower() in self._taken:
            number += 1
            suffix = f'_{number}' if number > 1 else ''
            name = stem[: LONGEST - len(suffix)] + suffix
        self._numbers[stem.lower()] = number
        self._taken.add(name.lower())
        return name


def of_action(reference: str) -> str:
    """The word for a step that uses this: `owner_repo`, `self`, the image, or `run`."""
    if reference.startswith('docker://'):
        return reference.removeprefix('docker://') or 'run'
    if reference.startswith(('./', '.\\')):
        return 'self'
    if reference.startswith('$/'):
        return 'selfRepository'
    parts = repository(reference)
    return '/'.join(parts[:2]) if parts else 'run'


def repository(reference: str) -> tuple[str, ...]:
    """The parts of `owner/repo[/path]@ref` before the ref; () if it is not of that form."""
    path, _, ref = reference.partition('@')
    parts = tuple(_NAME.findall(path))
    return parts if ref and '@' not in ref and len(parts) > 1 else ()
