"""What a URL answers: a number in JSON, where `path` says, or a number and nothing else.

Without a condition the answer itself is the verdict: true or false at `path`, else whether the
status is one of success.
"""

import json
from math import isfinite
from typing import Any

from liftlock.language.settings.model import Analysis
from liftlock.observe import http
from liftlock.observe.metrics import path
from liftlock.rollout.reading import Reading


async def read(analysis: Analysis) -> Reading:
    try:
        answer = await http.get(analysis.url, analysis.timeout, analysis.headers)
    except http.Unreachable as error:
        return Reading(error=str(error))
    return interpret(analysis, answer)


def interpret(analysis: Analysis, answer: http.Answer) -> Reading:
    conditions = analysis.failure is not None or analysis.success is not None
    good = 200 <= answer.status < 300
    if not conditions and not (analysis.path and good):
        return Reading(float(good), message=f'answered {answer.status}')
    if not good:
        besides = ', and is not followed' if 300 <= answer.status < 400 else ''
        return Reading(error=f'answered {answer.status}{besides}')
    try:
        document = json.loads(answer.text)
        if analysis.path:
            document = path.find(document, path.parse(analysis.path))
        return _number(document)
    except LookupError as error:
        return Reading(error=f'in the answer, {error.args[0]}')
    except ValueError as error:
        return Reading(error=_unreadable(analysis, answer, error))


def _unreadable(analysis: Analysis, answer: http.Answer, error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        what = 'JSON' if analysis.path else 'number'
        return f'the answer is no {what}: {answer.text.strip()[:60]}'
    return str(error)


def _number(found: Any) -> Reading:
    if found is None:
        return Reading(message='no data: the value is null')
    if isinstance(found, str) and found.strip().lower() in ('true', 'false'):
        return Reading(float(found.strip().lower() == 'true'))
    if not isinstance(found, (bool, int, float, str)):
        raise ValueError('the value is no number but a list or an object: add path:')
    try:
        value = float(found)
    except ValueError:
        raise ValueError(f'the value is no number: "{found[:60]}"') from None  # type: ignore[index]
    if not isfinite(value):
        raise ValueError(f'the value is {found}, and no number')
    return Reading(value)
