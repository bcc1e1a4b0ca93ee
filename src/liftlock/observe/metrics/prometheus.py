"""A query to Prometheus, as of now: `/api/v1/query`.

The query must come to one number. None at all is no data, and so is NaN, which is what 0/0 without
traffic gives; several are a mistake of the query, and so is infinity.
"""

import json
from collections.abc import Mapping
from math import isinf, isnan
from typing import Any
from urllib.parse import urlencode

from liftlock.language.settings.model import Analysis
from liftlock.observe import http
from liftlock.rollout.reading import Reading

VARIABLE = 'PROMETHEUS_URL'


async def read(analysis: Analysis, env: Mapping[str, str]) -> Reading:
    base = analysis.address or env.get(VARIABLE, '')
    if not base:
        return Reading(error=f'where is Prometheus? Add address: or the variable {VARIABLE}')
    words = urlencode({'query': analysis.prometheus})
    url = f'{base.rstrip("/")}/api/v1/query?{words}'
    try:
        answer = await http.get(url, analysis.timeout, analysis.headers)
    except http.Unreachable as error:
        return Reading(error=f'Prometheus: {error}')
    return parse(answer)


def parse(answer: http.Answer) -> Reading:
    try:
        found = json.loads(answer.body)
        if not isinstance(found, dict):
            raise ValueError
        if found.get('status') != 'success':
            return _refused(answer.status, found)
        return _result(found['data']['resultType'], found['data']['result'])
    except (ValueError, LookupError, TypeError):
        status = f'answered {answer.status}, which' if answer.status != 200 else 'what answered'
        return Reading(error=f'Prometheus: {status} is no answer to a query')


def _refused(status: int, found: Mapping[str, Any]) -> Reading:
    why = found.get('error') or f'status {status}'
    return Reading(error=f'Prometheus refuses the query: {why}')


def _result(kind: str, result: Any) -> Reading:
    if kind == 'vector':
        if not result:
            return Reading(message='no data: the query has no result')
        if len(result) > 1:
            hint = 'make it one: sum(…), max(…)'
            return Reading(error=f'the query has {len(result)} results; {hint}')
        return _number(result[0]['value'][1])
    if kind in ('scalar', 'string'):
        return _number(result[1])
    return Reading(error=f'the query has a {kind} as its result, not a number')


def _number(text: str) -> Reading:
    value = float(text)
    if isnan(value):
        return Reading(message='no data: the result is NaN, as 0/0 without traffic is')
    if isinf(value):
        return Reading(error=f'the result is {text}: something is divided by zero')
    return Reading(value)
