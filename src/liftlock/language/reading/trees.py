"""What the reader makes of a file before its nouns are made: tokens, and records of known keys."""

from typing import TypeAlias, cast

from yaml.nodes import ScalarNode

from liftlock.language import yaml
from liftlock.language.expressions.grammar import Expression
from liftlock.language.expressions.nodes import Constant
from liftlock.language.records import NamedTuple
from liftlock.language.source import Span
from liftlock.language.template import Computed, Insert, Literal, Mapping, Sequence, Token


class Record(NamedTuple):
    """A mapping whose keys the grammar knows. `name` says which alternative, where it has some.

    `name` is '' where the keys did not tell. `whole` is false if there was a key that nobody
    could make anything of, so that one that is missing may have been meant by it.
    """

    name: str
    fields: 'dict[str, Tree]'
    keys: dict[str, ScalarNode]
    span: Span
    whole: bool = True

    def token(self, key: str) -> Token | None:
        return cast('Token | None', self.fields.get(key))

    def perhaps(self, key: str) -> 'Tree | None':
        """What is there, or what stands for it where it may have been meant by another key."""
        found = self.fields.get(key)
        return unread(self.span) if found is None and not self.whole else found

    def required(self, key: str) -> Token:
        """What the grammar wants to be there, or what stands for it where it is missing."""
        return self.token(key) or unread(self.span)

    def literal(self, key: str) -> Literal | None:
        """For places where the grammar allows no expression."""
        found = self.fields.get(key)
        return found if isinstance(found, Literal) else None

    def computed(self, key: str) -> Computed | None:
        """For conditions, which are always expressions."""
        found = self.fields.get(key)
        return found if isinstance(found, Computed) else None

    def record(self, key: str) -> 'Record | None':
        """For places that hold nothing but a mapping with known keys, or null."""
        found = self.fields.get(key)
        return found if isinstance(found, Record) else None

    def text(self, key: str) -> str:
        found = self.fields.get(key)
        return str(found.value) if isinstance(found, Literal) else ''

    def true(self, key: str) -> bool:
        found = self.fields.get(key)
        return isinstance(found, Literal) and found.value is True

    def literals(self, key: str) -> tuple[Literal, ...]:
        """One literal, or a sequence of them."""
        return listed(self.fields.get(key))

    def doubtful(self, key: str) -> bool:
        """Whether the author may have written more there than can be read."""
        if key not in self.fields:
            return not self.whole
        return holed(self.fields[key])

    def key(self, key: str) -> Literal:
        node = self.keys[key]
        return Literal(key, yaml.span(node), key)


Tree: TypeAlias = Token | Record

_UNREAD = Expression('null', Constant(None), frozenset(), frozenset())


def unread(span: Span) -> Computed:
    """What stands where a mistake was found: a value that nobody knows.

    An expression is the one thing that later stages may not draw conclusions from.
    """
    return Computed(_UNREAD, span)


def is_unread(tree: 'Tree | Insert | None') -> bool:
    return isinstance(tree, Computed) and tree.expression is _UNREAD


def holed(tree: 'Tree | None') -> bool:
    """Whether a value, or a part that belongs to it directly, could not be read."""
    match tree:
        case Sequence(items):
            return any(map(is_unread, items))
        case Mapping(entries):
            return any(is_unread(key) for key, _ in entries)
    return is_unread(tree)


def records(tree: 'Tree | None') -> tuple[Record, ...]:
    """The items of a sequence of mappings with known keys."""
    items = cast('tuple[Tree, ...]', tree.items) if isinstance(tree, Sequence) else ()
    return tuple([item for item in items if isinstance(item, Record)])


def entries(tree: 'Tree | None') -> tuple[tuple[Literal, Tree], ...]:
    """The entries of a mapping with free keys, where the grammar allows no expression as a key."""
    found = tree.entries if isinstance(tree, Mapping) else ()
    return tuple([(key, value) for key, value in found if isinstance(key, Literal)])


def listed(tree: 'Tree | None') -> tuple[Literal, ...]:
    items = tree.items if isinstance(tree, Sequence) else (tree,)
    return tuple([item for item in items if isinstance(item, Literal)])


def mapping(tree: 'Tree | None') -> Mapping | None:
    """A mapping, or an expression that gives one: then the mapping that inserts it."""
    if isinstance(tree, Computed):
        return Mapping(((Insert(tree.span), tree),), tree.span)
    return tree if isinstance(tree, Mapping) else None
