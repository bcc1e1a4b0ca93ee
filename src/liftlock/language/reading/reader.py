"""YAML nodes and the grammar in, trees and mistakes out: one walk, in the order of the file.

Which mistakes are found, and their words, follow the TemplateReader of GitHub's runner. Its
peculiarities that people notice: known keys are told apart by case, but a key that differs from
another in case only is a duplicate; scalars that are no strings become strings where a string is
wanted, never the other way round; `${{ 'text' }}` is a literal and stands where no expression may.
"""

from collections.abc import Sequence as List

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from liftlock.language import yaml
from liftlock.language.expressions.grammar import NOTHING as NO_NAMES
from liftlock.language.expressions.grammar import compose
from liftlock.language.expressions.reading import MOST
from liftlock.language.expressions.text import FORBIDDEN, Mistake, Reading, inserts, parts, split
from liftlock.language.expressions.values import fold, to_text
from liftlock.language.grammar.shapes import ANY_TEXT, Alternatives, Shape, anything
from liftlock.language.reading import conditions, hints
from liftlock.language.reading.mistakes import Mistakes
from liftlock.language.reading.trees import Record, Tree, is_unread, unread
from liftlock.language.records import NamedTuple
from liftlock.language.source import Span
from liftlock.language.template import Computed, Insert, Literal, Mapping, Sequence

_new = tuple.__new__  # builds a NamedTuple in a third of the time; this file makes thousands


def _span(node: Node) -> Span:
    start, end = node.start_mark, node.end_mark
    return _new(Span, (start.line + 1, start.column + 1, end.line + 1, end.column + 1))


class Beside(NamedTuple):
    """The mapping around an odd key: its keys, what was read, and which alternatives are left."""

    there: frozenset[str]
    shape: Shape
    table: Alternatives
    fields: dict[str, Tree]
    left: int


class Reader:
    """One file. What could not be read is `unread` in the tree that comes back."""

    __slots__ = ('depth', 'mistakes', 'source')

    def __init__(self, mistakes: Mistakes, source: str) -> None:
        self.mistakes = mistakes
        self.source = source
        self.depth = 0

    def read(self, node: Node, shape: Shape) -> Tree:
        if isinstance(node, ScalarNode):
            return self._scalar(node, shape)
        if self.depth >= yaml.DEEPEST:
            return self._refuse(node, 'Maximum object depth exceeded')
        self.depth += 1
        if isinstance(node, SequenceNode):
            tree = self._sequence(node, shape)
        else:
            assert isinstance(node, MappingNode)
            tree = self._mapping(node, shape)
        self.depth -= 1
        return tree

    # --- scalars

    def _scalar(self, node: ScalarNode, shape: Shape) -> Tree:
        text = node.value
        if node.tag == yaml.UNTAGGED and (node.style or (text and text[0] not in yaml.PLAIN)):
            if shape.condition or '${{' in text:
                return self._computed(text, node, shape)
            if shape.text == ANY_TEXT:
                return _new(Literal, (text, _span(node), text))
            return self._literal(text, node, shape)
        try:
            value = yaml.scalar(node)
        except ValueError as error:
            return self._refuse(node, str(error), code='yaml')
        if shape.condition or (isinstance(value, str) and '${{' in value):
            return self._computed(to_text(value), node, shape)
        return self._literal(value, node, shape)

    def _literal(self, value: yaml.Scalar, node: ScalarNode, shape: Shape) -> Tree:
        if _fits(value, shape):
            return _new(Literal, (value, _span(node), node.value))
        text = to_text(value)
        if not isinstance(value, str) and _fits(text, shape):
            return _new(Literal, (text, _span(node), node.value))
        hint = hints.nearest(text, shape.words) if shape.words else hints.quoted(value)
        return self._refuse(node, f"Unexpected value '{text}'", hint or hints.wanted(shape))

    def _computed(self, text: str, node: ScalarNode, shape: Shape) -> Tree:
        found: Reading
        if shape.condition:
            found = conditions.read(text, shape.known, bare=shape.bare)
        elif inserts(text):
            return self._refuse(node, f"Unexpected value '{text}'")
        else:
            found = split(text, shape.known)
        if isinstance(found, str):
            return self._literal(found, node, shape)
        if isinstance(found, list):
            self._misread(text, node, shape, found)
            return self._rest(text, node, shape)
        return _new(Computed, (found, _span(node)))

    def _rest(self, text: str, node: ScalarNode, shape: Shape) -> Tree:
        """The expressions of a text that are good although another one is not."""
        good = [] if shape.condition else [found for found, _ in parts(text, shape.known)]
        if not good or not self.mistakes.all or len(good) >= MOST:
            return unread(_span(node))
        return Computed(compose('', good, shape.known), _span(node))

    # --- collections

    def _sequence(self, node: SequenceNode, shape: Shape) -> Tree:
        item = shape if shape.anything else shape.items
        if item is None:
            return self._refuse(node, 'A sequence was not expected', hints.wanted(shape))
        read = self.read
        return _new(Sequence, (tuple([read(value, item) for value in node.value]), _span(node)))

    def _mapping(self, node: MappingNode, shape: Shape) -> Tree:
        if shape.record is not None and not shape.whole:
            return self._record(node, shape, shape.record)
        if shape.record is None and shape.entries is None and not shape.anything:
            return self._refuse(node, 'A mapping was not expected', hints.wanted(shape))
        return self._entries(node, shape)

    def _entries(self, node: MappingNode, shape: Shape) -> Tree:
        """A mapping that stays a token."""
        known = shape.record.keys if shape.record else {}
        free = shape if shape.anything else shape.entries
        seen: set[str] = set()
        pairs = []
        for key_node, value in node.value:
            key = self._key(key_node, shape)
            if key.__class__ is not Literal:
                if key is not None:
                    inner = anything(shape.known) if known else free
                    pairs.append((key, self.read(value, inner or shape)))
                elif self.mistakes.all:
                    hole = unread(_span(key_node))
                    pairs.append((hole, hole))
                continue
            name = str(key.value)
            if self._seen(name, key_node, seen):
                if self.mistakes.all and free:
                    self.read(value, free)
                continue
            inner = known[name][0] if name in known else free
            if inner is None:
                where = _span(key_node)
                meant = self._unknown(key_node, name, [one for one in known if one not in seen])
                hole = unread(where)
                pairs.append((Literal(meant, where, meant) if meant else hole, hole))
            else:
                pairs.append((key, self.read(value, inner)))
        return _new(Mapping, (tuple(pairs), _span(node)))

    def _record(self, node: MappingNode, shape: Shape, table: Alternatives) -> Tree:
        fields: dict[str, Tree] = {}
        keys: dict[str, ScalarNode] = {}
        known = table.keys
        left = (1 << len(table.names)) - 1
        whole = True
        there: frozenset[str] | None = None  # most mappings have no odd key
        for key, value in node.value:
            name = key.value if key.__class__ is ScalarNode else ''
            found = known.get(name)
            if found is None or name in fields or not found[1] & left:
                there = _keys(node) if there is None else there
                meant = self._odd(key, value, Beside(there, shape, table, fields, left))
                if meant:
                    left &= known[meant][1]
                    keys[meant] = key
                    fields[meant] = self._guessed(value, known[meant][0])
                whole = whole and meant is not None
                continue
            left &= found[1]
            keys[name] = key
            fields[name] = self.read(value, found[0])
        if left & (left - 1):
            self._undecided(node, table, left)
            return _new(Record, ('', fields, keys, _span(node), whole))
        which = left.bit_length() - 1
        for name in table.required[which]:
            if name not in fields:
                self._refuse(node, f'Required property is missing: {name}')
        return _new(Record, (table.names[which], fields, keys, _span(node), whole))

    def _guessed(self, node: Node, shape: Shape) -> Tree:
        """A value under a misspelt key; that it does not fit there may be our own mistake."""
        before = len(self.mistakes.found)
        tree = self.read(node, shape)
        if is_unread(tree) and self.mistakes.found[-1].code == 'schema':
            del self.mistakes.found[before:]
        return tree

    # --- keys

    def _key(self, node: Node, shape: Shape) -> Literal | Computed | Insert | None:
        """A key as a token; None if it is a mistake."""
        if not isinstance(node, ScalarNode):
            self._refuse(node, 'Expected a scalar value', 'a key cannot be a list or a mapping')
            return None
        text = node.value
        if '${{' not in text:
            if text in yaml.WORDS or text[0] in yaml.PLAIN or node.tag != yaml.UNTAGGED:
                try:
                    text = to_text(yaml.scalar(node))
                except ValueError as error:
                    self._refuse(node, str(error), code='yaml')
                    return None
            if not text:
                self._refuse(node, "Unexpected value ''")
                return None
            return _new(Literal, (text, _span(node), text))
        return self._computed_key(text, node, shape)

    def _computed_key(
        self, text: str, node: ScalarNode, shape: Shape
    ) -> Literal | Computed | Insert | None:
        found = text if inserts(text) else split(text, shape.known)
        if isinstance(found, list):
            self._misread(text, node, shape, found)
            return None
        if isinstance(found, str) and found != text:
            return Literal(found, _span(node), text)
        if shape.known == NO_NAMES:
            self._refuse(node, FORBIDDEN)
            return None
        return Insert(_span(node)) if isinstance(found, str) else Computed(found, _span(node))

    def _seen(self, name: str, node: Node, seen: set[str]) -> bool:
        folded = fold(name)
        if folded in seen:
            self._refuse(node, f"'{name}' is already defined")
            return True
        seen.add(folded)
        return False

    def _odd(self, node: Node, value: Node, beside: Beside) -> str | None:
        """A key that is not simply a known one, seen for the first time.

        The answer is the key that was meant, '' if that does not matter, None if nobody knows.
        """
        key = self._key(node, beside.shape)
        if key is None:
            return None
        if not isinstance(key, Literal):
            hint = 'write the keys out, or compute the whole value'
            self._refuse(node, 'Liftlock does not support an expression as a key here', hint)
            return None
        name = str(key.value)
        known = beside.table.keys
        if fold(name) in map(fold, beside.fields):
            hint = 'a new step begins with "- "' if 'run' in known else ''
            self._refuse(node, f"'{name}' is already defined", hint)
        elif beside.table.loose and beside.shape.entries:
            self.read(value, beside.shape.entries)
            return ''
        elif name in known:
            rivals = [other for other in beside.fields if not known[other][1] & known[name][1]]
            hint = f'it cannot stand beside {" and ".join(rivals)}' if rivals else ''
            self._refuse(node, f"Unexpected value '{name}'", hint)
        else:
            return self._unknown(node, name, _fitting(beside)) or None
        if self.mistakes.all and name in known:
            self.read(value, known[name][0])
        return ''

    # --- mistakes

    def _refuse(self, node: Node, message: str, hint: str = '', code: str = 'schema') -> Tree:
        where = _span(node)
        self.mistakes.add(where, code, message, hint)
        return unread(where)

    def _misread(self, text: str, node: ScalarNode, shape: Shape, found: list[Mistake]) -> None:
        from liftlock.language.reading import advice, places

        exact = places.parts(self.source, node, [(one.offset, one.length) for one in found])
        for mistake, place in zip(found, exact, strict=True):
            hint = advice.advice(mistake, text, shape.known, condition=shape.condition)
            message = mistake.message
            if self.mistakes.all and place is not None:
                message = mistake.problem or message  # GitHub counts characters; we show the place
            self.mistakes.add(place or _span(node), 'expression', message, hint)

    def _unknown(self, node: Node, name: str, allowed: List[str]) -> str:
        """A key that is not known. The answer is the one that was meant, or ''."""
        if name == '<<':
            hint = 'GitHub knows no merge keys; use an alias for the whole mapping'
            self._refuse(node, f"Unexpected value '{name}'", hint)
            return ''
        self._refuse(node, f"Unexpected value '{name}'", hints.nearest(name, allowed))
        return hints.meant(name, allowed) if self.mistakes.all else ''

    def _undecided(self, node: Node, table: Alternatives, left: int) -> None:
        """Names the keys that exactly one of the mappings still possible has."""
        single = []
        for name, (_, bits) in table.keys.items():
            mask = bits & left
            if mask and not mask & (mask - 1):
                single.append(name)
        self._refuse(
            node,
            "There's not enough info to determine what you meant. Add one of these properties: "
            + ', '.join(sorted(single)),
        )


def _fitting(beside: Beside) -> list[str]:
    """The keys that may still come."""
    return [
        name
        for name, (_, bits) in beside.table.keys.items()
        if bits & beside.left and name not in beside.there
    ]


def _keys(node: MappingNode) -> frozenset[str]:
    return frozenset([key.value for key, _ in node.value if key.__class__ is ScalarNode])


def _fits(value: yaml.Scalar, shape: Shape) -> bool:
    if isinstance(value, str):
        return (
            shape.text == ANY_TEXT
            or bool(shape.text and value)
            or value in shape.words
            or shape.anything
        )
    if isinstance(value, bool):
        return shape.boolean or shape.anything
    return (shape.null if value is None else shape.number) or shape.anything
