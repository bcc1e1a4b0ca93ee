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
    """One pattern, without its `!`, as a regular expression for the whole text."""
    atoms: list[str] = []
    position = 0
    while position < len(pattern):
        atom, position = _atom(pattern, position)
        if atom in ('?', '+') and atoms:
            atoms[-1] = f'(?:{atoms[-1]}){atom}'
        else:
            atoms.append(re.escape(atom) if atom in ('?', '+') else atom)
    return re.compile(''.join(atoms), re.DOTALL)


def _atom(pattern: str, position: int) -> tuple[str, int]:
    """The next piece as a regular expression (a bare `?` or `+` as it is), and where it ends."""
    character = pattern[position]
    if pattern.startswith('**/', position) and (position == 0 or pattern[position - 1] == '/'):
        return '(?:.*/)?', position + 3
    if pattern.startswith('**', position):
        return '.*', position + 2
    if character == '*':
        return '[^/]*', position + 1
    if character == '\\' and position + 1 < len(pattern):
        return re.escape(pattern[position + 1]), position + 2
    if character == '[':
        return _characters(pattern, position)
    return (character if character in '?+' else re.escape(character)), position + 1


def _characters(pattern: str, position: int) -> tuple[str, int]:
    """`[…]`, or a plain bracket where none closes it or a range runs backwards."""
    end = pattern.find(']', position + 2)
    if end < 0:
        return re.escape('['), position + 1
    inside = re.sub(r'([\\\[\]^&~|])', r'\\\1', pattern[position + 1 : end])
    try:
        re.compile(f'[{inside}]')
    except re.error:
        return re.escape(pattern[position : end + 1]), end + 1
    return f'[{inside}]', end + 1
