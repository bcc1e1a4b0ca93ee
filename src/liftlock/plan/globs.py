"""Patterns of branches, tags and paths, as `on:` filters know them (not those of a shell).

`*` is anything but a slash, `**` anything at all (and `**/` also no directory at all), `[a-z]` one
of these characters; `?` and `+` repeat what stands before them (once or never; once or more).
A backslash takes the meaning away. Case matters; a leading dot is a character like any other.

In a list of patterns the last one that matches decides, and `!` before a pattern says no.
Source: GitHub's filter pattern cheat sheet.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_DIRECTORIES: Final = '(?:.*/)'


def match(patterns: Iterable[str], text: str) -> bool:
    """Whether the last pattern that matches is a positive one."""
    answer = False
    for pattern in patterns:
        negative = pattern.startswith('!')
        if answer is negative and compiled(pattern[negative:]).fullmatch(text):
            answer = not negative
    return answer


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """One pattern, without its `!`, as a regular expression for the whole text.

    Repetitions of repetitions are merged, or a pattern like `a++++b` would take for ever.
    """
    atoms: list[tuple[str, str]] = []
    position = 0
    while position < len(pattern):
        if pattern[position] in '?+' and atoms:
            atom, repeated = atoms[-1]
            atoms[-1] = atom, _merged(atom, repeated, pattern[position])
            position += 1
        else:
            atom, repeated, position = _atom(pattern, position)
            atoms.append((atom, repeated))
    return re.compile(''.join(atom + repeated for atom, repeated in atoms), re.DOTALL)


def _merged(atom: str, first: str, then: str) -> str:
    if atom == _DIRECTORIES:
        return first
    return then if first in ('', then) else '*'


def _atom(pattern: str, position: int) -> tuple[str, str, int]:
    """The next piece as a regular expression, how often it may stand, and where it ends."""
    character = pattern[position]
    if pattern.startswith('**/', position) and (position == 0 or pattern[position - 1] == '/'):
        return _DIRECTORIES, '?', position + 3
    if pattern.startswith('**', position):
        return '.', '*', position + 2
    if character == '*':
        return '[^/]', '*', position + 1
    if character == '\\' and position + 1 < len(pattern):
        return re.escape(pattern[position + 1]), '', position + 2
    if character == '[':
        return _characters(pattern, position)
    return re.escape(character), '', position + 1


def _characters(pattern: str, position: int) -> tuple[str, str, int]:
    """`[…]`, or a plain bracket where none closes it or a range runs backwards."""
    end = pattern.find(']', position + 2)
    if end < 0:
        return re.escape('['), '', position + 1
    inside = re.sub(r'([\\\[\]^&~|])', r'\\\1', pattern[position + 1 : end])
    try:
        re.compile(f'[{inside}]')
    except re.error:
        return f'(?:{re.escape(pattern[position : end + 1])})', '', end + 1
    return f'[{inside}]', '', end + 1
