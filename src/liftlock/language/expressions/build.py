"""What every builder of closures is given."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from liftlock.language.expressions.nodes import Node
from liftlock.language.expressions.values import Scope, Value

Run: TypeAlias = Callable[[Scope], Value]


class Build(NamedTuple):
    """`run` builds a child. A value longer than `limit` characters raises Oversize."""

    run: Callable[[Node], Run]
    limit: int
