"""Tokens into values of the kind that a place wants, with GitHub's refusal where they are not.

A scalar becomes text where text is wanted; text never becomes a boolean or a number, so
`timeout-minutes: ${{ '10' }}` is refused (`fromJSON` is the way).
"""

from liftlock.language.expressions.errors import ExpressionError
from liftlock.language.expressions.values import Scope, Value, to_text
from liftlock.language.resolve import resolve
from liftlock.language.source import Span
from liftlock.language.template import Token


class Unusable(Exception):
    """A value that cannot stand where it does. As text it names the file and the place."""

    def __init__(self, file: str, span: Span, message: str) -> None:
        super().__init__(f'{place(file, span)}: {message}')
        self.span = span
        self.message = message


def place(file: str, span: Span) -> str:
    return f'{file} (Line: {span.line}, Col: {span.column})'


class Evaluator:
    """Evaluates the tokens of one file in one set of contexts."""

    __slots__ = ('file', 'scope')

    def __init__(self, file: str, contexts: dict[str, Value]) -> None:
        self.file = file
        self.scope = Scope(contexts)

    def value(self, token: Token) -> Value:
        try:
            return resolve(token, self.scope)
        except ExpressionError as error:
            raise self.unusable(token, error.message) from error

    def text(self, token: Token) -> str:
        value = self.value(token)
        if isinstance(value, dict | list):
            raise self.unusable(token, 'A mapping or a sequence was not expected')
        return to_text(value)

    def boolean(self, token: Token | None, default: bool) -> bool:
        if token is None:
            return default
        return self.as_boolean(token, self.value(token))

    def as_boolean(self, token: Token, value: Value) -> bool:
        if not isinstance(value, bool):
            raise self.unusable(token, f"Unexpected value '{to_text(value)}'")
        return value

    def number(self, token: Token | None, default: int) -> int:
        """Cut to a whole number, as GitHub does."""
        if token is None:
            return default
        return self.as_number(token, self.value(token))

    def as_number(self, token: Token, value: Value) -> int:
        if isinstance(value, bool) or not isinstance(value, float):
            raise self.unusable(token, f"Unexpected value '{to_text(value)}'")
        return int(value)

    def unusable(self, token: Token, message: str) -> Unusable:
        return Unusable(self.file, token.span, message)
