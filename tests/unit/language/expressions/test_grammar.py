import pytest

from liftlock.language.expressions.errors import EVALUATION, LEXING, PARSING, ExpressionError
from liftlock.language.expressions.grammar import ANYTHING, Known, parse
from liftlock.language.expressions.nodes import depth, render
from liftlock.language.expressions.values import Scope, Value

STEP = Known(
    frozenset({'github', 'env', 'steps'}),
    frozenset({('hashfiles', 1, 255), ('success', 0, 0)}),
)


def failure(source: str, known: Known = STEP) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        parse(source, known)
    return caught.value


def test_the_same_question_gets_the_same_answer() -> None:
    assert parse('github.ref', STEP) is parse('github.ref', STEP)
    assert parse('github.ref', STEP) is not parse('github.ref', ANYTHING)
    assert parse('github.ref', STEP) is parse('github.ref', Known(*STEP))


def test_an_expression_tells_what_it_uses() -> None:
    found = parse("GitHub.ref == Env['x'] && HashFiles(github.sha, 'a') || Success()", STEP)
    assert found.names == {'github', 'env'}
    assert found.calls == {'hashfiles', 'success'}
    assert not found.literal
    assert repr(found).startswith('Expression("GitHub.ref ==')


@pytest.mark.parametrize('source', ["'a'", '1', 'null', 'true', '', ' (2) '])
def test_a_lone_literal_is_one(source: str) -> None:
    assert parse(source, STEP).literal


def test_every_access_is_told_with_its_place() -> None:
    found = parse(
        "github.Event['issue'].title == steps.*.outputs[env.KEY] && fromJSON(env.list)[0].x", STEP
    )
    assert found.references == (
        (('github', 'event', 'issue', 'title'), 1),
        (('env', 'key'), 48),
        (('steps', '*', 'outputs', None), 32),
        (('env', 'list'), 69),
    )


def test_items_are_steps_of_a_path_too() -> None:
    assert parse('env.a[0][*][1 == 1]', STEP).references == ((('env', 'a', '0', '*', None), 1),)


def test_only_what_is_known_may_be_used() -> None:
    assert failure('secrets.X').problem == "Unrecognized named-value: 'secrets'"
    assert failure('always()').problem == "Unrecognized function: 'always'"
    assert failure('success(1)').problem == "Too many parameters supplied: '('"
    assert failure('hashFiles()').problem == "Too few parameters supplied: '('"
    assert parse('any.thing && whatever(1, 2)', ANYTHING).calls == {'whatever'}


def test_an_error_tells_its_kind_and_place() -> None:
    error = failure("github.ref == 'a' && nope.x")
    assert (error.kind, error.position, error.length) == (PARSING, 22, 4)
    assert error.problem == "Unrecognized named-value: 'nope'"
    assert error.message == str(error)
    assert error.message.endswith("position 22 within expression: github.ref == 'a' && nope.x")
    assert failure('env.A = 1').kind == LEXING


def test_places_in_messages_count_as_dotnet_does_and_others_as_python() -> None:
    error = failure("'😀' == nope")
    assert error.position == 8
    assert 'Located at position 9 ' in error.message


def test_a_function_of_the_scope_gets_its_arguments() -> None:
    asked = []

    def hash_files(arguments: object) -> Value:
        asked.append(arguments)
        return 'abc'

    found = parse("hashFiles('**/a', env.glob)", STEP)
    assert found.evaluate(Scope({'env': {'GLOB': 'b'}}, {'hashfiles': hash_files})) == 'abc'
    assert asked == [['**/a', 'b']]


def test_a_function_that_the_scope_does_not_bring_is_an_error() -> None:
    with pytest.raises(ExpressionError, match="Unrecognized function: 'hashFiles'") as caught:
        parse("hashFiles('x')", STEP).evaluate(Scope({}))
    assert caught.value.kind == EVALUATION


def test_a_context_that_the_scope_does_not_bring_is_null() -> None:
    assert parse('github.ref', STEP).evaluate(Scope({})) is None


def test_an_enormous_expression_is_no_matter_of_recursion() -> None:
    assert parse('(' * 10_000 + '1' + ')' * 10_000).literal
    assert failure('!' * 20_000 + '1').message == 'Exceeded max expression depth 50'
    assert failure('(' * 20_000).problem == "Unexpected end of expression: '('"
    assert parse(' && '.join(['true'] * 2_000)).evaluate(Scope({})) is True
    assert failure("'" + 'a' * 21_000 + "'").message == 'Exceeded max expression length 21000'
    assert parse("'" + 'a' * 20_998 + "'").literal
    assert failure("'" + '😀' * 10_500 + "'").message == 'Exceeded max expression length 21000'


@pytest.mark.parametrize(
    ('source', 'normal'),
    [
        ('GitHub.ref', 'GitHub.ref'),
        ("github['ref']", 'github.ref'),
        ("github['a b'][0]", "github['a b'][0]"),
        ("github['-a']", "github['-a']"),
        ("github['']", "github['']"),
        ('github.*[*].x', 'github.*.*.x'),
        ('github[env.A]', 'github[env.A]'),
        ("a==1&&'it''s'||!null", "((a == 1) && 'it''s') || !null"),
        ('a && (b && c)', 'a && b && c'),
        ('format( 1.50 ,true)', 'format(1.5, true)'),
        ('github[*]', 'github.*'),
        ('github[* == 1]', 'github[(* == 1)]'),
    ],
)
def test_a_tree_is_quoted_in_its_normal_form(source: str, normal: str) -> None:
    shown = render(parse(source).tree)
    assert shown in (normal, f'({normal})')


@pytest.mark.parametrize(
    ('source', 'levels'),
    [('1', 1), ('a.b.c', 3), ('a[0]', 2), ('!a.b', 3), ('a && b && c', 2), ('f(a, g(b))', 3)],
)
def test_levels_are_counted_as_github_counts_them(source: str, levels: int) -> None:
    assert depth(parse(source).tree) == levels


def test_what_is_remembered_has_a_limit() -> None:
    first = parse('github.first', STEP)
    for number in range(10_001):
        parse(f'github.x{number}', STEP)
    assert parse('github.first', STEP) is not first


@pytest.mark.parametrize('source', ['true (1)', 'null()', 'github.ref(1)', 'NaN( )'])
def test_a_word_or_a_property_is_no_function(source: str) -> None:
    assert failure(source).problem == "Unexpected symbol: '('"
