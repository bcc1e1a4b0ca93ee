import json
from io import BytesIO
from typing import Any

import pytest
from click import UsageError
from click.testing import CliRunner

from liftlock.cli.eval import answer, command
from liftlock.errors import UserError


def run(*arguments: str, given: str = '') -> str:
    result = CliRunner().invoke(command, arguments, input=given, standalone_mode=False)
    if result.exception:
        raise result.exception
    return result.output


def refusal(*arguments: str, given: str = '') -> tuple[str, str]:
    with pytest.raises(UserError) as caught:
        run(*arguments, given=given)
    return str(caught.value), caught.value.hint


def ask(question: object) -> Any:
    return answer(json.dumps(question).encode())


def test_a_value_is_shown_as_json() -> None:
    assert run("1 < 2 && 'yes'") == '"yes"\n'
    assert run("fromJSON('[1, 2.5, null]')") == '[\n  1,\n  2.5,\n  null\n]\n'
    assert run('fromJSON(\'{"é": -0}\')') == '{\n  "é": 0\n}\n'
    assert run('--', '-Infinity') == '"-Infinity"\n'
    assert run('1e15') == '1000000000000000\n'


def test_contexts_come_from_a_file() -> None:
    given = '{"GitHub": {"ref": "main"}}'
    assert run('github.ref', '--context', '-', given=given) == '"main"\n'


def test_an_expression_may_stand_as_it_does_in_a_workflow() -> None:
    given = '{"env": {"A": 1}}'
    assert run('${{ env.A }}', '--context', '-', given=given) == '1\n'
    assert run('a ${{ env.A }}', '--context', '-', given=given) == '"a 1"\n'
    assert run("${{ 'a' }}") == '"a"\n'


def test_a_mistake_is_pointed_at() -> None:
    message, hint = refusal("true &&\n\tfalse = 'x'")
    assert message == "Unexpected symbol: '='\n\n     false = 'x'\n           ^"
    assert hint == ''


def test_a_mistake_in_a_text_is_pointed_at() -> None:
    message, _ = refusal('a ${{ 1 2 }}')
    assert message.endswith('\n\n    a ${{ 1 2 }}\n            ^')


def test_a_mistake_of_the_whole_is_not() -> None:
    assert refusal('!' * 60 + '1')[0] == 'Exceeded max expression depth 50'
    assert refusal("fromJSON('[')")[0] == 'Error parsing fromJson: unexpected end'


def test_an_unknown_context_is_met_with_those_that_are_known() -> None:
    message, hint = refusal('github.ref')
    assert message.startswith("Unrecognized named-value: 'github'\n\n    github.ref\n    ^^^^^^")
    assert hint.startswith('no context is known here; give some with --context FILE')
    _, hint = refusal('gihub.ref', '--context', '-', given='{"github": {}, "env": {}}')
    assert hint == 'did you mean "github"? the contexts given are: env, github'


def test_an_unknown_function_is_met_with_those_that_are_known() -> None:
    assert refusal('contain(1, 2)')[1].startswith('did you mean "contains"? the functions are: ')
    assert refusal('success()')[1] == 'success is known to the jobs and steps of a run only'


@pytest.mark.parametrize(('given', 'problem'), [('{', 'is not JSON'), ('[]', 'no JSON object')])
def test_a_context_has_to_be_a_json_object(given: str, problem: str) -> None:
    assert problem in refusal('1', '--context', '-', given=given)[0]


def test_lines_are_answered_with_lines() -> None:
    given = '{"expr": "1"}\nnonsense\n{"expr": "a.B", "contexts": {"A": {"b": [true]}}}\n'
    answers = [json.loads(line) for line in run('--ndjson', given=given).splitlines()]
    assert [each.get('kind') for each in answers] == ['Number', None, 'Array']


def test_an_answer_tells_kind_and_value_or_what_is_wrong() -> None:
    assert ask({'expr': '', 'contexts': None}) == {'kind': 'Null', 'value': None}
    assert ask({'expr': 'NaN'}) == {'kind': 'Number', 'value': 'NaN'}
    assert ask({'expr': 'a', 'contexts': {'a': {'x': 1}}}) == {'kind': 'Object', 'value': {'x': 1}}
    assert ask({'expr': '1 = 1'})['error']['kind'] == 'lexing'
    assert ask({'expr': '1 1'})['error']['kind'] == 'parsing'
    assert ask({'expr': "fromJSON('')"})['error']['kind'] == 'evaluation'
    assert ask({'expr': 'b', 'contexts': {'a': 1}})['error']['message'] == (
        "Unrecognized named-value: 'b'. Located at position 1 within expression: b"
    )


@pytest.mark.parametrize(
    'line',
    [b'', b'\n', b'{', b'\xff', b'[]', b'{"expr": 1}', b'{"expr": "1", "contexts": [1]}', b'1',
     b'[' * 100_000],
)  # fmt: skip
def test_a_line_that_is_no_question_is_answered_too(line: bytes) -> None:
    found: Any = answer(line)
    assert found['error']['kind'] == 'input'
    assert json.dumps(found)


def test_the_answer_is_ascii_so_that_any_text_gets_through() -> None:
    given = BytesIO(json.dumps({'expr': 'a', 'contexts': {'a': '\ud800é'}}).encode())
    assert json.dumps(answer(given.read())).isascii()


def test_questions_come_from_one_place() -> None:
    with pytest.raises(UsageError, match='say which expression'):
        run()
    with pytest.raises(UsageError, match='--ndjson reads'):
        run('1', '--ndjson')
