"""The built-in functions. Arguments are closures: what is not needed is not evaluated."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from liftlock.language.expressions.build import Build, Run
from liftlock.language.expressions.errors import ExpressionError, Oversize
from liftlock.language.expressions.formatting import Hole, Piece, cut, refuse
from liftlock.language.expressions.memory import check_pieces
from liftlock.language.expressions.nodes import Call, Constant
from liftlock.language.expressions.values import (
    Scope,
    Value,
    equal,
    fold,
    primitive,
    to_text,
)

Builder: TypeAlias = Callable[[Call, Build], Run]


def _contains(call: Call, build: Build) -> Run:
    left, right = map(build.run, call.arguments)

    def contains(scope: Scope) -> Value:
        search = left(scope)
        if isinstance(search, list):
            return bool(search) and _among(search, right(scope))
        if isinstance(search, dict):
            return False
        item = right(scope)
        return primitive(item) and fold(to_text(item)) in fold(to_text(search))

    return contains


def _among(items: list[Value], wanted: Value) -> bool:
    return any(equal(wanted, item) for item in items)


def _ends(test: Callable[[str, str], bool]) -> Builder:
    def builder(call: Call, build: Build) -> Run:
        left, right = map(build.run, call.arguments)

        def ends(scope: Scope) -> Value:
            search = left(scope)
            if not primitive(search):
                return False
            item = right(scope)
            return primitive(item) and test(fold(to_text(search)), fold(to_text(item)))

        return ends

    return builder


def _format(call: Call, build: Build) -> Run:
    text, *arguments = map(build.run, call.arguments)
    template, limit = call.arguments[0], build.limit
    ready = _ready(template.value, len(arguments)) if isinstance(template, Constant) else None

    def format_(scope: Scope) -> Value:
        pieces = ready or cut(to_text(text(scope)), len(arguments))
        written = _fill(pieces, arguments, scope)
        result = ''.join(written)
        if len(result) > limit:
            raise Oversize
        check_pieces(len(written), result, call)
        return result

    return format_


def _ready(template: Value, arguments: int) -> list[Piece] | None:
    """The pieces of a fixed text; None if it is bad, which counts only when it is evaluated."""
    try:
        return cut(to_text(template), arguments)
    except ExpressionError:
        return None


def _fill(pieces: list[Piece], arguments: list[Run], scope: Scope) -> list[str]:
    values: dict[int, Value] = {}
    written = []
    for piece in pieces:
        if isinstance(piece, Hole):
            number = piece.argument
            if number not in values:
                values[number] = arguments[number](scope)
            if piece.specifier:
                raise refuse(piece.specifier, values[number])
            piece = to_text(values[number])
        if piece:
            written.append(piece)
    return written


def _join(call: Call, build: Build) -> Run:
    source, *rest = map(build.run, call.arguments)
    limit = build.limit

    def join(scope: Scope) -> Value:
        items = source(scope)
        if not isinstance(items, list):
            return to_text(items) if primitive(items) else ''
        between: Value = rest[0](scope) if rest and len(items) > 1 else ','
        result = (to_text(between) if primitive(between) else ',').join(map(to_text, items))
        if len(result) > limit:
            raise Oversize
        check_pieces(2 * len(items), result, call)
        return result

    return join


def _to_json(call: Call, build: Build) -> Run:
    from liftlock.language.expressions.json_text import pieces

    source = build.run(call.arguments[0])
    limit = build.limit

    def to_json(scope: Scope) -> Value:
        written = pieces(source(scope))
        result = ''.join(written)
        if len(result) > limit:
            raise Oversize
        check_pieces(len(written), result, call)
        return result

    return to_json


def _from_json(call: Call, build: Build) -> Run:
    from liftlock.language.expressions.json_value import read

    source = build.run(call.arguments[0])
    return lambda scope: read(to_text(source(scope)))


def _case(call: Call, build: Build) -> Run:
    *pairs, otherwise = map(build.run, call.arguments)
    choices = list(zip(pairs[::2], pairs[1::2], strict=True))

    def case(scope: Scope) -> Value:
        for predicate, chosen in choices:
            holds = predicate(scope)
            if not isinstance(holds, bool):
                raise ExpressionError('case predicate must evaluate to a boolean value')
            if holds:
                return chosen(scope)
        return otherwise(scope)

    return case


FUNCTIONS: Final[Mapping[str, Builder]] = {
    'case': _case,
    'contains': _contains,
    'endswith': _ends(str.endswith),
    'format': _format,
    'fromjson': _from_json,
    'join': _join,
    'startswith': _ends(str.startswith),
    'tojson': _to_json,
}


def supplied(call: Call, build: Build) -> Run:
    """A function that the scope brings along, such as `hashFiles` or `success`."""
    name, spelling, limit = call.name, call.spelling, build.limit
    arguments = tuple(map(build.run, call.arguments))

    def run(scope: Scope) -> Value:
        function = scope.functions.get(name)
        if function is None:
            raise ExpressionError(f"Unrecognized function: '{spelling}'")
        result = function([argument(scope) for argument in arguments])
        if isinstance(result, str) and len(result) > limit:
            raise Oversize
        return result

    return run
