"""`${{ }}` in what `liftlock.yml` says, filled in when it is needed."""

from collections.abc import Mapping

from liftlock.errors import UserError
from liftlock.language.expressions.errors import ExpressionError
from liftlock.language.expressions.grammar import Known
from liftlock.language.expressions.text import split
from liftlock.language.expressions.values import Scope, Value, to_text


def fill(text: str, contexts: Mapping[str, Value]) -> str:
    """UserError where an expression cannot be evaluated."""
    expression = split(text, Known(frozenset(contexts)))
    if isinstance(expression, str):
        return expression
    if isinstance(expression, list):
        raise UserError(f'"{text}": {expression[0].message}')
    try:
        return to_text(expression.evaluate(Scope(contexts)))
    except ExpressionError as error:
        raise UserError(f'"{text}": {error}') from None


def fill_all(texts: Mapping[str, str], contexts: Mapping[str, Value]) -> dict[str, str]:
    return {name: fill(text, contexts) for name, text in texts.items()}
