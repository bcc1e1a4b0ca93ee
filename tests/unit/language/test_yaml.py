"""Whatever is given to it, composing answers with a node or with one diagnostic."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yaml.nodes import MappingNode, Node, ScalarNode

from liftlock.language import yaml
from liftlock.language.diagnostics import Diagnostic
from liftlock.language.source import Span


def root(text: str) -> Node:
    composed = yaml.compose('a.yml', text)
    assert not isinstance(composed, Diagnostic), composed.message
    return composed


def mistake(text: str) -> Diagnostic:
    composed = yaml.compose('a.yml', text)
    assert isinstance(composed, Diagnostic)
    return composed


def only(text: str) -> ScalarNode:
    node = root(text)
    assert isinstance(node, ScalarNode)
    return node


def test_bytes_may_begin_with_a_byte_order_mark() -> None:
    assert yaml.decode('a.yml', b'\xef\xbb\xbfon: push') == 'on: push'


def test_bytes_that_are_not_utf_8_are_found_where_they_stand() -> None:
    found = yaml.decode('a.yml', b'on: push\nname: \xff')
    assert isinstance(found, Diagnostic)
    assert found.span[:2] == (2, 7)
    assert 'UTF-8' in found.message


def test_a_text_may_begin_with_a_byte_order_mark() -> None:
    assert isinstance(root('\ufeffa: b'), MappingNode)


@pytest.mark.parametrize(
    ('text', 'kind'),
    [
        ('plain', str),
        ('"true"', str),
        ("'1'", str),
        ('|\n  1', str),
        ('!!str 1', str),
        ('!!float 1', float),
        ('!!int 0x10', float),
        ('!!bool True', bool),
        ('!!null', type(None)),
        ('!<tag:yaml.org,2002:bool> false', bool),
    ],
)
def test_quotes_and_tags_decide_before_the_text_does(text: str, kind: type) -> None:
    assert type(yaml.scalar(only(text))) is kind


@pytest.mark.parametrize(
    'text', ['!!int 1.5', '!!int x', '!!bool yes', '!!null x', '!!float true', '!!int "1"',
             '!mine x', '!!binary eA==', '!!str2 x', '0xFFFFFFFFF']
)  # fmt: skip
def test_a_tag_that_does_not_fit_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"'"):
        yaml.scalar(only(text))


def test_a_span_ends_just_behind_the_last_character() -> None:
    node = root('key: "va lue"')
    assert isinstance(node, MappingNode)
    key, value = node.value[0]
    assert yaml.span(key) == Span(1, 1, 1, 4)
    assert yaml.span(value) == Span(1, 6, 1, 14)


def test_columns_count_characters_and_not_bytes() -> None:
    node = root('ключ: значение')
    assert isinstance(node, MappingNode)
    assert yaml.span(node.value[0][1]) == Span(1, 7, 1, 15)


@pytest.mark.parametrize(
    'text',
    ['[' * 4000, '[' * 200_000, '- ' * 100_000, '? ' * 100_000, '{a: ' * 50_000,
     '\n'.join(' ' * depth + 'a:' for depth in range(1200)) + ' b'],
    ids=['open', 'brackets', 'dashes', 'questions', 'braces', 'indentation'],
)  # fmt: skip
def test_nesting_that_would_exhaust_the_stack_is_survived(text: str) -> None:
    composed = yaml.compose('a.yml', text)
    assert isinstance(composed, Diagnostic | Node)


def test_brackets_that_open_and_close_are_no_nesting() -> None:
    assert isinstance(root(f'[{"[], " * 6000}]'), Node)


def test_aliases_that_multiply_are_refused() -> None:
    lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    lines += [f'a{n}: &a{n} [{", ".join([f"*a{n - 1}"] * 10)}]' for n in range(1, 9)]
    assert mistake('\n'.join(lines)).message == 'Maximum YAML nodes exceeded'


def test_a_node_that_holds_itself_is_refused() -> None:
    assert mistake('&a [*a]').message == 'Maximum YAML nodes exceeded'


def test_a_long_file_without_aliases_is_counted_too() -> None:
    assert mistake('- x\n' * 50_000).message == 'Maximum YAML nodes exceeded'
    assert isinstance(root('- x\n' * 49_000), Node)


def test_an_anchor_may_be_defined_again() -> None:
    node = root('a: &x 1\nb: *x\nc: &x 2\nd: *x')
    assert isinstance(node, MappingNode)
    assert [value.value for _, value in node.value] == ['1', '1', '2', '2']


@pytest.mark.parametrize('text', ['', '# nothing', '---', '\n\n'])
def test_an_empty_file_is_a_mistake_unless_it_holds_a_null(text: str) -> None:
    composed = yaml.compose('a.yml', text)
    assert isinstance(composed, Diagnostic if text != '---' else ScalarNode)


@pytest.mark.parametrize('character', ['\x00', '\x07', '\x1b', '\ud800', '\ufffe'])
def test_a_character_that_yaml_forbids_is_found_where_it_stands(character: str) -> None:
    found = mistake(f'a: b\nc: {character}')
    assert found.span == Span(2, 4, 2, 5)
    assert f'U+{ord(character):04X}' in found.message


def test_a_file_of_more_than_a_mebibyte_is_refused() -> None:
    assert 'maximum file size' in mistake('#' * (yaml.LONGEST + 1)).message


@pytest.fixture(params=['libyaml', 'Python'])
def compose(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Any]:
    if request.param == 'Python':
        monkeypatch.setattr(yaml, '_Fast', yaml._pure())
    return lambda text: yaml.compose('a.yml', text)


@pytest.mark.parametrize(
    'text',
    ['on: [push, {a: "b"}]', 'a: *x', 'a: b: c', '--- a\n--- b', 'a:\n\t- b', 'a: "x', '\x07',
     'x: &a [*a]', '\n'.join(' ' * depth + 'a:' for depth in range(900)) + ' b', '\ud800'],
    ids=range(10),
)  # fmt: skip
def test_without_libyaml_the_answers_are_of_the_same_kind(
    compose: Callable[[str], Any], text: str
) -> None:
    composed = compose(text)
    assert isinstance(composed, Diagnostic | Node)
    if text.startswith('on:'):
        assert composed.tag == yaml.UNTAGGED


@given(st.text())
@example('a: &\n')
@example('*')
@example('%TAG ! x')
@example('!<')
def test_any_text_at_all_is_answered(text: str) -> None:
    composed = yaml.compose('a.yml', text)
    assert isinstance(composed, Diagnostic | Node)


@given(st.text(alphabet=' \n\t:-?&*!|>[]{},"\'#%@`ab1~<', max_size=60))
def test_any_knot_of_indicators_is_answered(text: str) -> None:
    composed = yaml.compose('a.yml', text)
    assert isinstance(composed, Diagnostic | Node)


@given(st.binary())
def test_any_bytes_are_answered(data: bytes) -> None:
    assert isinstance(yaml.decode('a.yml', data), str | Diagnostic)
