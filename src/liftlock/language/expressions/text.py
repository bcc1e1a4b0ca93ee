"""The text of a YAML scalar with `${{ }}` inside, read as GitHub reads it."""

from typing import NamedTuple

from liftlock.language.expressions.grammar import Expression, Known


class Mistake(NamedTuple):
    """`offset` counts characters of the scalar's text from 0; `length` may be 0 for a spot."""

    message: str
    offset: int
    length: int = 0


def split(text: str, known: Known) -> str | Expression | list[Mistake]:
    """A literal, or one expression: text around `${{ }}` becomes a call of `format`."""
    raise NotImplementedError


def condition(text: str, known: Known) -> Expression | list[Mistake]:
    """The text of an `if:`, with `success() && (…)` put around unless a status is asked for."""
    raise NotImplementedError


def inserts(text: str) -> bool:
    """Whether a mapping's key is `${{ insert }}`."""
    raise NotImplementedError
