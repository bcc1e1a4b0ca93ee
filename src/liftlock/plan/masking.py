"""Hides secrets: pure text in, text with `***` out.

Every occurrence counts, also those that overlap; ranges that overlap or touch become one `***`.
Each value is hidden in the encodings in which it is likely to be printed, and each line of a
value by itself. Rules: GitHub's runner (SecretMasker, ValueEncoders, HostContext).

The values are looked for with `str.find`, one after the other: for the few dozen values of a job
that is several times faster than one regular expression of alternatives.
"""

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Final

HIDDEN: Final = '***'

_UNRESERVED: Final = frozenset(
    b'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~'
)
_XML: Final = str.maketrans(
    {'<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;', '&': '&amp;'}
)  # fmt: skip
_SHORTEST_PIECE: Final = 6
_SHORTEST_BASE64: Final = 8


class Masker:
    """The secrets of one job or deployment. It only grows: a mask that was added stays."""

    __slots__ = ('_known', '_values', 'longest')

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._values: dict[str, None] = {}  # a dict, since it grows with every mask by a few only
        self.longest = 0  # characters of the longest value that is looked for

    def add(self, value: str) -> None:
        value = value.strip()
        if not value or value in self._known:
            return
        self._known.add(value)
        pieces = [value]
        if '\n' in value or '\r' in value:
            pieces += [line.strip() for line in value.splitlines()]
        found = {form for piece in pieces if piece for form in _forms(piece)}
        # A log is hidden line by line, so what spans lines can never be met in it.
        found -= {form for form in found if '\n' in form or not form}
        self._values.update(dict.fromkeys(found))
        self.longest = max(self.longest, *map(len, found), 0)

    @property
    def added(self) -> list[str]:
        """What was added, as it was given."""
        return sorted(self._known)

    def hides(self, text: str) -> bool:
        """Whether there is something to hide."""
        return any(value in text for value in self._values)

    def mask(self, text: str) -> str:
        found = [value for value in self._values if value in text]
        if not found:
            return text
        pieces: list[str] = []
        position = 0
        for start, end in _merged(text, found):
            pieces += (text[position:start], HIDDEN)
            position = end
        pieces.append(text[position:])
        return ''.join(pieces)

    def ranges(self, text: str, covered: int = 0) -> list[tuple[int, int]]:
        """What is to be hidden, merged, in order; the first `covered` characters in any case."""
        return _merged(text, [value for value in self._values if value in text], covered)


class Stream:
    """Hides secrets in a text that comes in pieces, and gives no half of a secret away.

    What `feed` and `finish` return, put together, is what `mask` makes of the whole text.
    """

    __slots__ = ('_covered', '_hidden', '_masker', '_text')

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._text = ''
        self._covered = 0  # so many characters of _text are known to be part of a secret
        self._hidden = False  # `***` was the last thing returned

    def feed(self, more: str) -> str:
        self._text += more
        # Whatever begins before this point ends inside the text, so it has been found.
        safe = len(self._text) - max(0, self._masker.longest - 1)
        return self._take(safe) if safe > 0 else ''

    def finish(self) -> str:
        return self._take(len(self._text))

    def _take(self, safe: int) -> str:
        pieces: list[str] = []
        position = 0
        covered = 0
        for start, end in self._masker.ranges(self._text, self._covered):
            if start >= safe:
                break
            pieces.append(self._text[position:start])
            if not (self._hidden and start == 0):
                pieces.append(HIDDEN)
            position = min(end, safe)
            covered = max(0, end - safe)
            self._hidden = True
        if position < safe:
            pieces.append(self._text[position:safe])
            self._hidden = False
        self._text = self._text[safe:]
        self._covered = covered
        return ''.join(pieces)


def _merged(text: str, values: list[str], covered: int = 0) -> list[tuple[int, int]]:
    spots = sorted(_occurrences(text, values))
    merged = [(0, covered)] if covered else []
    for start, end in spots:
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _occurrences(text: str, values: list[str]) -> Iterator[tuple[int, int]]:
    for value in values:
        start = text.find(value)
        while start >= 0:
            yield start, start + len(value)
            start = text.find(value, start + 1)


def _forms(value: str) -> Iterator[str]:
    """The value and its encodings; some may be empty or equal."""
    raw = value.encode('utf-8', 'surrogatepass')
    yield value
    for shift in range(min(3, len(raw))):
        rest = raw[shift:]
        yield b64encode(rest).decode()
        # Beyond GitHub: what follows the secret changes its last letters only.
        whole = b64encode(rest[: len(rest) - len(rest) % 3]).decode()
        if len(whole) >= _SHORTEST_BASE64:
            yield whole
    yield value.replace('"', '\\"')
    yield value.replace("'", "''")
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield ''.join(chr(byte) if byte in _UNRESERVED else f'%{byte:02X}' for byte in raw)
    yield value.translate(_XML)
    if len(value) > 8 and value[0] == value[-1] == '"':
        yield value[1:-1]
    if '&' in value:
        yield from _pieces_around_ampersand(value)


def _pieces_around_ampersand(value: str) -> Iterator[str]:
    """PowerShell prints a command that failed in two pieces, split at `&`, with colours between."""
    at = value.find('&+')
    if at >= 0:
        before, after = value[: at + 2], value[at + 3 :]  # the character in between is coloured
    else:
        at = value.rfind('&')
        before, after = value[: at + 1], value[at + 1 :]
    yield from (piece for piece in (before, after) if len(piece) >= _SHORTEST_PIECE)
