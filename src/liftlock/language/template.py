"""A workflow's leaves as their author wrote them: literals, expressions, and trees of both.

`resolve.py` turns a token into a value when the contexts are known. A string that mixes text and
`${{ }}` is one `Computed` token whose source is a `format(…)` call, as on GitHub.
"""

from typing import TYPE_CHECKING, TypeAlias

from liftlock.language.records import NamedTuple
from liftlock.language.source import Span

if TYPE_CHECKING:
    from liftlock.language.expressions.grammar import Expression


class Literal(NamedTuple):
    """A plain scalar. Numbers are float; `text` is how the author wrote it."""

    value: bool | float | str | None
    span: Span
    text: str = ''


class Computed(NamedTuple):
    """A scalar that is an expression, or text with expressions inside."""

    expression: 'Expression'
    span: Span


class Sequence(NamedTuple):
    items: tuple['Token', ...]
    span: Span


class Insert(NamedTuple):
    """The key `${{ insert }}`: its mapping is merged in place."""

    span: Span


class Mapping(NamedTuple):
    entries: tuple[tuple['Literal | Computed | Insert', 'Token'], ...]
    span: Span


Token: TypeAlias = Literal | Computed | Sequence | Mapping
