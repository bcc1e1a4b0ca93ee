"""A tree becomes a closure, and its nodes closures inside it: the shape is decided only once.

The fast closures do not count memory. They only notice a text that is long enough to matter
(`Oversize`); the expression is then evaluated again by closures that count every node. The limit
is chosen such that below it no evaluation of this tree can exceed GitHub's mebibyte.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from liftlock.language.expressions.access import index, star
from liftlock.language.expressions.build import Build, Run
from liftlock.language.expressions.errors import Oversize
from liftlock.language.expressions.functions import FUNCTIONS, supplied
from liftlock.language.expressions.memory import MOST, OBJECT, REFERENCE, Memory, exceeded
from liftlock.language.expressions.nodes import (
    And,
    Call,
    Compare,
    Constant,
    Index,
    Node,
    Not,
    Or,
    Path,
    Star,
    size,
)
from liftlock.language.expressions.values import (
    Filtered,
    Scope,
    Value,
    equal,
    find,
    fold,
    less,
    truthy,
)

_BOUNDLESS: Final = 1 << 62
_OVERHEAD: Final = 64  # of a node, beside the characters of its text


def compiled(tree: Node) -> Run:
    """The expression as a function of its scope. May raise Oversize: then ask `counted`."""
    limit = (MOST // size(tree) - _OVERHEAD) // 2

    def run(node: Node) -> Run:
        return _BUILDERS[type(node)](node, build)

    build = Build(run, limit)
    return run(tree)


def counted(tree: Node) -> Run:
    """The same for one evaluation, with its memory counted."""
    memory = Memory(tree)

    def at(level: int) -> Callable[[Node], Run]:
        def run(node: Node) -> Run:
            node = _plain(node)
            builder = _BUILDERS[type(node)]
            return _charged(node, builder(node, Build(at(level + 1), _BOUNDLESS)), memory, level)

        return run

    return at(0)(tree)


def _plain(node: Node) -> Node:
    """A path as the chain of indexes that GitHub has for it."""
    if not isinstance(node, Path) or not node.keys:
        return node
    inner = node.with_keys(node.keys[:-1])
    return Index(inner, Constant(node.keys[-1]))


def _charged(node: Node, run: Run, memory: Memory, level: int) -> Run:
    lent = isinstance(node, Path | Index) or (isinstance(node, Call) and node.name == 'fromjson')
    starred = isinstance(node, Index) and isinstance(node.key, Star)

    def charged(scope: Scope) -> Value:
        value = run(scope)
        amount = None
        if isinstance(value, Filtered) and isinstance(node, Index):
            amount = REFERENCE * len(value) + (OBJECT if starred else 0)
            if amount > MOST:
                exceeded(node)
        memory.add(value, level, lent=lent, size=amount)
        return value

    return charged


# --- one builder a kind of node


def _constant(node: Constant, build: Build) -> Run:
    value = node.value
    return lambda scope: value


def _asterisk(node: Star, build: Build) -> Run:
    return lambda scope: '*'


def _path(node: Path, build: Build) -> Run:
    name, keys, limit = node.name, node.keys, build.limit

    def path(scope: Scope) -> Value:
        value = scope[0].get(name)
        for key in keys:
            if isinstance(value, dict):
                entries = value
                try:
                    value = entries[key]
                except KeyError:
                    value = find(entries, key)
            elif value is None:
                return None
            else:
                value = index(value, key)
        if value.__class__ is str and len(value) > limit:
            raise Oversize
        return value

    return path


def _index(node: Index, build: Build) -> Run:
    target, limit = build.run(node.target), build.limit
    key = build.run(node.key)
    if isinstance(node.key, Star):
        return _starred(target, limit)

    def indexed(scope: Scope) -> Value:
        found = target(scope)
        if not isinstance(found, list | dict):
            return None
        value = index(found, key(scope))
        if isinstance(value, str | Filtered) and len(value) > limit // 4:
            raise Oversize
        return value

    return indexed


def _starred(target: Run, limit: int) -> Run:
    def starred(scope: Scope) -> Value:
        value = star(target(scope))
        if len(value) > limit // 4:
            raise Oversize
        return value

    return starred


def _not(node: Not, build: Build) -> Run:
    operand = build.run(node.operand)
    return lambda scope: not truthy(operand(scope))


def _and(node: And, build: Build) -> Run:
    *first, last = map(build.run, node.operands)

    def both(scope: Scope) -> Value:
        for operand in first:
            value = operand(scope)
            if value is not True and not truthy(value):
                return value
        return last(scope)

    return both


def _or(node: Or, build: Build) -> Run:
    *first, last = map(build.run, node.operands)

    def either(scope: Scope) -> Value:
        for operand in first:
            value = operand(scope)
            if value is not False and truthy(value):
                return value
        return last(scope)

    return either


_COMPARISONS: Final[Mapping[str, Callable[[Value, Value], bool]]] = {
    '==': equal,
    '!=': lambda left, right: not equal(left, right),
    '<': less,
    '<=': lambda left, right: equal(left, right) or less(left, right),
    '>': lambda left, right: less(right, left),
    '>=': lambda left, right: equal(left, right) or less(right, left),
}


def _compare(node: Compare, build: Build) -> Run:
    left, right = build.run(node.left), build.run(node.right)
    operator = node.operator
    if operator in ('==', '!=') and isinstance(node.right, Constant):
        text = node.right.value
        if isinstance(text, str):
            return _compare_text(left, right, text, operator == '==')
    compare = _COMPARISONS[operator]
    return lambda scope: compare(left(scope), right(scope))


def _compare_text(left: Run, right: Run, text: str, same: bool) -> Run:
    """`x == 'text'`, by far the commonest comparison; the text's capitals are made once."""
    folded, length = fold(text), len(text)

    def compare(scope: Scope) -> Value:
        value, other = left(scope), right(scope)
        if value.__class__ is not str:
            return equal(value, other) is same
        if value == other:
            return same
        if len(value) != length:
            return not same
        return (fold(value) == folded) is same

    return compare


def _call(node: Call, build: Build) -> Run:
    return FUNCTIONS.get(node.name, supplied)(node, build)


_BUILDERS: Final[Mapping[type, Callable[[Any, Build], Run]]] = {
    Constant: _constant,
    Star: _asterisk,
    Path: _path,
    Index: _index,
    Not: _not,
    And: _and,
    Or: _or,
    Compare: _compare,
    Call: _call,
}
