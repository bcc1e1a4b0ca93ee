"""What the reader makes of a file before its nouns are made: tokens, and records of known keys."""

from typing import NamedTuple, TypeAlias, cast

from yaml.nodes import ScalarNode

from liftlock.language import yaml
from liftlock.language.source import NOWHERE, Span
from liftlock.language.template import Computed, Insert, Literal, Mapping, Sequence, Token


class Record(NamedTuple):
    """A mapping whose keys the grammar knows. `name` says which alternative, where it has some."""

    name: str
    fields: 'dict[str, Tree]'
    keys: dict[str, ScalarNode]
    span: Span

    def token(self, key: str) -> Token | None:
        return cast('Token | None', self.fields.get(key))

    def literal(self, key: str) -> Literal | None:
        """For places where the grammar allows no expression."""
        return cast('Literal | None', self.fields.get(key))

    def computed(self, key: str) -> Computed | None:
        """For conditions, which are always expressions."""
        return cast('Computed | None', self.fields.get(key))

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

    def key(self, key: str) -> Literal:
        node = self.keys[key]
        return Literal(key, yaml.span(node), key)


Tree: TypeAlias = Token | Record

NOTHING = Literal(None, NOWHERE)  # stands where a mistake was found


def records(tree: 'Tree | None') -> tuple[Record, ...]:
    """The items of a sequence of mappings with known keys."""
    return cast('tuple[Record, ...]', tree.items) if isinstance(tree, Sequence) else ()


def entries(tree: 'Tree | None') -> tuple[tuple[Literal, Tree], ...]:
    """The entries of a mapping with free keys, where the grammar allows no expression as a key."""
    found = tree.entries if isinstance(tree, Mapping) else ()
    return cast('tuple[tuple[Literal, Tree], ...]', found)


def listed(tree: 'Tree | None') -> tuple[Literal, ...]:
    if isinstance(tree, Sequence):
        return cast('tuple[Literal, ...]', tree.items)
    return (tree,) if isinstance(tree, Literal) else ()


def mapping(tree: 'Tree | None') -> Mapping | None:
    """A mapping, or an expression that gives one: then the mapping that inserts it."""
    if isinstance(tree, Computed):
        return Mapping(((Insert(tree.span), tree),), tree.span)
    return tree if isinstance(tree, Mapping) else None
