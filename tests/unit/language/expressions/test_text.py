import pytest

from liftlock.language.expressions import text as t
from liftlock.language.expressions.grammar import ANYTHING, NOTHING, Expression, Known
from liftlock.language.expressions.text import Mistake, condition, inserts, parts, split
from liftlock.language.expressions.values import Scope, Value

KNOWN = Known(
    frozenset({'github', 'env'}),
    frozenset({('success', 0, 0), ('failure', 0, 0), ('always', 0, 0), ('cancelled', 0, 0)}),
)
CONTEXTS: dict[str, Value] = {'github': {'ref': 'main'}, 'env': {'A': 'x'}}


def source(text: str) -> str:
    reading = split(text, KNOWN)
    assert isinstance(reading, Expression)
    return reading.source


def mistakes(text: str, known: Known = KNOWN) -> list[tuple[str, int, int]]:
    """Each mistake up to its first full stop, with the characters it is about."""
    reading = split(text, known)
    assert isinstance(reading, list)
    return [(one.message.partition('. ')[0], one.offset, one.length) for one in reading]


def condition_source(text: str) -> str:
    reading = condition(text, KNOWN)
    assert isinstance(reading, Expression)
    return reading.source


@pytest.mark.parametrize('text', ['', 'plain', '$ {{ x }}', '}} $', '{{ x }}', "it's"])
def test_a_text_without_expressions_is_itself(text: str) -> None:
    assert split(text, NOTHING) == text


@pytest.mark.parametrize(
    ('text', 'literal'),
    [
        ("${{ 'a' }}", 'a'),
        ("${{'it''s'}}", "it's"),
        ("${{ '${{ x }}' }}", '${{ x }}'),
        ("${{ '' }}", ''),
    ],
)
def test_a_lone_string_is_a_literal(text: str, literal: str) -> None:
    assert split(text, NOTHING) == literal


def test_a_lone_expression_stays_as_it_is() -> None:
    assert source('${{ github.ref }}') == 'github.ref'
    assert source('${{\n github.ref\t}}') == 'github.ref'
    assert source('${{ 1 }}') == '1'
    assert source("${{ ('a') }}") == "('a')"


def test_text_around_becomes_a_format() -> None:
    assert source('a ${{ github.ref }} b') == "format('a {0} b', github.ref)"
    assert source(' ${{ env.A }}') == "format(' {0}', env.A)"
    assert source('${{ env.A }}${{ github.ref }}') == "format('{0}{1}', env.A, github.ref)"
    assert source("{it's} ${{ env.A }}") == "format('{{it''s}} {0}', env.A)"


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ("{it's} ${{ env.A }}!", "{it's} x!"),
        ("${{ '}}' }} ${{ 'a' }}", '}} a'),
        ('${{ env.A }}}', 'x}'),
        ("${{ 'a' == 'A' }} ${{ null }}.", 'true .'),
        ("'${{ env.A }}'", "'x'"),
    ],
)
def test_a_mixed_text_has_the_value_one_expects(text: str, value: str) -> None:
    reading = split(text, KNOWN)
    assert isinstance(reading, Expression)
    assert reading.evaluate(Scope(CONTEXTS)) == value
    assert reading.calls == {'format'}


def test_names_and_calls_of_all_parts_are_known() -> None:
    reading = split('${{ github.ref }} ${{ toJSON(env) }}', KNOWN)
    assert isinstance(reading, Expression)
    assert reading.names == {'github', 'env'}
    assert reading.calls == {'format', 'tojson'}


def test_every_mistake_of_a_text_is_found() -> None:
    assert mistakes('${{ nope }} ${{ github.ref }} x ${{ 1 + 1 }} ${{ }}') == [
        ("Unrecognized named-value: 'nope'", 4, 4),
        ("Unexpected symbol: '+'", 38, 1),
        (t.EMPTY, 45, 6),
    ]


def test_an_expression_has_to_be_closed() -> None:
    unclosed = t.UNCLOSED.partition('. ')[0]
    assert mistakes('x ${{ github.ref }') == [(unclosed, 2, 3)]
    assert mistakes("${{ 'a }}") == [(unclosed, 0, 3)]
    assert mistakes("${{ x }} ${{ 'it's' }}") == [
        ("Unrecognized named-value: 'x'", 4, 1),
        (unclosed, 9, 3),
    ]


def test_a_place_without_contexts_takes_no_expression() -> None:
    assert mistakes('a ${{ 1 }}', NOTHING) == [(t.FORBIDDEN, 2, 8)]
    assert mistakes('${{ github.ref }}', NOTHING) == [("Unrecognized named-value: 'github'", 4, 6)]


def test_insert_is_for_keys_only() -> None:
    assert [inserts(text) for text in ('${{ insert }}', '${{insert}}', '${{\tinsert }}')] == [
        True
    ] * 3
    assert not any(map(inserts, ('${{ insert }} ', '${{ insert x }}', 'insert', '${{ Insert }}')))
    assert split('${{ insert }}', KNOWN) == [Mistake(t.DIRECTIVE, 0, 13)]
    assert split('a ${{ insert }}', KNOWN) == [Mistake(t.INLINE, 6, 6)]


def test_a_text_may_be_as_long_as_an_expression_only() -> None:
    assert isinstance(split('x' * 20_900 + '${{ env.A }}', KNOWN), Expression)
    reading = split('${{ env.A }}' + 'x' * 21_000, KNOWN)
    assert reading == [Mistake('Exceeded max expression length 21000', 0)]


def test_a_text_may_not_be_deeper_than_an_expression_only() -> None:
    deepest = '${{ ' + '!' * 49 + 'env.A }}'
    assert mistakes(deepest) == [('Exceeded max expression depth 50', 4, 0)]
    deep = '${{ ' + '!' * 49 + 'true }}'
    assert isinstance(split(deep, KNOWN), Expression)
    assert mistakes('a ' + deep) == [('Exceeded max expression depth 50', 2, 0)]


def test_a_text_may_hold_254_expressions() -> None:
    assert isinstance(split('${{ env.A }} ' * 254, KNOWN), Expression)
    assert mistakes('${{ env.A }} ' * 255) == [("Too many parameters supplied: '('", 0, 0)]


def test_readings_are_remembered() -> None:
    assert split('a ${{ env.A }}', KNOWN) is split('a ${{ env.A }}', KNOWN)
    assert split('a ${{ env.A }}', KNOWN) is not split('a ${{ env.A }}', ANYTHING)


def test_parts_stand_by_themselves() -> None:
    found = parts('a ${{  env.A }} ${{ 1 + }} ${{ github.ref }}', KNOWN)
    assert [(part.source, offset) for part, offset in found] == [('env.A', 7), ('github.ref', 31)]


# --- conditions


@pytest.mark.parametrize('text', ['', '  ', "${{ '' }}"])
def test_no_condition_is_success(text: str) -> None:
    assert condition_source(text) == 'success()'


@pytest.mark.parametrize(
    ('text', 'condition'),
    [
        ('github.ref', 'success() && (github.ref)'),
        ('${{ github.ref }}', 'success() && (github.ref)'),
        ('${{ env.A }} x', "success() && (format('{0} x', env.A))"),
        ('true', 'success() && (true)'),
        ('always()', 'always()'),
        ('${{ Always() && env.A }}', 'Always() && env.A'),
        ('!failure() || env.A', '!failure() || env.A'),
        ('${{ cancelled() }} x', "format('{0} x', cancelled())"),
        ('env.A && (env.B || success())', 'env.A && (env.B || success())'),
    ],
)
def test_success_is_asked_for_unless_a_status_is(text: str, condition: str) -> None:
    assert condition_source(text) == condition


def test_the_guard_holds_back_what_would_run_after_a_failure() -> None:
    guarded = condition("env.A == 'x' && github.ref", KNOWN)
    assert isinstance(guarded, Expression)
    assert guarded.calls == {'success'}
    assert guarded.evaluate(Scope(CONTEXTS, {'success': lambda _: False})) is False
    assert guarded.evaluate(Scope(CONTEXTS, {'success': lambda _: True})) == 'main'


@pytest.mark.parametrize(
    ('text', 'problem', 'offset'),
    [
        ('env.A = 1', "Unexpected symbol: '='", 6),
        ('\n  nope', "Unrecognized named-value: 'nope'", 3),
        ('${{ nope }}', "Unrecognized named-value: 'nope'", 4),
        ("${{ 'nope' }}", "Unrecognized named-value: 'nope'", 0),
        ('success() ${{ env.A', 'The expression is not closed', 10),
    ],
)
def test_mistakes_of_conditions_have_their_place(text: str, problem: str, offset: int) -> None:
    reading = condition(text, KNOWN)
    assert isinstance(reading, list)
    assert [(one.message.partition('. ')[0], one.offset) for one in reading] == [(problem, offset)]


def test_what_is_remembered_has_a_limit() -> None:
    first = split('first ${{ 1 }}', KNOWN)
    for number in range(10_001):
        split(f'{number} ${{{{ 1 }}}}', KNOWN)
    assert split('first ${{ 1 }}', KNOWN) is not first
