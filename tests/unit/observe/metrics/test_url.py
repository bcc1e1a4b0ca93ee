import pytest

from liftlock.language.settings.model import Analysis, Condition
from liftlock.observe.http import Answer
from liftlock.observe.metrics.url import interpret
from liftlock.rollout.reading import Reading

OVER = Condition('', '>', 5.0, '')


def said(body: str, path: str = '', status: int = 200, failure: Condition | None = OVER) -> Reading:
    analysis = Analysis(url='http://x', path=path, failure=failure)
    return interpret(analysis, Answer(status, body.encode()))


@pytest.mark.parametrize(
    ('body', 'path', 'value'),
    [
        ('3', '', 3.0),
        (' 3.5\n', '', 3.5),
        ('"0.25"', '', 0.25),
        ('true', '', 1.0),
        ('{"data": {"ok": false}}', '$.data.ok', 0.0),
        ('{"data": {"rate": "0.5"}}', '{$.data.rate}', 0.5),
    ],
)
def test_a_number_is_found(body: str, path: str, value: float) -> None:
    assert said(body, path) == Reading(value)


@pytest.mark.parametrize(
    ('body', 'path', 'message'),
    [
        ('fine', '', 'the answer is no number: fine'),
        ('fine', '$.a', 'the answer is no JSON: fine'),
        ('{"a": 1}', '$.b', 'in the answer, there is nothing at $.b'),
        ('{"a": 1}', '', 'the value is no number but a list or an object: add path:'),
        ('{"a": "high"}', '$.a', 'the value is no number: "high"'),
        ('{"a": 1}', 'a', '"a" does not begin with $'),
        ('NaN', '', 'the value is nan, and no number'),
    ],
)
def test_what_is_no_number_is_an_error(body: str, path: str, message: str) -> None:
    assert said(body, path).error == message


def test_null_is_no_data() -> None:
    assert said('{"a": null}', '$.a') == Reading(message='no data: the value is null')


def test_a_bad_status_is_an_error_where_a_number_was_wanted() -> None:
    assert said('3', status=500).error == 'answered 500'
    assert said('3', status=302).error == 'answered 302, and is not followed'


def test_without_a_condition_the_answer_is_the_verdict() -> None:
    assert said('fine', failure=None) == Reading(1.0, message='answered 200')
    assert said('oh no', status=503, failure=None) == Reading(0.0, message='answered 503')
    assert said('{"ok": true}', '$.ok', failure=None) == Reading(1.0)
    assert said('{"ok": false}', '$.ok', failure=None) == Reading(0.0)
    assert said('{"ok": true}', '$.ok', 503, failure=None) == Reading(0.0, message='answered 503')
