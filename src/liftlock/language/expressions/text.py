"""The text of a YAML scalar with `${{ }}` inside, read as GitHub reads it.

Texts around expressions become one call of `format`, so that a scalar is always one literal or one
expression. Every expression of a text is judged; GitHub stops at the first mistake.
"""

import re
from typing import Final, TypeAlias

from liftlock.language.expressions.errors import ExpressionError
from liftlock.language.expressions.grammar import Expression, Known, compose, guard, parse
from liftlock.language.expressions.nodes import Constant
from liftlock.language.expressions.values import SPACE
from liftlock.language.records import NamedTuple


class Mistake(NamedTuple):
    """`offset` counts characters of the scalar's text from 0; `length` is 0 for all of it.

    `problem` is the bare finding, as in ExpressionError.
    """

    message: str
    offset: int
    length: int = 0
    problem: str = ''


Reading: TypeAlias = str | Expression | list[Mistake]

OPEN: Final = '${{'
EMPTY: Final = 'An expression was expected'
UNCLOSED: Final = (
    'The expression is not closed. An unescaped ${{ sequence was found, '
    'but the closing }} sequence was not found.'
)
FORBIDDEN: Final = 'A template expression is not allowed in this context'
DIRECTIVE: Final = "The expression directive 'insert' is not supported in this context"
INLINE: Final = (
    "The directive 'insert' is not allowed in this context. Directives are not supported for "
    'expressions that are embedded within a string. Directives are only supported when the entire '
    'value is an expression.'
)

STATUS: Final = frozenset({'always', 'cancelled', 'failure', 'success'})

# A quote opens and closes a string; `}}` inside one closes nothing.
# No possessive groups here or in the other patterns: before CPython 3.11.5 they match wrongly.
_CLOSED: Final = re.compile(r"\$\{\{([^'}]*(?:(?:'[^']*'|\}(?!\}))[^'}]*)*)\}\}")
_KEPT: Final = 10_000
_readings: dict[tuple[str, Known], Reading] = {}


def split(text: str, known: Known) -> Reading:
    """A literal, or one expression: text around `${{ }}` becomes a call of `format`.

    A lone `${{ 'text' }}` is a literal too. Mistakes come as a list that is never empty.
    """
    if OPEN not in text:
        return text
    question = (text, known)
    reading = _readings.get(question)
    if reading is None:
        if len(_readings) >= _KEPT:
            _readings.clear()
        reading = _readings[question] = _split(text, known)
    return reading


def condition(text: str, known: Known) -> Expression | list[Mistake]:
    """The text of an `if:`, with `success() && (…)` put around unless a status is asked for."""
    reading = split(text, known)
    if isinstance(reading, list):
        return reading
    if isinstance(reading, str):
        if not reading.strip(SPACE):
            return parse('success()', known)
        try:
            reading = parse(reading, known)
        except ExpressionError as error:
            return [_mistake(error, 0 if OPEN not in text else text.index(OPEN))]
    return reading if reading.calls & STATUS else guard(reading)


def parts(text: str, known: Known) -> list[tuple[Expression, int]]:
    """Each well-formed `${{ }}` by itself, with its offset in the text: for checks of a text."""
    found = []
    for closed in _CLOSED.finditer(text):
        part = _part(closed[1], closed.start(), known)
        if isinstance(part, Expression):
            found.append((part, closed.start(1) + _lead(closed[1])))
    return found


def inserts(text: str) -> bool:
    """Whether a mapping's key is `${{ insert }}`."""
    return text.startswith(OPEN) and text[3:-2].strip(SPACE) == 'insert' and text.endswith('}}')


def _split(text: str, known: Known) -> Reading:
    if inserts(text):
        return [Mistake(DIRECTIVE, 0, len(text))]
    literals: list[str] = []  # the text before each expression, and after the last
    parts: list[Expression] = []
    mistakes: list[Mistake] = []
    at = 0
    while (start := text.find(OPEN, at)) >= 0:
        closed = _CLOSED.match(text, start)
        if closed is None:
            return [*mistakes, Mistake(UNCLOSED, start, len(OPEN))]
        literals.append(text[at:start])
        at = closed.end()
        part = _part(closed[1], start, known)
        if isinstance(part, Mistake):
            mistakes.append(part)
        else:
            parts.append(part)
    literals.append(text[at:])
    if mistakes:
        return mistakes
    if len(parts) == 1 and not any(literals):
        return _alone(parts[0], text, known)
    return _mixed(literals, parts, text, known)


def _part(inside: str, start: int, known: Known) -> Expression | Mistake:
    source = inside.strip(SPACE)
    if not source:
        return Mistake(EMPTY, start, len(inside) + len(OPEN) + 2)
    if source == 'insert':
        return Mistake(INLINE, start + len(OPEN) + _lead(inside), len(source))
    try:
        return parse(source, known)
    except ExpressionError as error:
        return _mistake(error, start + len(OPEN) + _lead(inside))


def _lead(inside: str) -> int:
    """How much white space comes first."""
    return len(inside) - len(inside.lstrip(SPACE))


def _mistake(error: ExpressionError, offset: int) -> Mistake:
    place = offset + max(error.position - 1, 0)
    return Mistake(error.message, place, error.length, error.problem)


def _alone(part: Expression, text: str, known: Known) -> Reading:
    tree = part.tree
    if isinstance(tree, Constant) and isinstance(tree.value, str) and part.source[0] == "'":
        return tree.value
    return _allowed(part, text, known)


def _mixed(literals: list[str], parts: list[Expression], text: str, known: Known) -> Reading:
    template = ''.join(
        f'{literal}{{{number}}}' for number, literal in enumerate(map(_braced, literals[:-1]))
    ) + _braced(literals[-1])
    try:
        return _allowed(compose(template, parts, known), text, known)
    except ExpressionError as error:
        return [Mistake(error.message, text.index(OPEN))]


def _braced(literal: str) -> str:
    return literal.replace('{', '{{').replace('}', '}}')


def _allowed(expression: Expression, text: str, known: Known) -> Reading:
    """Where no context and no function is known, no expression may stand at all."""
    if known.anything or known.names or known.functions:
        return expression
    start = text.index(OPEN)
    closed = _CLOSED.match(text, start)
    return [Mistake(FORBIDDEN, start, closed.end() - start if closed else 0)]
