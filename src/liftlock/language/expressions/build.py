"""What every builder of closures is given."""

from collections.abc import Callable
from typing import TypeAlias

from liftlock.language.expressions.nodes import Node
from liftlock.language.expressions.values import Scope, Value
from liftlock.language.records import NamedTuple

Run: TypeAlias = Callable[[Scope], Value]


class Build(NamedTuple):
    """`run` builds a child. A value longer than `limit` characters raises Oversize."""

    run: Callable[[Node], Run]
    limit: int
