"""Tokens of a step that may be missing, and what GitHub says of one that has no value."""

from liftlock.language.expressions.values import Scope
from liftlock.language.resolve import (
    TemplateError,
    resolve_boolean,
    resolve_mapping_of_text,
    resolve_number,
    resolve_text,
)
from liftlock.language.template import Token


def text(token: Token | None, scope: Scope) -> str:
    return '' if token is None else resolve_text(token, scope)


def texts(token: Token | None, scope: Scope) -> dict[str, str]:
    return {} if token is None else resolve_mapping_of_text(token, scope)


def boolean(token: Token | None, scope: Scope) -> bool:
    return token is not None and resolve_boolean(token, scope)


def number(token: Token | None, scope: Scope) -> float:
    return 0.0 if token is None else resolve_number(token, scope)


def explain(error: TemplateError, file: str) -> str:
    """The mistake and its place. Positions count from 1."""
    return f'{file} (Line: {error.span.line}, Col: {error.span.column}): {error.message}'
