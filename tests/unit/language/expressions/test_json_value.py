import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liftlock.language.expressions.errors import ExpressionError
from liftlock.language.expressions.json_text import pieces
from liftlock.language.expressions.json_value import Text, read, strict
from liftlock.language.expressions.values import Value

NUMBERS = st.one_of(st.integers(-(10**6), 10**6).map(float), st.sampled_from([0.5, 1e20, -2.25]))
VALUES: st.SearchStrategy[Value] = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(max_size=3), inner, max_size=4).filter(
            lambda entries: len({name.lower() for name in entries}) == len(entries)
        ),
    ),
    max_leaves=10,
)


def outcome(reader: Callable[[str], Value], text: str) -> str:
    try:
        return repr(reader(text))
    except ExpressionError as error:
        return error.message


@given(VALUES)
def test_what_to_json_writes_from_json_reads(value: Value) -> None:
    text = ''.join(pieces(value))
    assert read(text) == value
    assert json.loads(text) == value


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_both_readers_agree_on_json(value: Value, indent: int | None, plain: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=plain)
    assert Text(text).read() == strict(text) == value


@given(st.text('[]{}:,"\'\\/*au0x1. \n', max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert outcome(read, text) == outcome(lambda again: Text(again).read(), text)


@pytest.mark.parametrize(
    ('text', 'problem'),
    [
        ('', 'unexpected end'),
        ('[1', 'unexpected end'),
        ('[1 2]', "unexpected '2' at position 4"),
        ('{"a":1;}', "unexpected ';' at position 7"),
        ('{1+: 2}', "unexpected '+' at position 3"),
        ('{: 2}', "unexpected ':' at position 2"),
        ('nullo', "unexpected 'o' at position 5"),
        ('089', "unexpected '0' at position 1"),
        ('0xg', "unexpected '0' at position 1"),
        ('"\\q"', "bad escape sequence '\\q'"),
        ('"\\u12"', "bad escape sequence '\\u'"),
        ('[' * 65 + ']' * 65, 'nested deeper than 64 levels'),
        ('[' * 100_000, 'nested deeper than 64 levels'),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        read(text)
    assert caught.value.message == f'Error parsing fromJson: {problem}'


def test_brackets_in_texts_do_not_nest() -> None:
    assert read(json.dumps(['[' * 100])) == ['[' * 100]
    assert len(read('[' + '[],' * 100 + '[]]')) == 101  # type: ignore[arg-type]


def test_only_the_first_of_keys_that_differ_in_case_counts() -> None:
    assert read('{"b": 1, "B": 2, "a": 3, "b": 4}') == {'b': 4, 'a': 3}


def test_strict_reading_takes_json_only() -> None:
    for text in ('[1,]', "'a'", '1 2', '', '[' * 101 + ']' * 101, '// a'):
        with pytest.raises(ValueError, match=r'.'):
            strict(text)
