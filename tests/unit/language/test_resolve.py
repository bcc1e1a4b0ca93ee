"""Tokens become values by the rules of GitHub's template evaluator."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liftlock.language import resolve as module
from liftlock.language import yaml
from liftlock.language.diagnostics import Diagnostic
from liftlock.language.expressions.grammar import ANYTHING
from liftlock.language.expressions.values import Scope, Value
from liftlock.language.grammar.shapes import anything
from liftlock.language.reading.mistakes import Mistakes
from liftlock.language.reading.reader import Reader
from liftlock.language.resolve import (
    TemplateError,
    resolve,
    resolve_boolean,
    resolve_mapping_of_text,
    resolve_number,
    resolve_text,
)
from liftlock.language.source import NOWHERE
from liftlock.language.template import Literal, Sequence, Token

SCOPE = Scope(
    {
        'x': {
            'text': 'a',
            'number': 1.5,
            'yes': True,
            'nothing': None,
            'list': ['b', 'c'],
            'map': {'k': 1.0, 'l': [True]},
            'same': {'A': 'again'},
        }
    }
)


def token(text: str) -> Token:
    mistakes = Mistakes('a.yml')
    root = yaml.compose('a.yml', text)
    assert not isinstance(root, Diagnostic)
    tree = Reader(mistakes, text).read(root, anything(ANYTHING))
    assert mistakes.found == []
    return tree  # type: ignore[return-value]


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('plain', 'plain'),
        ('1', 1.0),
        ('~', None),
        ('${{ x.number }}', 1.5),
        ('n = ${{ x.number }}', 'n = 1.5'),
        ('[1, [2], {a: b}]', [1.0, [2.0], {'a': 'b'}]),
        ('[a, "${{ x.list }}", "${{ x.map }}"]', ['a', 'b', 'c', {'k': 1.0, 'l': [True]}]),
        ('{a: "${{ x.list }}"}', {'a': ['b', 'c']}),
        ('{"${{ x.text }}": 1}', {'a': 1.0}),
        ('{"${{ x.number }}": 1}', {'1.5': 1.0}),
        ('{z: 0, "${{ insert }}": "${{ x.map }}"}', {'z': 0.0, 'k': 1.0, 'l': [True]}),
        ('{"${{ insert }}": {a: b}}', {'a': 'b'}),
    ],
)
def test_a_tree_has_the_value_of_its_leaves(text: str, value: Value) -> None:
    assert resolve(token(text), SCOPE) == value


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('${{ fromJSON("x") }}'.replace('"', "'"), 'x'),
        ('{a: 1, "${{ x.text }}": 2}', "'a' is already defined"),
        ('{a: 1, "${{ insert }}": "${{ x.same }}"}', "'A' is already defined"),
        ('{"${{ insert }}": "${{ x.list }}"}', 'Expected a mapping'),
        ('{"${{ x.map }}": 1}', 'A mapping was not expected'),
        ('{"${{ x.list }}": 1}', 'A sequence was not expected'),
    ],
)
def test_what_has_no_value_is_an_error_with_a_place(text: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        resolve(token(text), SCOPE)
    assert message in caught.value.message
    assert caught.value.span > NOWHERE


@pytest.mark.parametrize(
    ('text', 'value'),
    [('${{ x.number }}', '1.5'), ('${{ x.yes }}', 'true'), ('${{ x.nothing }}', ''), ('1.0', '1')],
)
def test_text_is_made_of_any_scalar(text: str, value: str) -> None:
    assert resolve_text(token(text), SCOPE) == value


@pytest.mark.parametrize(
    ('kind', 'text', 'message'),
    [
        (resolve_text, '${{ x.list }}', 'A sequence was not expected'),
        (resolve_text, '${{ x.map }}', 'A mapping was not expected'),
        (resolve_boolean, "${{ 'true' }} ", "Unexpected value 'true'"),
        (resolve_boolean, '${{ x.number }}', "Unexpected value '1.5'"),
        (resolve_boolean, '${{ x.nothing }}', "Unexpected value ''"),
        (resolve_boolean, '[]', 'A sequence was not expected'),
        (resolve_number, '${{ x.text }}', "Unexpected value 'a'"),
        (resolve_number, '${{ x.yes }}', "Unexpected value 'true'"),
        (resolve_number, '${{ x.map }}', 'A mapping was not expected'),
        (resolve_mapping_of_text, '${{ x.list }}', 'A sequence was not expected'),
        (resolve_mapping_of_text, '${{ x.text }}', "Unexpected value 'a'"),
        (resolve_mapping_of_text, '{a: "${{ x.list }}"}', 'A sequence was not expected'),
        (resolve_mapping_of_text, '${{ x.map }}', 'A sequence was not expected'),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_in_githubs_words(
    kind: Callable[[Token, Scope], object], text: str, message: str
) -> None:
    with pytest.raises(TemplateError) as caught:
        kind(token(text), SCOPE)
    assert caught.value.message == message


def test_booleans_and_numbers_are_what_they_are() -> None:
    assert resolve_boolean(token('${{ x.yes }}'), SCOPE) is True
    assert resolve_number(token('${{ x.number }}'), SCOPE) == 1.5
    assert resolve_number(token('7'), SCOPE) == 7.0


def test_a_mapping_of_text_keeps_order_and_makes_text_of_its_values() -> None:
    found = resolve_mapping_of_text(token('{b: 1, a: "${{ x.yes }}", c: ~}'), SCOPE)
    assert list(found.items()) == [('b', '1'), ('a', 'true'), ('c', '')]
    merged = resolve_mapping_of_text(token('{"${{ insert }}": {q: 2}, p: 1}'), SCOPE)
    assert list(merged.items()) == [('q', '2'), ('p', '1')]


def test_the_mistake_in_a_mapping_of_text_is_shown_at_its_value() -> None:
    with pytest.raises(TemplateError) as caught:
        resolve_mapping_of_text(token('a: 1\nb: ${{ x.list }}'), SCOPE)
    assert caught.value.span.line == 2


def test_a_tree_may_be_fifty_levels_deep_and_no_deeper() -> None:
    deepest: Token = Literal('x', NOWHERE)
    for _ in range(50):
        deepest = Sequence((deepest,), NOWHERE)
    resolve(deepest, SCOPE)
    with pytest.raises(TemplateError, match='depth'):
        resolve(Sequence((deepest,), NOWHERE), SCOPE)


def test_a_value_that_an_expression_brings_counts_as_deep_as_it_is() -> None:
    value: Any = 'x'
    for _ in range(50):
        value = [value]
    with pytest.raises(TemplateError, match='depth'):
        resolve(token('{a: "${{ x }}"}'), Scope({'x': value}))


def test_a_tree_may_hold_ten_mebibytes_and_no_more() -> None:
    scope = Scope({'x': 'y' * 100_000})
    items = ', '.join(['"${{ x }}"'] * 60)
    with pytest.raises(TemplateError, match='Maximum object size exceeded'):
        resolve(token(f'[{items}]'), scope)


def test_a_tree_may_have_a_million_parts_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, 'MOST_EVENTS', 10)
    with pytest.raises(TemplateError, match='Maximum events exceeded'):
        resolve(token('[1, 2, 3, 4, 5, 6, 7, 8, 9]'), SCOPE)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@given(PLAIN)
def test_an_expression_gives_its_value_unchanged(value: Any) -> None:
    assert resolve(token('${{ x }}'), Scope({'x': value})) == value
