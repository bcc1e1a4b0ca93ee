"""The limit, computed by hand: a text costs 26 + 2 a character, anything else 24."""

import pytest

from liftlock.language.expressions.errors import ExpressionError
from liftlock.language.expressions.grammar import parse
from liftlock.language.expressions.values import Scope, Value

MOST = 1 << 20


def evaluate(source: str, **contexts: Value) -> Value:
    return parse(source).evaluate(Scope(contexts))


def refused(source: str, **contexts: Value) -> str:
    with pytest.raises(ExpressionError) as caught:
        evaluate(source, **contexts)
    head, _, expression = caught.value.message.partition(' expression: ')
    assert head == 'The maximum allowed memory size was exceeded while evaluating the following'
    return expression


def test_a_property_costs_its_object_its_name_and_its_text() -> None:
    most = (MOST - 24 - 28 - 24 - 26) // 2  # the context, 'k', the text's wrapper, the text
    assert evaluate('t.k', t={'k': 'x' * most}) == 'x' * most
    assert refused('t.k', t={'k': 'x' * (most + 1)}) == 't.k'
    assert refused("T['k']", t={'k': 'x' * (most + 1)}) == 'T.k'


def test_the_units_of_utf_16_are_counted() -> None:
    most = (MOST - 24 - 28 - 24 - 26) // 2
    assert evaluate("t.k != ''", t={'k': '😀' * (most // 2 - 100)}) is True
    assert refused("t.k != ''", t={'k': '😀' * (most // 2 + 1)}) == "(t.k != '')"


def test_what_was_made_here_strikes_off_what_it_was_made_of() -> None:
    long = {'k': 'x' * 300_000}
    assert evaluate("(t.k != '') && (t.k != '') && (t.k != '')", t=long) is True
    assert refused("t.k && t.k && ''", t=long) == "(t.k && t.k && '')"


def test_values_of_a_chain_stay_on_the_bill() -> None:
    texts: dict[str, Value] = {'k': 'x' * 8_000}
    assert evaluate(' && '.join(['t.k'] * 64) + " && 'end'", t=texts) == 'end'
    assert refused(' && '.join(['t.k'] * 66) + " && 'end'", t=texts).startswith('(t.k && t.k')


def test_a_text_that_is_put_together_costs_its_pieces() -> None:
    assert refused("format('{0}{0}', t.k) == ''", t={'k': 'x' * 270_000}) == "format('{0}{0}', t.k)"
    assert evaluate("format('{0}', t.k) == ''", t={'k': 'x' * 200_000}) is False


def test_an_array_of_nothing_can_be_too_much_to_join() -> None:
    assert evaluate("join(t, '')", t=[''] * 20_000) == ''
    assert refused("join(t, '')", t=[''] * 20_200) == "join(t, '')"


def test_json_costs_a_piece_each_value_and_key() -> None:
    rows: list[Value] = [1.0] * 30_000
    assert str(evaluate('toJSON(t)', t=rows[:25_000])).count('\n') == 25_001
    assert refused('toJSON(t)', t=rows) == 'toJSON(t)'


def test_a_star_costs_a_reference_each_item() -> None:
    assert evaluate("contains(t.*, 'x')", t=[None] * 120_000) is False
    assert refused("contains(t.*, 'x')", t=[None] * 131_100) == 't.*'


def test_a_text_from_a_supplied_function_is_counted_too() -> None:
    calls = []

    def long(arguments: object) -> Value:
        calls.append(arguments)
        return 'x' * 524_300

    with pytest.raises(ExpressionError, match='maximum allowed memory'):
        parse("long() == ''").evaluate(Scope({}, {'long': long}))
    assert calls


def test_what_is_on_the_way_to_the_limit_is_evaluated_exactly() -> None:
    texts: dict[str, Value] = {'k': 'x' * 200_000, 'list': [{'n': 'a'}, {'n': 'b'}], 'no': None}
    scope = Scope({'t': texts}, {'success': lambda _: True})
    for source, value in {
        't.k && t.list.*.n': ['a', 'b'],
        't.k && t.list[1].n': 'b',
        "t.k && t.list[*]['N'][0]": [],
        "t.k != '' && join(t.list.*.n, '-')": 'a-b',
        't.k == t.k && !t.no': True,
        "t.k && t.no || 'else'": 'else',
        't.k && case(1 < 2, success(), 3)': True,
        "t.k && fromJSON('[1]')[0]": 1.0,
        "startsWith(t.k, 'xx') && contains('ab', 'B') && endsWith('ab', 'b')": True,
        "t.k && format('{0}{1}', 1, null) && toJSON('a')": '"a"',
        "t.k && t[* == '*' && 'no']": None,
    }.items():
        assert parse(source).evaluate(scope) == value


def test_long_texts_of_every_origin_are_counted() -> None:
    text: dict[str, Value] = {'k': 'x' * 400_000, 'key': 'k', 'long': ['x' * 180_000] * 2}
    for source, value in {
        "toJSON(t.k) == ''": False,
        "join(t.long) == ''": False,
        "t[t.key] == ''": False,
        "t.*[0] == ''": False,
    }.items():
        assert evaluate(source, t=text) is value
    assert refused("t[t.key] && t[t.key] && ''", t=text).startswith('(t[t.key] && ')
    assert refused("toJSON(t.k) && toJSON(t.k) && ''", t=text).startswith('(toJSON(t.k) && ')
    assert refused("join(t.long) && join(t.long) && ''", t=text).startswith('(join(t.long) && ')
