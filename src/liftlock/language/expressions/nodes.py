"""The tree of an expression.

A dotted path is one node (`github.event.ref`), because almost every expression is one. Depths and
levels are GitHub's, where each dot is an operator of its own. Nodes never change. They are plain
classes because nine named tuples that refer to each other cost two milliseconds at import.
"""

from collections.abc import Iterator
from typing import Final, TypeAlias

from liftlock.language.expressions.values import Value, to_text

Reference: TypeAlias = tuple[str | None, ...]


class Constant:
    __slots__ = __match_args__ = ('value',)

    def __init__(self, value: 'bool | float | str | None') -> None:
        self.value = value


class Path:
    """A named-value and the properties taken from it: `name` lower-case, the rest as written."""

    __slots__ = __match_args__ = ('name', 'keys', 'spelling', 'position')

    def __init__(self, name: str, keys: 'tuple[str, ...]', spelling: str, position: int) -> None:
        self.name = name
        self.keys = keys
        self.spelling = spelling
        self.position = position

    def with_keys(self, keys: 'tuple[str, ...]') -> 'Path':
        return Path(self.name, keys, self.spelling, self.position)


class Star:
    """`*`, legal as an index only; elsewhere inside an index GitHub takes it as a text."""

    __slots__ = ()


class Index:
    __slots__ = __match_args__ = ('target', 'key')

    def __init__(self, target: 'Node', key: 'Node') -> None:
        self.target = target
        self.key = key


class Not:
    __slots__ = __match_args__ = ('operand',)

    def __init__(self, operand: 'Node') -> None:
        self.operand = operand


class And:
    """Chains are flat, even where parentheses stood: `a && (b && c)` has three operands."""

    __slots__ = __match_args__ = ('operands',)

    def __init__(self, operands: 'tuple[Node, ...]') -> None:
        self.operands = operands


class Or:
    """Flat like And."""

    __slots__ = __match_args__ = ('operands',)

    def __init__(self, operands: 'tuple[Node, ...]') -> None:
        self.operands = operands


class Compare:
    __slots__ = __match_args__ = ('operator', 'left', 'right')

    def __init__(self, operator: str, left: 'Node', right: 'Node') -> None:
        self.operator = operator
        self.left = left
        self.right = right


class Call:
    __slots__ = __match_args__ = ('name', 'arguments', 'spelling')

    def __init__(self, name: str, arguments: 'tuple[Node, ...]', spelling: str) -> None:
        self.name = name
        self.arguments = arguments
        self.spelling = spelling


Node: TypeAlias = Constant | Path | Star | Index | Not | And | Or | Compare | Call

STAR: Final = Star()


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Index(target, key):
            return (target, key)
        case Not(operand):
            return (operand,)
        case And(operands) | Or(operands):
            return operands
        case Compare(_, left, right):
            return (left, right)
        case Call(_, arguments, _):
            return arguments
        case _:
            return ()


def depth(root: Node) -> int:
    """Levels of the tree as GitHub counts them. Not recursive: it judges trees of any depth."""
    deepest = 0
    waiting = [(root, 1)]
    while waiting:
        node, level = waiting.pop()
        deepest = max(deepest, level + len(node.keys) if isinstance(node, Path) else level)
        waiting += [(child, level + 1) for child in children(node)]
    return deepest


def size(node: Node) -> int:
    """How many nodes GitHub would make of it."""
    own = 1 + 2 * len(node.keys) if isinstance(node, Path) else 1
    return own + sum(map(size, children(node)))


def references(node: Node) -> Iterator[tuple[Reference, int]]:
    """Every access to a named-value, outermost first: its lower-case path and its position."""
    keys: list[str | None] = []
    inner = node
    while isinstance(inner, Index):
        keys.append(_step(inner.key))
        yield from references(inner.key)
        inner = inner.target
    if isinstance(inner, Path):
        start = (inner.name, *(key.lower() for key in inner.keys))
        yield (*start, *reversed(keys)), inner.position
    else:
        for child in children(inner):
            yield from references(child)


def _step(key: Node) -> str | None:
    if isinstance(key, Star):
        return '*'
    return to_text(key.value).lower() if isinstance(key, Constant) else None


def render(node: Node) -> str:
    """The expression in GitHub's normal form, as its messages quote it."""
    match node:
        case Constant(value):
            return _literal(value)
        case Path(_, keys, spelling, _):
            return spelling + ''.join(_key(Constant(key)) for key in keys)
        case Index(target, key):
            return render(target) + _key(key)
        case Not(operand):
            return f'!{render(operand)}'
        case And(operands):
            return f'({" && ".join(map(render, operands))})'
        case Or(operands):
            return f'({" || ".join(map(render, operands))})'
        case Compare(operator, left, right):
            return f'({render(left)} {operator} {render(right)})'
        case Call(_, arguments, spelling):
            return f'{spelling}({", ".join(map(render, arguments))})'
        case Star():
            return '*'


def _key(key: Node) -> str:
    match key:
        case Star():
            return '.*'
        case Constant(str(name)) if _bare(name):
            return f'.{name}'
        case _:
            return f'[{render(key)}]'


def _bare(name: str) -> bool:
    return name.isascii() and name[:1] != '-' and name.replace('-', '_').isidentifier()


def _literal(value: Value) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return 'null' if value is None else to_text(value)
