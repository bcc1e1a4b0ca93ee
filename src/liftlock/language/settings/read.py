"""From a YAML node and the shape of its place to a value, noting every mistake on the way.

What cannot be read is left out, so that one mistake is told once: the model's own default stands
in for it, and the file is refused anyway.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from liftlock.language.diagnostics import Diagnostic
from liftlock.language.expressions.grammar import Known
from liftlock.language.expressions.text import split
from liftlock.language.nearest import suggestion
from liftlock.language.rule import Rule
from liftlock.language.settings import rules, words
from liftlock.language.settings.model import Condition, Word
from liftlock.language.settings.shapes import (
    Choice,
    Comparison,
    Duration,
    Either,
    Flag,
    Items,
    Kinds,
    Name,
    Named,
    Number,
    Record,
    Reference,
    Shape,
    Share,
    Size,
    Template,
    Text,
    Whole,
)
from liftlock.language.yaml import span

NOTHING: Final = object()  # what a place with a mistake yields
TRUTHS: Final = {
    'true': True, 'True': True, 'TRUE': True, 'false': False, 'False': False, 'FALSE': False,
}  # fmt: skip
KINDS: Final = {ScalarNode: 'a value', SequenceNode: 'a list', MappingNode: 'a mapping'}
CAMEL: Final = re.compile(r'(?<=[a-z0-9])([A-Z])')


class Reader:
    """Reads one file and collects its diagnostics."""

    __slots__ = ('diagnostics', 'file')

    def __init__(self, file: str) -> None:
        self.file = file
        self.diagnostics: list[Diagnostic] = []

    # Values are Any: a shape decides at run time what its place yields, and the model's types
    # hold from there on.
    def read(self, node: Node, shape: Shape) -> Any:
        match shape:
            case Record():
                return self._record(node, shape)
            case Named():
                return self._named(node, shape)
            case Items():
                return self._items(node, shape)
            case Kinds():
                return self._kinds(node, shape)
            case Either(scalar, other):
                return self.read(node, scalar if isinstance(node, ScalarNode) else other)
            case _:
                return self._scalar(node, shape)

    def complain(self, node: Node, rule: Rule, message: str, hint: str = '') -> object:
        place = span(node)
        self.diagnostics.append(
            Diagnostic(self.file, place, rule.severity, rule.code, message, hint)
        )
        return NOTHING

    # --- mappings

    def _record(self, node: Node, shape: Record) -> Any:
        if empty(node):
            node = MappingNode('', [], node.start_mark, node.end_mark)
        fields = self._fields(node, shape)
        if fields is None:
            return NOTHING
        written = {key.value for key, _ in node.value}
        for name, field in shape.fields.items():
            if field.required and name not in written:
                return self.complain(node, rules.MISSING, f'"{name}" is missing', field.about)
        if shape.one_of and len(written & set(shape.one_of)) != 1:
            return self._not_one(node, shape.one_of, [*written & set(shape.one_of)])
        if shape.some_of and not written & set(shape.some_of):
            needed = ', '.join(shape.some_of)
            return self.complain(node, rules.MISSING, f'at least one of these is needed: {needed}')
        required = {name for name, field in shape.fields.items() if field.required}
        if required - fields.keys():
            return NOTHING  # its mistake was told
        return self._made(node, shape, fields)

    def _made(self, node: Node, shape: Record, fields: dict[str, Any]) -> Any:
        named = {
            shape.fields[key].attribute or CAMEL.sub(r'_\1', key).lower(): value
            for key, value in fields.items()
        }
        if 'span' in getattr(shape.make, '_fields', ()):
            named['span'] = span(node)
        return shape.make(**named)

    def _fields(self, node: Node, shape: Record) -> dict[str, Any] | None:
        if not self._is(node, MappingNode):
            return None
        fields: dict[str, Any] = {}
        for key, value in self._entries(node):
            field = shape.fields.get(key.value)
            if field is None:
                self._stranger(key, list(shape.fields))
            elif (read := self.read(value, field.shape)) is not NOTHING:
                fields[key.value] = read
        return fields

    def _named(self, node: Node, shape: Named) -> Any:
        if empty(node):
            return {}
        if not self._is(node, MappingNode):
            return NOTHING
        named: dict[str, Any] = {}
        for key, value in self._entries(node):
            if not re.fullmatch(shape.pattern, key.value):
                self.complain(key, rules.KEY, f'"{key.value}" cannot be the {_noun(shape.noun)}')
            elif (read := self.read(value, shape.of)) is not NOTHING:
                has_name = isinstance(getattr(read, 'name', None), Word)
                named[key.value] = (
                    read._replace(name=Word(key.value, span(key))) if has_name else read
                )
        return named

    def _kinds(self, node: Node, shape: Kinds) -> Any:
        if isinstance(node, ScalarNode) and shape.words:
            return self._word(node, shape)
        if not self._is(node, MappingNode):
            return NOTHING
        entries = self._entries(node)
        known = [(key, value) for key, value in entries if key.value in shape.of]
        for key, _ in entries:
            if key.value not in shape.of:
                self._stranger(key, list(shape.of))
        if len(known) != 1:
            return self._not_one(node, tuple(shape.of), [key.value for key, _ in known])
        key, value = known[0]
        read = self.read(value, shape.of[key.value].shape)
        make = shape.make.get(key.value)
        return make(read, span(value)) if make and read is not NOTHING else read

    def _word(self, node: ScalarNode, shape: Kinds) -> Any:
        if node.value in shape.words:
            return shape.words[node.value]
        choices = [
            *shape.words,
            *(f'{{{name}: …}}' for name in shape.of if name not in shape.words),
        ]
        message = f'"{node.value}" is no {shape.noun}'
        return self.complain(
            node, rules.VALUE, message, _near(node.value, list(shape.words), choices)
        )

    def _entries(self, node: Node) -> list[tuple[ScalarNode, Node]]:
        """Pairs whose key is a word that was not there before; others are complained about."""
        seen: set[str] = set()
        entries = []
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self.complain(key, rules.TYPE, f'a key must be a word, not {KINDS[type(key)]}')
            elif key.value in seen:
                self.complain(key, rules.KEY, f'"{key.value}" is there twice')
            else:
                seen.add(key.value)
                entries.append((key, value))
        return entries

    def _stranger(self, key: ScalarNode, known: Sequence[str]) -> None:
        self.complain(
            key, rules.KEY, f'"{key.value}" means nothing here', _near(key.value, known, known)
        )

    def _not_one(self, node: Node, kinds: tuple[str, ...], found: list[str]) -> object:
        choices = ', '.join(kinds)
        if found:
            both = ' and '.join(f'"{kind}"' for kind in sorted(found, key=kinds.index))
            return self.complain(node, rules.ONE_OF, f'{both} exclude one another', 'keep one')
        return self.complain(node, rules.ONE_OF, f'exactly one of these is needed: {choices}')

    # --- lists and scalars

    def _items(self, node: Node, shape: Items) -> Any:
        if isinstance(node, SequenceNode):
            read = [self.read(item, shape.of) for item in node.value]
            return tuple(value for value in read if value is not NOTHING)
        if shape.lone and not empty(node):
            value = self.read(node, shape.of)
            return NOTHING if value is NOTHING else (value,)
        self._is(node, SequenceNode)
        return NOTHING

    def _scalar(self, node: Node, shape: Shape) -> Any:
        if not self._is(node, ScalarNode):
            return NOTHING
        assert isinstance(node, ScalarNode)
        if isinstance(shape, Template):
            return self._template(node, shape)
        value = READERS[type(shape)](node, shape)
        if value is not None:
            return value
        shown = f'"{node.value}"' if node.value else 'nothing'
        rule = rules.SECRET if isinstance(shape, Reference) else rules.VALUE
        message = f'{_expected(shape)} is expected here, not {shown}'
        if isinstance(shape, Reference):
            message = 'a secret must not stand in the file'  # and not in a log either
        self.complain(node, rule, message, _hint(node.value, shape))
        self.diagnostics[-1] = self.diagnostics[-1]._replace(hidden=isinstance(shape, Reference))
        return NOTHING

    def _template(self, node: ScalarNode, shape: Template) -> Any:
        found = split(node.value, Known(frozenset(shape.names)))
        if isinstance(found, list):
            for mistake in found:
                self.complain(node, rules.VALUE, mistake.message)
            return NOTHING
        return node.value

    def _is(self, node: Node, kind: type[Node]) -> bool:
        if isinstance(node, kind):
            return True
        found = 'nothing' if empty(node) else KINDS[type(node)]
        self.complain(node, rules.TYPE, f'{KINDS[kind]} is expected here, not {found}')
        return False


def empty(node: Node) -> bool:
    """Nothing behind the colon, or null."""
    return (
        isinstance(node, ScalarNode)
        and not node.style
        and node.value in ('', '~', 'null', 'Null', 'NULL')
    )


# --- scalars, by shape: a value, or None


def _text(node: ScalarNode, shape: Text) -> str | None:
    fits = not shape.pattern or re.fullmatch(shape.pattern, node.value)
    return node.value if fits and not empty(node) else None


def _chosen(word: str, shape: Choice) -> Any:
    return shape.meaning.get(word, word) if word in shape.words else None


def _name(node: ScalarNode, shape: Name) -> Word | None:
    return Word(node.value, span(node)) if node.value else None


def _whole(node: ScalarNode, shape: Whole) -> int | None:
    if not re.fullmatch(r'\d{1,12}', node.value):
        return None
    value = int(node.value)
    return value if shape.low <= value <= (shape.high or value) else None


def _number(node: ScalarNode, shape: Number) -> float | None:
    text = node.value.removesuffix('%').rstrip() if shape.percent else node.value
    if not re.fullmatch(r'\d+(\.\d+)?', text):
        return None
    value = float(text)
    return value if shape.low <= value <= (100 if shape.percent else value) else None


def _compared(node: ScalarNode, shape: Comparison) -> Any:
    if node.value in shape.alone:
        return Condition(node.value, '', 0.0, '', span(node))
    return words.comparison(node.value, shape.measured, span(node))


READERS: Final[dict[type, Callable[[ScalarNode, Any], Any]]] = {
    Text: _text,
    Name: _name,
    Choice: lambda node, shape: _chosen(node.value, shape),
    Flag: lambda node, shape: None if node.style else TRUTHS.get(node.value),
    Whole: _whole,
    Number: _number,
    Share: lambda node, shape: words.share(node.value),
    Size: lambda node, shape: words.size(node.value),
    Duration: lambda node, shape: words.duration(node.value),
    Comparison: _compared,
    Reference: lambda node, shape: words.secret(node.value, span(node)),
}


# --- what to say


def _expected(shape: Shape) -> str:
    match shape:
        case Text(_, expected):
            return expected
        case Choice(choices):
            return f'one of {", ".join(choices)}' if len(choices) > 1 else f'"{choices[0]}"'
        case Flag():
            return 'true or false'
        case Whole(low, high):
            return f'a whole number from {low}' + ('' if high is None else f' to {high}')
        case Number(low, percent):
            return 'a percentage from 0 to 100' if percent else f'a number from {low:g}'
        case Share():
            return 'a number or a percentage'
        case Size():
            return 'a size'
        case Duration():
            return 'a duration'
        case Comparison(measured):
            return 'a condition' if measured else 'a limit'
    return 'a name'


def _hint(text: str, shape: Shape) -> str:
    match shape:
        case Choice(choices):
            return _near(text, choices, ())
        case Duration():
            number = text if re.fullmatch(r'\d+', text) else '30'
            return f'write a unit: {number}s, {number}m, {number}h or {number}d'
        case Size():
            return 'for example: 512MB or 4GB'
        case Comparison(measured):
            limit = text if text[:1].isdecimal() else '5%'
            return f'for example: {"error_rate > 5%" if measured else f"< {limit}"}'
        case Share():
            return 'for example: 1 or 25%'
        case Flag() if text.lower() in ('yes', 'on', 'no', 'off', 'true', 'false'):
            return f'write {"true" if text.lower() in ("yes", "on", "true") else "false"}'
        case Reference():
            return 'store it with `liftlock secret set NAME` and write secret:NAME'
    return ''


def _near(word: str, candidates: Sequence[str], listed: Sequence[str]) -> str:
    return suggestion(word, candidates, f'expected: {", ".join(listed)}' if listed else '')


def _noun(noun: str) -> str:
    return f'name of {"an" if noun[0] in "aeiou" else "a"} {noun}'.replace(' of a name', '')
