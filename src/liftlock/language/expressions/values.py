"""The values of expressions are JSON's: None, bool, float, str, list and dict.

Numbers are always `float` (a double, as on GitHub). Objects are dicts whose keys are looked up
without regard to case; arrays and objects are equal only when they are the same object.
"""

from collections.abc import Callable, Mapping, Sequence
from math import inf, nan
from typing import Final, TypeAlias

from liftlock.language.records import NamedTuple

Value: TypeAlias = 'bool | float | str | list[Value] | dict[str, Value] | None'
Function: TypeAlias = Callable[[Sequence[Value]], Value]
Contexts: TypeAlias = Mapping[str, Value]


class Scope(NamedTuple):
    """What an expression may see: contexts by lower-case name, and functions that need the world.

    `functions` holds what the pure language cannot know: `hashFiles`, and the status functions
    `success`, `failure`, `always`, `cancelled`; by lower-case name.
    """

    contexts: Contexts
    functions: Mapping[str, Function] = {}


class Filtered(list[Value]):
    """What `.*` gives: an array that passes a further index on to its items."""

    __slots__ = ()


# What .NET calls white space; Python's own strip() and \s take four control characters more.
SPACE: Final = (
    '\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009'
    '\u200a\u2028\u2029\u202f\u205f\u3000'
)

_KINDS: Final[dict[type, str]] = {
    type(None): 'Null',
    bool: 'Boolean',
    float: 'Number',
    int: 'Number',
    str: 'String',
    list: 'Array',
    Filtered: 'Array',
    dict: 'Object',
}
_BASES: Final = {'0x': 16, '0o': 8}
_WORDS: Final = {'infinity': inf, '+infinity': inf, '-infinity': -inf}
_KEPT: Final = '\u0131\u017f'  # dotless i and long s stay themselves when cases are ignored


def kind(value: Value) -> str:
    """Null, Boolean, Number, String, Array or Object."""
    return _KINDS[type(value)]


def primitive(value: Value) -> bool:
    return not isinstance(value, list | dict)


def truthy(value: Value) -> bool:
    """False for null, false, 0, NaN and ''; arrays and objects are true even when empty."""
    if value.__class__ is str or value.__class__ is bool:
        return bool(value)
    if isinstance(value, float):
        return value == value and value != 0
    return bool(value) or isinstance(value, list | dict)


def to_text(value: Value) -> str:
    """The string that a value becomes: `1.5`, `true`, ``, `Object`."""
    if isinstance(value, str):
        return value
    if value is None:
        return ''
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, float | int):
        return _number_text(value)
    return 'Array' if isinstance(value, list) else 'Object'


def _number_text(number: float) -> str:
    """.NET's format G15 in the invariant culture, with the minus of zero dropped."""
    if number != number:
        return 'NaN'
    if number in (inf, -inf):
        return 'Infinity' if number > 0 else '-Infinity'
    return f'{number or 0.0:.15g}'.replace('e', 'E')


def to_number(value: Value) -> float:
    """The number that a value becomes; NaN where it is none."""
    if isinstance(value, str):
        return parse_number(value)
    if value is None:
        return 0.0
    if isinstance(value, bool | float | int):
        return float(value)
    return nan


def parse_number(text: str) -> float:
    """Decimal, `0x` or `0o` (both as signed 32 bits), Infinity, or nothing at all, which is 0."""
    text = text.strip(SPACE)
    if not text:
        return 0.0
    word = text.lower()
    if word in _WORDS:
        return _WORDS[word]
    if not text.isascii() or '_' in text or 'n' in word:
        return nan  # Python would take 1_000, inf and other alphabets' digits
    try:
        return _signed(text[2:], _BASES[text[:2]]) if text[:2] in _BASES else float(text)
    except ValueError:
        return nan


def _signed(digits: str, base: int) -> float:
    """32 bits as a signed number."""
    bits = int(digits, base) if digits.isalnum() else 1 << 32
    if bits >= 1 << 32:
        return nan
    return float(bits - (1 << 32) if bits >= 1 << 31 else bits)


def fold(text: str) -> str:
    """The text in capitals, letter by letter: two texts are equal to GitHub when these are."""
    capitals = text.upper()
    if text.isascii() or (
        len(capitals) == len(text) and not any(letter in text for letter in _KEPT)
    ):
        return capitals
    return ''.join(map(_capital, text))


def _capital(letter: str) -> str:
    """One letter stays one letter: ß has no capital of its own."""
    if letter in _KEPT:
        return letter
    capital = letter.upper()
    if len(capital) > 1:
        capital = letter.title()
    return capital if len(capital) == 1 else letter


def equal(left: Value, right: Value) -> bool:
    """`==`: texts without regard to case; different kinds are compared as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left == right or (len(left) == len(right) and fold(left) == fold(right))
    if left is right:
        return left == left  # NaN is not even equal to itself
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        return False
    return to_number(left) == to_number(right)


def less(left: Value, right: Value) -> bool:
    """`<`: as `==`; what cannot be ordered is not less."""
    if isinstance(left, str) and isinstance(right, str):
        return _rank(left) < _rank(right)
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        return False
    return to_number(left) < to_number(right)


def _rank(text: str) -> bytes:
    """Texts are ordered by the UTF-16 units of their capitals."""
    return fold(text).encode('utf-16-be', 'surrogatepass')


def find(entries: Mapping[str, Value], key: str, missing: Value = None) -> Value:
    """The entry of an object under a key, whatever its case."""
    if key in entries:
        return entries[key]
    folded, length = fold(key), len(key)
    for name in entries:
        if len(name) == length and fold(name) == folded:
            return entries[name]
    return missing


def units(text: str) -> int:
    """The length of a text as .NET counts it: in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode('utf-16-le', 'surrogatepass')) // 2
