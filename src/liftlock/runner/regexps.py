"""Problem matchers are written in ECMAScript's regular expressions; Python's differ a little.

Translated: named groups and references to them, `[^]` and `[]`, escapes of letters that mean the
letter itself, and characters inside `[…]` that Python would warn about. Not translated, because
Python has no like: look-behinds of variable width.
"""

import re
from collections.abc import Generator, Iterator
from typing import Final

_KNOWN_ESCAPES: Final = frozenset('bBdDsSwWfnrtvxu0123456789')
_TOKEN: Final = re.compile(
    r"""
      \\k<(?P<again>\w+)>
    | \\c(?P<control>[A-Za-z])
    | (?P<escape>\\.)
    | (?P<nothing>\[\])
    | (?P<anything>\[\^\])
    | (?P<open>\[\^?)
    | (?P<brace>\{)(?=,\d*\})
    | \(\?<(?P<named>\w+)>
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_CLASS_TOKEN: Final = re.compile(
    r'\\c(?P<control>[A-Za-z])|(?P<escape>\\.)|(?P<other>.)', re.DOTALL
)


class BadRegexp(Exception):
    """The message says what is wrong with the expression."""


def compile_ecmascript(source: str) -> re.Pattern[str]:
    """Raises BadRegexp."""
    try:
        return re.compile(''.join(_translate(source)), re.ASCII)
    except re.error as error:
        raise BadRegexp(f"Invalid regular expression '{source}': {error}") from None


def _translate(source: str) -> Iterator[str]:
    position = 0
    while position < len(source):
        token = _TOKEN.match(source, position)
        if not token:  # a lone backslash at the end
            yield source[position:]
            return
        position = token.end()
        kind, text = token.lastgroup, token[token.lastgroup or 0]
        if kind == 'open':
            yield text
            position = yield from _translate_class(source, position)
        else:
            yield _plain(kind, text)


def _plain(kind: str | None, text: str) -> str:
    match kind:
        case 'again':
            return f'(?P={text})'
        case 'named':
            return f'(?P<{text}>'
        case 'control':
            return re.escape(chr(ord(text) % 32))
        case 'brace':
            return r'\{'
        case 'nothing':
            return '(?!)'
        case 'anything':
            return r'[\s\S]'
        case 'escape':
            return _escape(text)
        case _:
            return text


def _escape(text: str) -> str:
    letter = text[1]
    if letter == 'e':  # .NET's, and common in matchers for coloured output
        return r'\x1b'
    return text if letter in _KNOWN_ESCAPES or not letter.isalpha() else letter


def _translate_class(source: str, position: int) -> Generator[str, None, int]:
    """The inside of `[…]`; returns where it goes on."""
    while position < len(source):
        token = _CLASS_TOKEN.match(source, position)
        if not token:
            break
        position = token.end()
        if token['other']:
            letter = token['other']
            yield f'\\{letter}' if letter in '[&|~' else letter
            if letter == ']':
                break
        else:
            yield _plain(token.lastgroup, token[token.lastgroup or 0])
    return position
