"""From an expression's text to something that can be evaluated, once; the rest is looked up."""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from liftlock.language.expressions.build import Run
from liftlock.language.expressions.errors import Oversize
from liftlock.language.expressions.nodes import (
    And,
    Call,
    Constant,
    Node,
    Reference,
    depth,
    references,
    render,
)
from liftlock.language.expressions.reading import BUILT_IN, DEEPEST, LONGEST, MOST, Reader
from liftlock.language.expressions.values import Scope, Value
from liftlock.language.records import NamedTuple

Arity: TypeAlias = tuple[int, int]


class Known(NamedTuple):
    """Which names an expression may use in its place, beside the built-in functions.

    `names` are named-values (`github`, `env` …), `functions` are (name, fewest, most arguments);
    all lower-case. With `anything` every named-value and every function is taken as known.
    """

    names: frozenset[str] = frozenset()
    functions: frozenset[tuple[str, int, int]] = frozenset()
    anything: bool = False


NOTHING: Final = Known()
ANYTHING: Final = Known(anything=True)


class Expression:
    """A parsed expression. Equal questions to `parse` get the same object.

    `names` are the named-values it uses and `calls` its functions, lower-case.
    """

    __slots__ = ('_run', 'calls', 'names', 'source', 'tree')

    def __init__(
        self, source: str, tree: Node, names: frozenset[str], calls: frozenset[str]
    ) -> None:
        self.source = source
        self.tree = tree
        self.names = names
        self.calls = calls
        self._run: Run | None = None

    def __repr__(self) -> str:
        return f'Expression({self.source!r})'

    @property
    def literal(self) -> bool:
        """Whether it is a lone literal; its value then needs no scope."""
        return isinstance(self.tree, Constant)

    @property
    def references(self) -> tuple[tuple[Reference, int], ...]:
        """Every access to a named-value as its lower-case path and position from 1.

        `(('github', 'ref'), 1)`; '*' for a star, None for a computed index.
        """
        return tuple(references(self.tree))

    def evaluate(self, scope: Scope) -> Value:
        """Its value. Raises ExpressionError of kind evaluation."""
        run = self._run or self._compile()
        try:
            return run(scope)
        except Oversize:
            from liftlock.language.expressions.compiler import counted

            return counted(self.tree)(scope)

    def _compile(self) -> Run:
        from liftlock.language.expressions.compiler import compiled

        self._run = compiled(self.tree)
        return self._run


_KEPT: Final = 10_000
_parsed: dict[tuple[str, Known], Expression] = {}
_arities: dict[Known, Callable[[str], Arity | None]] = {}
_NULL: Final = Constant(None)


def parse(source: str, known: Known = ANYTHING) -> Expression:
    """Raises ExpressionError of kind lexing or parsing. An empty source is null, as on GitHub."""
    question = (source, known)
    expression = _parsed.get(question)
    if expression is None:
        expression = _parse(source, known)
        if len(_parsed) >= _KEPT:
            _parsed.clear()
        _parsed[question] = expression
    return expression


def _parse(source: str, known: Known) -> Expression:
    accepts = _any_name if known.anything else known.names.__contains__
    reader = Reader(source, accepts, _functions(known))
    tree = reader.read()
    names, calls = frozenset(reader.names), frozenset(reader.calls)
    return Expression(source, _NULL if tree is None else tree, names, calls)


def compose(template: str, parts: Sequence[Expression], known: Known) -> Expression:
    """`format('template', part, …)`. Raises ExpressionError where the whole breaks a limit."""
    arguments = ''.join(f', {part.source}' for part in parts)
    source = f'format({render(Constant(template))}{arguments})'
    tree = Call('format', (Constant(template), *(part.tree for part in parts)), 'format')
    if len(source) * 2 > LONGEST or len(parts) >= MOST or depth(tree) > DEEPEST:
        return parse(source, known)
    return Expression(
        source,
        tree,
        parts[0].names.union(*(part.names for part in parts)),
        parts[0].calls.union({'format'}, *(part.calls for part in parts)),
    )


def guard(condition: Expression) -> Expression:
    """`success() && (condition)`."""
    tree = condition.tree
    operands = tree.operands if isinstance(tree, And) else (tree,)
    return Expression(
        f'success() && ({condition.source})',
        And((Call('success', (), 'success'), *operands)),
        condition.names,
        condition.calls | {'success'},
    )


def _any_name(name: str) -> bool:
    return True


def _functions(known: Known) -> Callable[[str], Arity | None]:
    """How many arguments a function takes in this place; None if there is no such function."""
    found = _arities.get(known)
    if found is None:
        table = {**{name: (least, most) for name, least, most in known.functions}, **BUILT_IN}
        found = _arities[known] = (
            (lambda name: table.get(name, (0, MOST))) if known.anything else table.get
        )
    return found
