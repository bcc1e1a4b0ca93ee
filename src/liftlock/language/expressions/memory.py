"""GitHub's limit of one mebibyte for one evaluation.

The value of every node costs bytes. Values that are still needed stay on the bill: those of a
node's arguments are struck off when its own value is a text, a number, a boolean or null that was
made here; one that came out of a context keeps them, because its memory is the context's.
"""

from typing import Final, NoReturn

from liftlock.language.expressions.errors import ExpressionError
from liftlock.language.expressions.nodes import Node, render
from liftlock.language.expressions.values import Value, primitive, units

MOST: Final = 1 << 20
OBJECT: Final = 24
REFERENCE: Final = 8
_TEXT: Final = 26
_UNIT: Final = 2


def text_bytes(text: str) -> int:
    return _TEXT + _UNIT * units(text)


def check_pieces(count: int, text: str, node: Node) -> None:
    """Refuse a text that was put together from so many pieces, if it is too much."""
    rough = count * _TEXT + 2 * _UNIT * len(text)
    if rough > MOST and count * _TEXT + _UNIT * units(text) > MOST:
        exceeded(node)


def value_bytes(value: Value) -> int:
    return text_bytes(value) if isinstance(value, str) else OBJECT


def exceeded(node: Node) -> NoReturn:
    raise ExpressionError(
        'The maximum allowed memory size was exceeded while evaluating the following expression: '
        + render(node)
    )


class Memory:
    """The bill of one evaluation, by level of the tree."""

    __slots__ = ('levels', 'root', 'total')

    def __init__(self, root: Node) -> None:
        self.root = root
        self.levels: list[int] = []
        self.total = 0

    def add(self, value: Value, level: int, *, lent: bool, size: int | None) -> None:
        """Charge a node's value. `lent`: it came out of a context; `size`: known otherwise."""
        wrapped = lent and primitive(value) and value is not None
        if primitive(value) and not wrapped:
            self.total -= sum(self.levels[level + 1 :])
            del self.levels[level + 1 :]
        while len(self.levels) <= level:
            self.levels.append(0)
        amount = value_bytes(value) if size is None else size
        if wrapped:
            amount += OBJECT
        self.levels[level] += amount
        self.total += amount
        if self.total > MOST:
            exceeded(self.root)
