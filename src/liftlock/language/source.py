"""Where something stands in a file."""

from liftlock.language.records import NamedTuple


class Span(NamedTuple):
    """From the first character to just behind the last. Lines and columns count from 1."""

    line: int
    column: int
    end_line: int
    end_column: int


NOWHERE = Span(0, 0, 0, 0)
