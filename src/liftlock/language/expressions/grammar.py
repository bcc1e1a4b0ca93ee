"""From an expression's text to something that can be evaluated, once; the rest is looked up."""

from typing import NamedTuple, TypeAlias

from liftlock.language.expressions.values import Scope, Value

Path: TypeAlias = tuple[str | None, ...]  # lower-case names, '*' for a star, None for a computed one


class Known(NamedTuple):
    """Which names an expression may use in its place, beside the built-in functions.

    `names` are named-values (`github`, `env` …), `functions` are (name, fewest, most arguments);
    all lower-case. With `anything` every named-value and every function is taken as known.
    """

    names: frozenset[str] = frozenset()
    functions: frozenset[tuple[str, int, int]] = frozenset()
    anything: bool = False


NOTHING = Known()
ANYTHING = Known(anything=True)


class Expression:
    """A parsed expression.

    `names` are the named-values it uses and `calls` its functions, lower-case. `literal` says that
    it is a lone literal; its value then needs no scope.
    """

    __slots__ = ('calls', 'literal', 'names', 'source')

    source: str
    names: frozenset[str]
    calls: frozenset[str]
    literal: bool

    @property
    def references(self) -> tuple[tuple[Path, int], ...]:
        """Every property access as its path and position: `(('github', 'ref'), 1)`."""
        raise NotImplementedError

    def evaluate(self, scope: Scope) -> Value:
        """Its value. Raises ExpressionError of kind evaluation."""
        raise NotImplementedError


def parse(source: str, known: Known = ANYTHING) -> Expression:
    """Raises ExpressionError of kind lexing or parsing. Equal questions get the same object."""
    raise NotImplementedError
