"""From tokens to values, once the contexts are known.

GitHub's rules: an expression in a sequence that gives an array is spread into it; `${{ insert }}`
merges a mapping in place; keys become text and may not repeat, whatever their case. Where a text is
wanted numbers, booleans and null become one; where a boolean or a number is wanted nothing else
will do. Source: TemplateEvaluator, TemplateUnraveler and TemplateMemory of GitHub's runner.
"""

from typing import Final

from liftlock.language.expressions.errors import ExpressionError
from liftlock.language.expressions.values import Scope, Value, fold, to_text, units
from liftlock.language.source import Span
from liftlock.language.template import Computed, Insert, Literal, Mapping, Sequence, Token

DEEPEST: Final = 50
MOST_EVENTS: Final = 1_000_000
MOST_BYTES: Final = 10 * 1024 * 1024

_OBJECT_BYTES: Final = 24
_TEXT_BYTES: Final = 26

NO_SEQUENCE: Final = 'A sequence was not expected'
NO_MAPPING: Final = 'A mapping was not expected'


class TemplateError(Exception):
    """A value that cannot be had, in GitHub's words, with the place of the token in its file."""

    def __init__(self, message: str, span: Span) -> None:
        super().__init__(message)
        self.message = message
        self.span = span


def resolve(token: Token, scope: Scope) -> Value:
    """The value of a whole tree. Raises TemplateError."""
    if isinstance(token, Literal):
        return token.value
    if isinstance(token, Computed):
        return _evaluate(token, scope)
    return _Resolution(scope, token.span).value(token, 0)


def resolve_text(token: Token, scope: Scope) -> str:
    """A string; what is no string but a scalar becomes one."""
    value = resolve(token, scope)
    return value if isinstance(value, str) else _text(value, token.span)


def resolve_boolean(token: Token, scope: Scope) -> bool:
    """A boolean; the string 'true' is none."""
    value = resolve(token, scope)
    if isinstance(value, bool):
        return value
    raise _unexpected(value, token.span)


def resolve_number(token: Token, scope: Scope) -> float:
    """A number; the string '10' is none."""
    value = resolve(token, scope)
    if isinstance(value, float | int) and not isinstance(value, bool):
        return float(value)
    raise _unexpected(value, token.span)


def resolve_mapping_of_text(token: Token, scope: Scope) -> dict[str, str]:
    """A mapping of strings: env, with, outputs. Keys keep their order and their case."""
    if isinstance(token, Mapping):
        entries = _flat(token, scope)
        if entries is not None:
            return entries
    value = resolve(token, scope)
    if not isinstance(value, dict):
        raise (
            _unexpected(value, token.span)
            if not isinstance(value, list)
            else TemplateError(NO_SEQUENCE, token.span)
        )
    return {key: _text(inner, token.span) for key, inner in value.items()}


def _flat(token: Mapping, scope: Scope) -> dict[str, str] | None:
    """The commonest mapping, written out with keys as they are: every mistake has its own place."""
    entries: dict[str, str] = {}
    for key, value in token.entries:
        if not isinstance(key, Literal):
            return None
        entries[str(key.value)] = resolve_text(value, scope)
    return entries


def _evaluate(token: Computed, scope: Scope) -> Value:
    try:
        return token.expression.evaluate(scope)
    except ExpressionError as error:
        raise TemplateError(error.message, token.span) from error


def _text(value: Value, span: Span) -> str:
    if isinstance(value, list | dict):
        raise _unexpected(value, span)
    return to_text(value)


def _unexpected(value: Value, span: Span) -> TemplateError:
    if isinstance(value, list):
        return TemplateError(NO_SEQUENCE, span)
    if isinstance(value, dict):
        return TemplateError(NO_MAPPING, span)
    return TemplateError(f"Unexpected value '{to_text(value)}'", span)


class _Entries:
    """A mapping that grows; keys that differ in case only are the same key."""

    __slots__ = ('_folded', 'values')

    def __init__(self) -> None:
        self.values: dict[str, Value] = {}
        self._folded: set[str] = set()

    def add(self, name: str, value: Value, span: Span) -> None:
        folded = fold(name)
        if folded in self._folded:
            raise TemplateError(f"'{name}' is already defined", span)
        self._folded.add(folded)
        self.values[name] = value


class _Resolution:
    """One tree, and how much of GitHub's limits it has used up."""

    __slots__ = ('bytes', 'events', 'scope', 'span')

    def __init__(self, scope: Scope, span: Span) -> None:
        self.scope = scope
        self.span = span
        self.events = 0
        self.bytes = 0

    def value(self, token: Token, depth: int) -> Value:
        match token:
            case Literal():
                return self._counted(token.value)
            case Computed():
                value = _evaluate(token, self.scope)
                self._measure(value, depth)
                return value
            case Sequence():
                self._enter(depth)
                return self._items(token, depth + 1)
            case Mapping():
                self._enter(depth)
                found = _Entries()
                self._entries(token, depth + 1, found)
                return found.values

    def _items(self, token: Sequence, depth: int) -> Value:
        items: list[Value] = []
        for item in token.items:
            value = self.value(item, depth)
            if isinstance(item, Computed) and isinstance(value, list):
                items.extend(value)
            else:
                items.append(value)
        return items

    def _entries(self, token: Mapping, depth: int, found: '_Entries') -> None:
        for key, inner in token.entries:
            if isinstance(key, Insert):
                self._insert(inner, depth, found)
            else:
                name = str(key.value) if isinstance(key, Literal) else self._key(key)
                found.add(name, self.value(inner, depth), key.span)

    def _insert(self, token: Token, depth: int, found: '_Entries') -> None:
        if isinstance(token, Mapping):
            self._entries(token, depth, found)
            return
        value = self.value(token, depth)
        if not isinstance(value, dict):
            raise TemplateError('Expected a mapping', token.span)
        for name, inner in value.items():
            found.add(name, inner, token.span)

    def _key(self, key: Computed) -> str:
        value = _evaluate(key, self.scope)
        return str(self._counted(_text(value, key.span)))

    # --- limits

    def _enter(self, depth: int) -> None:
        if depth >= DEEPEST:
            raise TemplateError('Maximum object depth exceeded', self.span)
        self._count(2, _OBJECT_BYTES)

    def _measure(self, value: Value, depth: int) -> None:
        """Count what an expression brought in."""
        if isinstance(value, list):
            self._enter(depth)
            for item in value:
                self._measure(item, depth + 1)
        elif isinstance(value, dict):
            self._enter(depth)
            for name, item in value.items():
                self._counted(name)
                self._measure(item, depth + 1)
        else:
            self._counted(value)

    def _counted(self, value: 'bool | float | str | None') -> 'bool | float | str | None':
        size = _TEXT_BYTES + 2 * units(value) if isinstance(value, str) else 0
        self._count(1, _OBJECT_BYTES + size)
        return value

    def _count(self, events: int, size: int) -> None:
        self.events += events
        self.bytes += size
        if self.events > MOST_EVENTS:
            raise TemplateError(
                'Maximum events exceeded while evaluating the template. This may indicate an '
                'infinite loop or too many nested loops.',
                self.span,
            )
        if self.bytes > MOST_BYTES:
            raise TemplateError('Maximum object size exceeded', self.span)
