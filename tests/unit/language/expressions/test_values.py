from math import inf, isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liftlock.language.expressions.values import (
    Filtered,
    Value,
    equal,
    find,
    fold,
    kind,
    less,
    parse_number,
    to_number,
    to_text,
    truthy,
    units,
)

PRIMITIVES = st.one_of(st.none(), st.booleans(), st.floats(), st.text(max_size=8))


@pytest.mark.parametrize(
    ('value', 'name', 'text', 'number', 'truth'),
    [
        (None, 'Null', '', 0, False),
        (True, 'Boolean', 'true', 1, True),
        (False, 'Boolean', 'false', 0, False),
        (1.5, 'Number', '1.5', 1.5, True),
        (7, 'Number', '7', 7, True),
        (0, 'Number', '0', 0, False),
        (-0.0, 'Number', '0', 0, False),
        ('', 'String', '', 0, False),
        ('0', 'String', '0', 0, True),
        ('12', 'String', '12', 12, True),
    ],
)
def test_every_value_is_a_text_a_number_and_a_truth(
    value: Value, name: str, text: str, number: float, truth: bool
) -> None:
    found = (kind(value), to_text(value), to_number(value), truthy(value))
    assert found == (name, text, number, truth)


@pytest.mark.parametrize('value', [[], {}, [1.0], {'a': 1.0}, Filtered()])
def test_collections_are_true_and_no_numbers(value: Value) -> None:
    assert truthy(value)
    assert isnan(to_number(value))
    assert to_text(value) == kind(value)


def test_nan_is_false_and_equal_to_nothing() -> None:
    assert not truthy(nan)
    assert not equal(nan, nan)
    assert to_text(nan) == 'NaN'


@given(st.floats(-1e308, 1e308))
def test_a_number_as_text_keeps_fifteen_digits(number: float) -> None:
    text = to_text(number)
    assert parse_number(text) == pytest.approx(number, rel=1e-14, abs=5e-324)
    assert to_text(parse_number(text)) == text


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_whole_numbers_have_no_exponent_below_ten_to_the_fifteenth(number: int) -> None:
    assert to_text(float(number)) == str(number)


@pytest.mark.parametrize(
    ('text', 'number'),
    [
        ('0x7fffffff', 2**31 - 1),
        ('0xffffffff', -1),
        ('0x0ffffffff', -1),
        ('0o37777777777', -1),
        ('1e400', inf),
        ('-1e400', -inf),
        ('INFINITY', inf),
        ('\u20037\u3000', 7),
    ],
)
def test_texts_that_are_numbers(text: str, number: float) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize(
    'text',
    ['0x100000000', '0x', '0o', '0o9', '0x-1', '0x 1', '0x1_0', '-0x1', '0X1', '1_0', 'inf', 'nan',
     '٣', '\uff11', '1 2', '.', '+', 'e5', '1e', '\x1c1', '0b1'],
)  # fmt: skip
def test_texts_that_are_none(text: str) -> None:
    assert isnan(parse_number(text))


@given(PRIMITIVES, PRIMITIVES)
def test_equality_and_order_agree(left: Value, right: Value) -> None:
    assert equal(left, right) == equal(right, left)
    assert less(left, right) + less(right, left) + equal(left, right) <= 1


@given(st.text(max_size=8), st.text(max_size=8))
def test_two_texts_are_always_in_one_order(left: str, right: str) -> None:
    assert less(left, right) + less(right, left) + equal(left, right) == 1


@given(st.text())
def test_folding_keeps_the_length_and_is_done_once(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


def test_folding_is_letter_by_letter() -> None:
    assert fold('straße') == 'STRAßE'
    assert fold('\u0131\u017f') == '\u0131\u017f'
    assert fold('ÿ') == 'Ÿ'
    assert fold('ᾳ') == 'ᾼ'
    assert fold('ŉ') == 'ŉ'


def test_an_entry_is_found_whatever_its_case() -> None:
    entries: dict[str, Value] = {'Path': 1.0, 'É': 2.0}
    assert find(entries, 'Path') == find(entries, 'pATH') == 1
    assert find(entries, 'é') == 2
    assert find(entries, 'Paths') is None
    assert find(entries, 'x', missing='none') == 'none'


def test_a_text_is_as_long_as_its_utf_16() -> None:
    assert [units(text) for text in ('', 'ab', 'é', '😀', '\ud800')] == [0, 2, 1, 2, 1]
