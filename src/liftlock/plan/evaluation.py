"""Tokens into values of the kind that a place wants, and whose mistake it is where they are not."""

from liftlock.language.expressions.values import Scope, Value, to_text
from liftlock.language.resolve import (
    TemplateError,
    resolve,
    resolve_boolean,
    resolve_number,
    resolve_text,
)
from liftlock.language.source import Span
from liftlock.language.template import Computed, Insert, Literal, Mapping, Token


class Unusable(Exception):
    """A value that cannot stand where it does. As text it names the file and the place."""

    def __init__(self, file: str, span: Span, message: str) -> None:
        super().__init__(f'{place(file, span)}: {message}')
        self.span = span
        self.message = message


def place(file: str, span: Span) -> str:
    return f'{file} (Line: {span.line}, Col: {span.column})'


class Evaluator:
    """Evaluates the tokens of one file in one set of contexts. All methods raise Unusable."""

    __slots__ = ('file', 'scope')

    def __init__(self, file: str, contexts: dict[str, Value]) -> None:
        self.file = file
        self.scope = Scope(contexts)

    def value(self, token: Token) -> Value:
        try:
            return resolve(token, self.scope)
        except TemplateError as error:
            raise Unusable(self.file, error.span, error.message) from error

    def text(self, token: Token) -> str:
        try:
            return resolve_text(token, self.scope)
        except TemplateError as error:
            raise Unusable(self.file, error.span, error.message) from error

    def boolean(self, token: Token | None, default: bool) -> bool:
        if token is None:
            return default
        try:
            return resolve_boolean(token, self.scope)
        except TemplateError as error:
            raise Unusable(self.file, error.span, error.message) from error

    def number(self, token: Token | None, default: int) -> int:
        """Cut to a whole number, as GitHub does."""
        if token is None:
            return default
        try:
            return int(resolve_number(token, self.scope))
        except TemplateError as error:
            raise Unusable(self.file, error.span, error.message) from error
        except (ValueError, OverflowError):  # NaN, or without end
            raise Unusable(self.file, token.span, 'A whole number was expected') from None

    def as_boolean(self, token: Token, value: Value) -> bool:
        """For a part of what an expression gave."""
        if not isinstance(value, bool):
            raise self.unexpected(token, value)
        return value

    def as_number(self, token: Token, value: Value) -> int:
        if isinstance(value, bool) or not isinstance(value, float):
            raise self.unexpected(token, value)
        return int(value)

    def unusable(self, token: Token, message: str) -> Unusable:
        return Unusable(self.file, token.span, message)

    def unexpected(self, token: Token, value: Value) -> Unusable:
        return self.unusable(token, f"Unexpected value '{to_text(value)}'")


def is_computed(token: Token | None) -> bool:
    """Whether any part of it is an expression, so that nothing can be said before it runs."""
    match token:
        case Computed():
            return True
        case Mapping(entries):
            return any(is_computed(value) or not isinstance(key, Literal) for key, value in entries)
        case None | Literal():
            return False
        case _:
            return any(map(is_computed, token.items))


def names_in(token: Token | None) -> frozenset[str]:
    """The contexts that its expressions use."""
    match token:
        case Computed(expression):
            return expression.names
        case Mapping(entries):
            parts = [part for entry in entries for part in entry if not isinstance(part, Insert)]
            return frozenset().union(*map(names_in, parts))
        case None | Literal():
            return frozenset()
        case _:
            return frozenset().union(*map(names_in, token.items))
