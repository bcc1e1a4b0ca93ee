"""`fromJSON`: JSON, and what else Newtonsoft's reader takes for it.

Well-formed JSON goes through the standard library. The rest is read here: comments, single quotes,
bare names, commas too many, numbers in base 8 and 16, `undefined`. Only the first value of the
text is read; what follows it is not looked at.
"""

import json
import re
from math import inf, nan
from typing import Final

from liftlock.language.expressions.errors import ExpressionError
from liftlock.language.expressions.values import Value, find

DEEPEST: Final = 64

_BLANK: Final = re.compile(r'(?:[ \t\r\n\x0b\x0c\x85\xa0]+|//[^\r\n]*|/\*.*?\*/)*', re.DOTALL)
_STRING: Final = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"|\'([^\'\\]*(?:\\.[^\'\\]*)*)\'', re.DOTALL)
_ESCAPE: Final = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(.))', re.DOTALL)
_ESCAPES: Final = {
    'b': '\b', 't': '\t', 'n': '\n', 'f': '\f', 'r': '\r', '\\': '\\', '"': '"', "'": "'", '/': '/',
}  # fmt: skip
_SURROGATES: Final = re.compile('[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]')
_NUMBER: Final = re.compile(r'-?[0-9.][0-9a-fA-FxX.+-]*')
_DECIMAL: Final = re.compile(r'-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|0*\.[0-9]+)(?:[eE][-+]?[0-9]+)?')
_NAME: Final = re.compile(r'[A-Za-z0-9_$]+')
_WORD: Final = re.compile(r'null|true|false|NaN|Infinity|-Infinity|undefined')
_WORDS: Final[dict[str, Value]] = {
    'null': None,
    'true': True,
    'false': False,
    'NaN': nan,
    'Infinity': inf,
    '-Infinity': -inf,
    'undefined': '',
}
_NESTING: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|([\[{])|([\]}])', re.DOTALL)


def read(text: str) -> Value:
    """The value of a JSON text. Raises ExpressionError."""
    if '\\u' not in text and _depth(text) <= DEEPEST:
        try:
            value: Value = _STRICT.decode(text)
            return value
        except ValueError:
            pass  # then it is read more leniently
    return Text(text).read()


def strict(text: str) -> Value:
    """The value of well-formed JSON and nothing else. Raises ValueError."""
    if _depth(text) > 100:
        raise ValueError('nested deeper than 100 levels')
    value: Value = _STRICT.decode(text)
    return value


def _depth(text: str) -> int:
    """How deep a text nests, if it is JSON."""
    if text.count('[') + text.count('{') <= DEEPEST:
        return 0
    depth = deepest = 0
    for match in _NESTING.finditer(text):
        if match[1]:
            depth += 1
            deepest = max(deepest, depth)
        elif match[2]:
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    """Of keys that are equal the last wins, of keys that differ in case only the first."""
    entries = dict(pairs)
    if len({name.lower() for name in entries}) == len(entries):
        return entries
    kept: dict[str, Value] = {}
    for name, value in entries.items():
        if find(kept, name, _NONE) is _NONE:
            kept[name] = value
    return kept


_NONE: Final[list[Value]] = []
_STRICT: Final = json.JSONDecoder(parse_int=float, object_pairs_hook=_object)


class Text:
    """A text and how far it has been read."""

    __slots__ = ('at', 'source')

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0

    def read(self) -> Value:
        if not self.peek():
            raise self.bad()
        return self.value(1)

    def bad(self) -> ExpressionError:
        found = self.source[self.at : self.at + 1]
        what = f"unexpected '{found}' at position {self.at + 1}" if found else 'unexpected end'
        return ExpressionError(f'Error parsing fromJson: {what}')

    def peek(self) -> str:
        """The next character that is neither blank nor comment; '' at the end."""
        blank = _BLANK.match(self.source, self.at)
        assert blank is not None
        self.at = blank.end()
        return self.source[self.at : self.at + 1]

    def value(self, depth: int) -> Value:
        sign = self.peek()
        if sign and sign in '[{':
            if depth > DEEPEST:
                raise ExpressionError(
                    f'Error parsing fromJson: nested deeper than {DEEPEST} levels'
                )
            self.at += 1
            return self.array(depth) if sign == '[' else self.object(depth)
        if sign and sign in '"\'':
            return self.string()
        if sign == ',':
            return ''  # nothing stands here; the comma belongs to whoever asked
        if word := _WORD.match(self.source, self.at):
            self.at = word.end()
            if not _NAME.match(self.source, self.at):
                return _WORDS[word[0]]
            raise self.bad()
        return self.number()

    def array(self, depth: int) -> Value:
        items: list[Value] = []
        while self.peek() != ']':
            items.append(self.value(depth + 1))
            if not self.another(']'):
                break
        self.at += 1
        return items

    def object(self, depth: int) -> Value:
        pairs: list[tuple[str, Value]] = []
        while self.peek() != '}':
            name = self.name()
            if self.peek() != ':':
                raise self.bad()
            self.at += 1
            pairs.append((name, self.value(depth + 1)))
            if not self.another('}'):
                break
        self.at += 1
        return _object(pairs)

    def another(self, closing: str) -> bool:
        """Whether a comma follows; else the closing must."""
        sign = self.peek()
        if sign == ',':
            self.at += 1
            return True
        if sign != closing:
            raise self.bad()
        return False

    def name(self) -> str:
        if self.peek() in ('"', "'"):
            return self.string()
        bare = _NAME.match(self.source, self.at)
        if bare is None:
            raise self.bad()
        self.at = bare.end()
        return bare[0]

    def string(self) -> str:
        match = _STRING.match(self.source, self.at)
        if match is None:
            raise self.bad()
        self.at = match.end()
        body = match[1] if match[1] is not None else match[2]
        return body if '\\' not in body else _SURROGATES.sub(_pair, _ESCAPE.sub(_character, body))

    def number(self) -> float:
        match = _NUMBER.match(self.source, self.at)
        if match is None:
            raise self.bad()
        number = _number(match[0])
        if number is None:
            raise self.bad()
        self.at = match.end()
        return number


def _character(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    if escape[2] not in _ESCAPES:
        raise ExpressionError(f"Error parsing fromJson: bad escape sequence '\\{escape[2]}'")
    return _ESCAPES[escape[2]]


def _pair(found: re.Match[str]) -> str:
    """Two surrogates are one character; one alone is none."""
    text = found[0]
    if len(text) == 1:
        return '\ufffd'
    return text.encode('utf-16-le', 'surrogatepass').decode('utf-16-le')


def _number(text: str) -> float | None:
    if _DECIMAL.fullmatch(text):
        return float(text)
    base = 16 if text[:2] in ('0x', '0X') else 8 if text[:1] == '0' else 0
    try:
        return float(int(text, 16) if base == 16 else int(text, 8)) if base else None
    except ValueError:
        return None
