"""Where a part of a scalar's text stands in the file, whatever its quotes, folds and indentation.

YAML hands over the text without its clothes. Text and file are walked side by side: white space of
one answers to white space of the other, and every other character to itself or to its escape.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from yaml.nodes import ScalarNode

from liftlock.language.source import Span

_PROPERTIES: Final = r'(?:[&!]\S*\s+)*'  # an anchor and a tag
_HEADER: Final = r'[|>].*(?:\r\n|[\r\n\x85\u2028\u2029])'
_BREAK: Final = r'\r\n|[\r\n\x85\u2028\u2029]'
_ESCAPED_SPACE: Final = r'(?:\s|\\[nrt_ ]|\\(?=\r?\n))*'
_ESCAPES: Final = {'x': 2, 'u': 4, 'U': 8}


def parts(source: str, node: ScalarNode, wanted: Sequence[tuple[int, int]]) -> list[Span | None]:
    """The place of each (offset, length) of a scalar's text; None where it cannot be told."""
    raw = source[node.start_mark.index : node.end_mark.index]
    ends = {at for offset, length in wanted for at in (offset, offset + length - 1)}
    found = _Walk(raw, node.style).through(node.value, ends)
    lines = [0, *(match.end() for match in re.finditer(_BREAK, raw))]
    return [
        Span(
            *_place(node, lines, found[offset][0]),
            *_place(node, lines, found[offset + length - 1][1]),
        )
        if length and offset in found and offset + length - 1 in found
        else None
        for offset, length in wanted
    ]


def _beginning(raw: str, style: str | None) -> int:
    """Where the text begins, behind anchor and tag and the opening quote or header."""
    properties = re.match(_PROPERTIES, raw)
    at = properties.end() if properties else 0
    if style in ('|', '>'):
        header = re.compile(_HEADER + r'\s*').match(raw, at)
        return header.end() if header else at
    return at + 1 if style else at


class _Walk:
    """`raw` is the scalar as it stands in the file, `at` how far it has been walked."""

    __slots__ = ('at', 'places', 'raw', 'space', 'style')

    def __init__(self, raw: str, style: str | None) -> None:
        self.raw = raw
        self.style = style
        self.at = _beginning(raw, style)
        self.space = re.compile(_ESCAPED_SPACE if style == '"' else r'\s*')
        self.places: dict[int, tuple[int, int]] = {}

    def through(self, text: str, wanted: AbstractSet[int]) -> Mapping[int, tuple[int, int]]:
        """Where those characters of the text begin and end, as far as text and file agree."""
        last = max(wanted, default=-1)
        for match in re.finditer(r'\s+|\S+', text):
            if match.start() > last:
                break
            word = match[0]
            if word.isspace():
                self._blank(match.start(), len(word))
            elif self.style is None or self.style in '|>':
                if not self.raw.startswith(word, self.at):
                    break
                for offset in wanted & set(range(*match.span())):
                    place = self.at + offset - match.start()
                    self.places[offset] = (place, place + 1)
                self.at += len(word)
            elif not self._quoted(match.start(), word):
                break
        return self.places

    def _blank(self, offset: int, length: int) -> None:
        for each in range(offset, offset + length):
            self.places[each] = (self.at, self.at + 1)
        skipped = self.space.match(self.raw, self.at)
        self.at = skipped.end() if skipped else self.at

    def _quoted(self, offset: int, word: str) -> bool:
        for char in word:
            if self.style == '"' and self.raw.startswith(('\\\n', '\\\r'), self.at):
                self._blank(offset, 0)
            width = _width(self.raw, self.at, char, self.style)
            if width is None:
                return False
            self.places[offset] = (self.at, self.at + width)
            self.at += width
            offset += 1
        return True


def _width(raw: str, at: int, char: str, style: str | None) -> int | None:
    """How many characters of the file stand for this one."""
    if style == "'" and char == "'":
        return 2 if raw.startswith("''", at) else None
    if style == '"' and raw.startswith('\\', at):
        digits = _ESCAPES.get(raw[at + 1 : at + 2], 0)
        if digits:
            code = raw[at + 2 : at + 2 + digits]
            return 2 + digits if f'{ord(char):0{digits}x}' == code.lower() else None
        return 2 if raw.startswith(char, at + 1) else None
    return 1 if raw.startswith(char, at) else None


def _place(node: ScalarNode, lines: Sequence[int], at: int) -> tuple[int, int]:
    """Line and column; `lines` says where each line of the scalar begins."""
    number = bisect_right(lines, at) - 1
    column = at - lines[number] + 1
    return node.start_mark.line + 1 + number, column + (0 if number else node.start_mark.column)
