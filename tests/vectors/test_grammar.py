"""Our tables against GitHub's own schema, place by place: keys, values, contexts, functions."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from liftlock.language.expressions.grammar import Known
from liftlock.language.grammar import action, workflow
from liftlock.language.grammar.shapes import ANY_TEXT, FILLED_TEXT, NO_TEXT, Shape

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get('LIFTLOCK_VECTORS', ROOT.parent / 'shared/reference/vectors'))

Definitions = dict[str, dict[str, Any]]

# Where we know better than the schema, and why.
DIFFERENCES = {
    'on: words': 'the schema has branch_protection_rule twice instead of repository_dispatch',
    'on[]: words': 'the same',
    'on.repository_dispatch.types: text': 'files with one type and no brackets start on GitHub',
    'on.workflow_dispatch.inputs.*: null': 'files with an input of no properties start on GitHub',
    'jobs.*.snapshot.if: known': "GitHub's converter gives it status functions and hashFiles",
    'branding.icon: words': 'some 280 names that nothing here depends on',
    'branding.icon: text': 'the same',
    'branding.color: words': 'the same',
    'branding.color: text': 'the same',
}


def schema(file: str) -> Definitions:
    path = SHARED / file
    if not path.exists():
        pytest.skip(f"set LIFTLOCK_VECTORS to a directory with GitHub's {file}")
    definitions: Definitions = json.loads(path.read_text('utf-8'))['definitions']
    basic = {kind: {kind: {}} for kind in ('string', 'boolean', 'number', 'null')}
    return (
        basic | {'any': {'any': {}}, 'sequence': {'sequence': {'item-type': 'any'}}} | definitions
    )


def known_of(context: frozenset[str]) -> Known:
    functions = frozenset(
        (found[1].lower(), int(found[2]), 255 if found[3] == 'MAX' else int(found[3]))
        for name in context
        if (found := re.fullmatch(r'(\w+)\((\d+),(\d+|MAX)\)', name))
    )
    return Known(frozenset(name for name in context if '(' not in name), functions)


def flat(definitions: Definitions, name: str) -> Iterator[dict[str, Any]]:
    """What a definition allows, with unions taken apart."""
    definition = definitions[name]
    for inner in definition.get('one-of', ()):
        yield from flat(definitions, inner)
    if 'one-of' not in definition:
        yield definition


class Comparison:
    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self.differences: set[str] = set()
        self.places = 0

    def compare(self, place: str, shape: Shape, name: str, inherited: frozenset[str]) -> None:
        """Walks both sides from one place down."""
        self.places += 1
        context = inherited | frozenset(self.definitions[name].get('context', ()))
        parts = list(flat(self.definitions, name))
        self.expect(place, 'known', shape.known, known_of(context))
        if shape.anything or any('any' in part for part in parts):
            self.expect(place, 'anything', shape.anything, any('any' in part for part in parts))
            return
        self.scalars(place, shape, parts)
        self.sequences(place, shape, parts, context)
        self.mappings(
            place, shape, [part['mapping'] for part in parts if 'mapping' in part], context
        )

    def expect(self, place: str, what: str, ours: object, theirs: object) -> None:
        if ours != theirs:
            self.differences.add(f'{place}: {what}')

    def scalars(self, place: str, shape: Shape, parts: list[dict[str, Any]]) -> None:
        strings = [part['string'] for part in parts if 'string' in part]
        words = {string['constant'] for string in strings if 'constant' in string}
        words |= {word for part in parts for word in part.get('allowed-values', ())}
        text = max(
            (FILLED_TEXT if 'require-non-empty' in string else ANY_TEXT
             for string in strings if 'constant' not in string),
            default=NO_TEXT,
        )  # fmt: skip
        self.expect(place, 'words', shape.words, words)
        self.expect(place, 'text', shape.text, text)
        for kind in ('boolean', 'number', 'null'):
            self.expect(place, kind, getattr(shape, kind), any(kind in part for part in parts))

    def sequences(
        self, place: str, shape: Shape, parts: list[dict[str, Any]], context: frozenset[str]
    ) -> None:
        items = [part['sequence']['item-type'] for part in parts if 'sequence' in part]
        self.expect(place, 'sequence', shape.items is not None, bool(items))
        if shape.items and items:
            self.compare(f'{place}[]', shape.items, items[0], context)

    def mappings(
        self, place: str, shape: Shape, theirs: list[dict[str, Any]], context: frozenset[str]
    ) -> None:
        loose = [mapping['loose-value-type'] for mapping in theirs if 'loose-value-type' in mapping]
        self.expect(place, 'free keys', shape.entries is not None, bool(loose))
        if shape.entries and loose:
            self.compare(f'{place}.*', shape.entries, loose[0], context)
        theirs = [mapping['properties'] for mapping in theirs if 'properties' in mapping]
        self.expect(place, 'mapping', shape.record is not None, bool(theirs))
        if not shape.record or not theirs:
            return
        ours = shape.record
        for position, properties in enumerate(theirs):
            keys = {key for key, (_, bits) in ours.keys.items() if bits >> position & 1}
            required = {key for key, value in properties.items() if is_required(value)}
            self.expect(place, f'keys of mapping {position}', keys, set(properties))
            self.expect(place, 'required', set(ours.required[position]), required)
            for key in keys & set(properties):
                if place.count('parallel') < 1:
                    inner = f'{place}.{key}' if place else key
                    self.compare(inner, ours.keys[key][0], type_of(properties[key]), context)


def type_of(value: Any) -> str:
    return str(value['type'] if isinstance(value, dict) else value)


def is_required(value: Any) -> bool:
    return isinstance(value, dict) and bool(value.get('required'))


@pytest.mark.parametrize(
    ('file', 'root', 'shape', 'places'),
    [
        ('workflow-v1.0.json', 'workflow-root-strict', workflow.ROOT, 300),
        ('action-v1.0.json', 'action-root-strict', action.ROOT, 50),
    ],
)
def test_our_tables_say_what_githubs_schema_says(
    file: str, root: str, shape: Shape, places: int
) -> None:
    comparison = Comparison(schema(file))
    comparison.compare('', shape, root, frozenset())
    assert comparison.differences - DIFFERENCES.keys() == set()
    assert comparison.places > places, 'so few places were compared that something is amiss'
