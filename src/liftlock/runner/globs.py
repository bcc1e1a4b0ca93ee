"""The patterns of `hashFiles()`, as GitHub's `@actions/glob` reads them.

`*`, `?`, `[…]` and `**` (as a whole segment); `!` takes away what earlier patterns matched; a
pattern also matches everything below a directory that it matches. No braces, no extended globs,
and dot files are files like others.
"""

import re
from collections.abc import Sequence
from typing import Final

from liftlock.language.records import NamedTuple

STAR: Final = '**'
FILE: Final = 1
DIRECTORY: Final = 2


class BadPattern(Exception):
    """The message is GitHub's."""


class Segment(NamedTuple):
    """One part of a path. `literal` is '' when it has wildcards."""

    literal: str
    regexp: re.Pattern[str] | None = None

    def matches(self, name: str) -> bool:
        if self.regexp is None:
            return self.literal == name
        return self.regexp.fullmatch(name) is not None


class Pattern(NamedTuple):
    """`segments` begin at the root of the file system. A None is `**`."""

    segments: tuple[Segment | None, ...]
    negated: bool = False
    directories_only: bool = False
    implicit: bool = False  # the `/**` that every pattern brings along

    def match(self, path: Sequence[str]) -> int:
        """FILE and DIRECTORY, or only one of them, or 0."""
        # The directory itself is the explicit pattern's affair.
        found = _matches(path, self.segments, 0, below=self.implicit)
        if not found:
            return 0
        return DIRECTORY if self.directories_only else FILE | DIRECTORY

    def may_match_below(self, path: Sequence[str]) -> bool:
        return _matches(path, self.segments, 0, partial=True)

    @property
    def start(self) -> tuple[str, ...]:
        """The directory at which the search for it begins."""
        found: list[str] = []
        for segment in self.segments:
            if segment is None or not segment.literal:
                break
            found.append(segment.literal)
        return tuple(found)


def parse(lines: Sequence[str], workspace: str, home: str) -> list[Pattern]:
    """Raises BadPattern."""
    patterns: list[Pattern] = []
    for line in lines:
        text = line.strip()
        if text and not text.startswith('#'):
            patterns += _parse_line(text, workspace, home)
    return patterns


def _parse_line(text: str, workspace: str, home: str) -> list[Pattern]:
    negated = False
    while text.startswith('!'):
        negated = not negated
        text = text[1:].strip()
    only = text.endswith('/') and len(text) > 1
    parts = [part for part in text.split('/') if part]
    if any(part == '..' or (part == '.' and index) for index, part in enumerate(parts)):
        raise BadPattern(f"Invalid pattern '{text}'. Relative pathing '.' and '..' is not allowed.")
    root = () if text.startswith('/') else tuple(part for part in workspace.split('/') if part)
    if parts[:1] == ['.']:
        parts = parts[1:]
    elif parts[:1] == ['~']:
        root, parts = tuple(part for part in home.split('/') if part), parts[1:]
    segments = (
        *(Segment(part) for part in root),
        *(None if part == STAR else _segment(part) for part in parts),
    )
    explicit = Pattern(segments, negated, only)
    if segments and segments[-1] is None and not only:
        return [explicit]
    return [explicit, Pattern((*segments, None), negated, implicit=True)]


_TOKEN: Final = re.compile(r'\\(?P<escaped>.)|\[(?P<set>[!^]?\]?[^\]]*)\]|(?P<other>.)', re.DOTALL)


def _segment(text: str) -> Segment:
    literal: list[str] = []
    regexp: list[str] = []
    wild = False
    for token in _TOKEN.finditer(text):
        if token['set']:
            regexp.append(_set(token['set']))
            wild = True
        elif token['escaped']:
            literal.append(token['escaped'])
            regexp.append(re.escape(token['escaped']))
        elif token[0] in ('*', '?'):
            regexp.append('.*' if token[0] == '*' else '.')
            wild = True
        else:
            literal.append(token[0])
            regexp.append(re.escape(token[0]))
    if not wild:
        return Segment(''.join(literal))
    return Segment('', re.compile(''.join(regexp), re.DOTALL))


def _set(inside: str) -> str:
    negated = inside[0] in '!^'
    letters = inside[1:] if negated else inside
    escaped = re.sub(r'[\[\]\\&|~^]', r'\\\g<0>', letters)
    return f'[{"^" if negated else ""}{escaped}]'


def _matches(
    path: Sequence[str],
    segments: Sequence[Segment | None],
    at: int,
    *,
    partial: bool = False,
    below: bool = False,
) -> bool:
    """Whether the path from `at` on fits the segments.

    With `partial`: whether something below the path could; with `below`, a last `**` must stand
    for something.
    """
    for index, segment in enumerate(segments):
        if segment is None:
            if partial:
                return True
            if index == len(segments) - 1:
                return at < len(path) or not below
            rest = segments[index + 1 :]
            return any(
                _matches(path, rest, skipped, below=below) for skipped in range(at, len(path))
            )
        if at == len(path):
            return partial
        if not segment.matches(path[at]):
            return False
        at += 1
    return at == len(path)
