"""`format`: a text with `{0}`, `{1}` … in it, cut into its pieces."""

import re
from typing import Final, TypeAlias

from liftlock.language.expressions.errors import ExpressionError
from liftlock.language.expressions.values import Value, kind
from liftlock.language.records import NamedTuple


class Hole(NamedTuple):
    argument: int
    specifier: str = ''


Piece: TypeAlias = str | Hole

_BRACE: Final = re.compile(
    r'([^{}]*)'
    r'(?:\{(\{)|\}(\})|\{0*([0-9]{1,3})(?::((?:[^}]|\}\})*)\}(?!\})|\})|([{}])|\Z)',
)


def cut(text: str, arguments: int) -> list[Piece]:
    """The literal pieces and the holes, in order. Raises ExpressionError for a bad text."""
    cut: list[Piece] = []
    at = 0
    while at < len(text):
        match = _BRACE.match(text, at)
        assert match is not None
        before, left, right, number, specifier, bad = match.groups()
        if bad or (number and int(number) > 255):
            raise ExpressionError(f'The following format string is invalid: {text}')
        if number and int(number) >= arguments:
            raise ExpressionError(
                f'The following format string references more arguments than were supplied: {text}'
            )
        literal = before + (left or right or '')
        if literal:
            cut.append(literal)
        if number:
            cut.append(Hole(int(number), (specifier or '').replace('}}', '}')))
        at = match.end()
    return cut


def refuse(specifier: str, value: Value) -> ExpressionError:
    return ExpressionError(
        f"The format specifiers '{specifier}' are not valid for objects of type '{kind(value)}'"
    )
