"""What may stand in one place of a file. A union is one shape that allows several things.

Every shape names the contexts and functions that expressions may use there, in full: what GitHub's
schema lets a place inherit from the places around it is written out by the tables.
"""

from collections.abc import Mapping
from typing import Final

from liftlock.language.expressions.grammar import NOTHING, Known
from liftlock.language.records import NamedTuple

ANY_TEXT: Final = 2
FILLED_TEXT: Final = 1
NO_TEXT: Final = 0


class Alternatives(NamedTuple):
    """Mappings with known keys. Each has a bit; a key seen rules out those that lack it.

    `keys` gives a key's shape and the bits of the mappings that have it; keys that several share
    have one shape. `required` and `names` are by bit position. `loose` takes all other keys.
    """

    keys: Mapping[str, tuple['Shape', int]]
    required: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]
    loose: bool = False


class Shape(NamedTuple):
    """`text` is one of the three numbers above; `words` are strings that are allowed by name.

    `items` is what a sequence holds, `entries` the values of a mapping with free keys (which must
    not be empty). `whole` keeps a mapping with known keys as a token, for places that are resolved
    late. `condition` is an `if:`; `bare` one that gets no `success()` put before it.
    """

    known: Known = NOTHING
    text: int = NO_TEXT
    words: frozenset[str] = frozenset()
    boolean: bool = False
    number: bool = False
    null: bool = False
    items: 'Shape | None' = None
    entries: 'Shape | None' = None
    record: Alternatives | None = None
    anything: bool = False
    whole: bool = False
    condition: bool = False
    bare: bool = False


NULL: Final = Shape(null=True)


def text(known: Known = NOTHING) -> Shape:
    return Shape(known, text=ANY_TEXT)


def filled(known: Known = NOTHING) -> Shape:
    """Text that is not empty."""
    return Shape(known, text=FILLED_TEXT)


def words(*allowed: str) -> Shape:
    return Shape(words=frozenset(allowed))


def boolean(known: Known = NOTHING) -> Shape:
    return Shape(known, boolean=True)


def number(known: Known = NOTHING) -> Shape:
    return Shape(known, number=True)


def scalar(known: Known = NOTHING) -> Shape:
    return Shape(known, text=ANY_TEXT, boolean=True, number=True)


def anything(known: Known = NOTHING) -> Shape:
    return Shape(known, anything=True)


def condition(known: Known, *, bare: bool = False) -> Shape:
    return Shape(known, text=ANY_TEXT, condition=True, bare=bare)


def listing(item: Shape, known: Known = NOTHING) -> Shape:
    return Shape(known, items=item)


def one_or_more(item: Shape) -> Shape:
    """One string, or a sequence of them."""
    return item._replace(items=item)


def dictionary(value: Shape, known: Known = NOTHING) -> Shape:
    return Shape(known, entries=value)


def record(
    keys: Mapping[str, Shape], required: str = '', known: Known = NOTHING, *, loose: bool = False
) -> Shape:
    """`required` lists keys, separated by spaces."""
    table = Alternatives(
        {name: (shape, 1) for name, shape in keys.items()}, (tuple(required.split()),), ('',), loose
    )
    return Shape(known, record=table)


def choice(**alternatives: tuple[Mapping[str, Shape], str]) -> Shape:
    """One of several mappings, told apart by their keys. Each is (keys, required keys)."""
    keys: dict[str, tuple[Shape, int]] = {}
    for position, (table, _) in enumerate(alternatives.values()):
        for name, shape in table.items():
            keys[name] = (shape, keys[name][1] | 1 << position if name in keys else 1 << position)
    required = tuple(tuple(needed.split()) for _, needed in alternatives.values())
    return Shape(record=Alternatives(keys, required, tuple(alternatives)))


def either(first: Shape, *others: Shape) -> Shape:
    """All that any of these allows. Only one of them may hold a sequence or a mapping."""
    union = first
    for other in others:
        union = Shape(
            known=union.known if union.known != NOTHING else other.known,
            text=max(union.text, other.text),
            words=union.words | other.words,
            boolean=union.boolean or other.boolean,
            number=union.number or other.number,
            null=union.null or other.null,
            items=union.items or other.items,
            entries=union.entries or other.entries,
            record=union.record or other.record,
            whole=union.whole or other.whole,
        )
    return union
