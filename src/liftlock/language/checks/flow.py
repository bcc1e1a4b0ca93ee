"""Which references of an expression can show up in its result as text.

`contains(github.head_ref, 'x')` answers true or false, whatever an attacker calls the branch;
`format('{0}', github.head_ref)` hands the name through.
"""

from collections.abc import Iterator
from typing import Final

from liftlock.language.expressions.nodes import (
    And,
    Call,
    Index,
    Node,
    Or,
    Path,
    Reference,
    references,
)

HANDED_ON: Final = frozenset({'format', 'join', 'tojson', 'fromjson'})


def texts(node: Node) -> Iterator[Reference]:
    """The paths whose value, or a part of it, may be in the expression's value."""
    match node:
        case Path() | Index():
            yield from (path for path, _ in list(references(node))[:1])
        case And(operands):
            # all but the last come out only when they are false or empty
            yield from texts(operands[-1])
        case Or(operands):
            for operand in operands:
                yield from texts(operand)
        case Call('case', arguments):
            for value in (*arguments[1::2], arguments[-1]):
                yield from texts(value)
        case Call(name, arguments) if name in HANDED_ON:
            for argument in arguments:
                yield from texts(argument)
