"""Patterns of branches, tags and paths, as `on:` filters know them (not those of a shell).

`*` is anything but a slash, `**` anything at all (and `**/` also no directory at all), `[a-z]` one
of these characters; `?` and `+` repeat what stands before them (once or never; once or more).
A backslash takes the meaning away. Case matters; a leading dot is a character like any other.

In a list of patterns the last one that matches decides, and `!` before a pattern says no.

Whoever proposes a change writes both the patterns and the paths, and is matched before anybody has
looked at it. So nothing is tried twice here: a text leads through all states of its pattern side by
side, one a bit, in a time that grows with their lengths alone. A regular expression takes for ever
for `*a*a*a*a*a*a*a*b`.
Source: GitHub's filter pattern cheat sheet.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from liftlock.language.records import NamedTuple

_ANY: Final = re.compile('.', re.DOTALL)
_NONE: Final = re.compile('(?!)')
_SLASH: Final = re.compile('/')
_PLAIN: Final = re.compile(r'[^*?+\[\\]*')
_DIRECTORIES: Final = '**/'  # an atom, as no character is written


class Glob(NamedTuple):
    """State n of a text is that the first n atoms have been met; each atom is met by one character.

    A state that `stays` is not left by its character; one that `skips` may be left by none; from
    one that `leaps` the next three are left out. Each is a set of states. `prefix` is what all
    texts begin with.
    """

    atoms: tuple[re.Pattern[str], ...]
    stays: int
    skips: int
    leaps: int
    prefix: str
    known: dict[str, int]

    def matches(self, text: str) -> bool:
        if not text.startswith(self.prefix):
            return False
        states = self._closed(1)
        for character in text:
            met = states & self._meets(character)
            states = self._closed(met & self.stays | (met & ~self.stays) << 1)
            if not states:
                return False
        return bool(states >> len(self.atoms) & 1)

    def _meets(self, character: str) -> int:
        """The states that may be left by it."""
        if character in self.known:
            return self.known[character]
        found = sum(1 << n for n, atom in enumerate(self.atoms) if atom.match(character))
        if character.isascii():
            self.known[character] = found
        return found

    def _closed(self, states: int) -> int:
        """With those that no character more leads to."""
        return self._flooded(states | (states & self.leaps) << 3)

    def _flooded(self, states: int) -> int:
        """Through every run of states that may be skipped, by the carry of one addition."""
        return states | (((states & self.skips) + self.skips) ^ self.skips)


def match(patterns: Iterable[str], text: str) -> bool:
    """Whether the last pattern that matches is a positive one."""
    answer = False
    for pattern in patterns:
        negative = pattern.startswith('!')
        if answer is negative and compiled(pattern[negative:]).matches(text):
            answer = not negative
    return answer


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Glob:
    """One pattern, without its `!`."""
    atoms: list[re.Pattern[str]] = []
    sets = {'stays': 0, 'skips': 0, 'leaps': 0}

    def add(atom: re.Pattern[str], *kinds: str) -> None:
        for kind in kinds:
            sets[kind] |= 1 << len(atoms)
        atoms.append(atom)

    for atom, repeated in _atoms(pattern):
        if atom == _DIRECTORIES:  # nothing at all, or anything that ends in a slash
            add(_NONE, 'skips', 'leaps')
            add(_ANY, 'stays', 'skips')
            add(_SLASH)
            continue
        one = re.compile(atom, re.DOTALL)
        if repeated in ('', '+'):
            add(one)
        if repeated in ('*', '+'):
            add(one, 'stays', 'skips')
        if repeated == '?':
            add(one, 'skips')
    return Glob(tuple(atoms), **sets, prefix=_prefix(pattern), known={})


def _prefix(pattern: str) -> str:
    found = _PLAIN.match(pattern)
    assert found is not None
    repeated = pattern[found.end() : found.end() + 1] in ('?', '+')
    return found[0][:-1] if repeated else found[0]


def _atoms(pattern: str) -> list[tuple[str, str]]:
    """Each with how often it may stand: '', ?, + or *; repetitions of repetitions are merged."""
    atoms: list[tuple[str, str]] = []
    position = 0
    while position < len(pattern):
        if pattern[position] in '?+' and atoms:
            atom, repeated = atoms[-1]
            atoms[-1] = atom, _merged(repeated, pattern[position])
            position += 1
            continue
        atom, repeated, position = _atom(pattern, position)
        if atom != _DIRECTORIES or atoms[-1:] != [(atom, repeated)]:
            atoms.append((atom, repeated))
    return atoms


def _merged(first: str, then: str) -> str:
    return then if first in ('', then) else '*'


def _atom(pattern: str, position: int) -> tuple[str, str, int]:
    """The next piece as a regular expression, how often it may stand, and where it ends."""
    character = pattern[position]
    if pattern.startswith('**/', position) and (position == 0 or pattern[position - 1] == '/'):
        return _DIRECTORIES, '', position + 3
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
        return re.escape('['), '', position + 1
    return f'[{inside}]', '', end + 1
