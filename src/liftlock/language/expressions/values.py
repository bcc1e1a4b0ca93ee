"""The values of expressions are JSON's: None, bool, float, str, list and dict.

Numbers are always `float` (a double, as on GitHub). Objects are dicts whose keys are looked up
without regard to case; arrays and objects are equal only when they are the same object.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

Value: TypeAlias = 'bool | float | str | list[Value] | dict[str, Value] | None'
Function: TypeAlias = Callable[[Sequence[Value]], Value]
Contexts: TypeAlias = Mapping[str, Value]


class Scope(NamedTuple):
    """What an expression may see: contexts by lower-case name, and functions that need the world.

    `functions` holds what the pure language cannot know: `hashFiles`, and the status functions
    `success`, `failure`, `always`, `cancelled`; by lower-case name.
    """

    contexts: Contexts
    functions: Mapping[str, Function] = {}
