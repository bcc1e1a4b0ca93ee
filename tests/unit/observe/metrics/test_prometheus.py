import json
from typing import Any

import pytest

from liftlock.observe.http import Answer
from liftlock.observe.metrics.prometheus import parse
from liftlock.rollout.reading import Reading


def said(kind: str, result: Any, status: int = 200) -> Reading:
    document = {'status': 'success', 'data': {'resultType': kind, 'result': result}}
    return parse(Answer(status, json.dumps(document).encode()))


def test_one_number_is_a_value() -> None:
    assert said('vector', [{'metric': {}, 'value': [1, '0.97']}]) == Reading(0.97)
    assert said('scalar', [1, '3']) == Reading(3.0)


def test_no_result_is_no_data() -> None:
    assert said('vector', []) == Reading(message='no data: the query has no result')


def test_nan_is_no_data_and_infinity_a_mistake() -> None:
    nan = said('vector', [{'metric': {}, 'value': [1, 'NaN']}])
    assert (nan.value, nan.error) == (None, '')
    assert nan.message == 'no data: the result is NaN, as 0/0 without traffic is'
    infinite = said('scalar', [1, '+Inf'])
    assert infinite.error == 'the result is +Inf: something is divided by zero'


def test_several_results_are_a_mistake_of_the_query() -> None:
    one = {'metric': {}, 'value': [1, '1']}
    assert said('vector', [one, one]).error == (
        'the query has 2 results; make it one: sum(…), max(…)'
    )
    assert said('matrix', []).error == 'the query has a matrix as its result, not a number'


def test_a_refusal_says_why() -> None:
    body = json.dumps({'status': 'error', 'errorType': 'bad_data', 'error': 'parse error'})
    found = parse(Answer(400, body.encode()))
    assert found.error == 'Prometheus refuses the query: parse error'


@pytest.mark.parametrize('body', [b'', b'<html>', b'[]', b'{"status": "success"}', b'3'])
def test_what_is_no_prometheus_is_told(body: bytes) -> None:
    assert parse(Answer(200, body)).error == ('Prometheus: what answered is no answer to a query')
    assert parse(Answer(503, body)).error
