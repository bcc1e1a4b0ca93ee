"""The text of an `if:`, which is an expression with or without `${{ }}` around it."""

from liftlock.language.expressions.errors import ExpressionError
from liftlock.language.expressions.grammar import Expression, Known, parse
from liftlock.language.expressions.text import Mistake, condition, split
from liftlock.language.expressions.values import SPACE


def read(text: str, known: Known, *, bare: bool) -> Expression | list[Mistake]:
    """`bare` is for the hooks of actions, which are taken as they stand."""
    if not bare:
        return condition(text, known)
    if '${{' in text:
        found = split(text, known)
        return parse(found, known) if isinstance(found, str) else found
    try:
        return parse(text.strip(SPACE), known)
    except ExpressionError as error:
        offset = len(text) - len(text.lstrip(SPACE)) + max(0, error.position - 1)
        return [Mistake(error.message, offset, error.length, error.problem)]
