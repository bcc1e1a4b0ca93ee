"""What all actions that talk to Slack do: read a payload, fill its templates, send it.

An address of a webhook is a secret: whoever knows it can write to the channel. So it is masked
before anything else, wherever it came from.
"""

import json
import re
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from liftlock.runner.actions import http
from liftlock.runner.actions.http import Answer
from liftlock.runner.workbench import Workbench

API: Final = 'https://slack.com/api/'
_TAG: Final = re.compile(r'\{\{(.*?)\}\}', re.DOTALL)
_UNKNOWN: Final = '???'  # what markup-js leaves for a name that stands for nothing


def encode(payload: object) -> bytes:
    return json.dumps(payload).encode()


async def post(bench: Workbench, url: str, payload: object, *, again: bool = True) -> Answer:
    """Send JSON to a webhook. Raises http.Unreachable, and StepFailed for a bad address."""
    if bench.in_container:
        await http.refuse_loopback(url)
    return await http.send(
        'POST',
        url,
        bench.env,
        body=encode(payload),
        headers={'Content-Type': 'application/json'},
        again=again,
    )


class Refused(Exception):
    """The request did not do what was asked; `response` is what is told of that."""

    def __init__(self, message: str, response: object) -> None:
        super().__init__(message)
        self.response = response


async def call(
    bench: Workbench, base: str, method: str, token: str, values: Any, *, again: bool = True
) -> dict[str, Any]:
    """Call a method of Slack's API; what it answers. Raises Refused, StepFailed."""
    if bench.in_container:
        await http.refuse_loopback(base)
    fields = values if isinstance(values, dict) else {}
    form = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in fields.items()
        if value is not None
    }
    try:
        answer = await http.send(
            'POST',
            f'{base.rstrip("/")}/{method}',
            bench.env,
            body=urlencode(form).encode(),
            headers={
                'Authorization': f'Bearer {token}',
                'Content-Type': 'application/x-www-form-urlencoded',
            },
            again=again,
        )
    except http.Unreachable as error:
        raise Refused(f'A request error occurred: {error}', str(error)) from None
    try:
        told = json.loads(answer.text)
    except ValueError:
        told = None
    if not answer.good or not isinstance(told, dict):
        message = f'An HTTP protocol error occurred: statusCode = {answer.status}'
        raise Refused(message, {'statusCode': answer.status, 'body': answer.text[:1000]})
    if not told.get('ok'):
        raise Refused(f'An API error occurred: {told.get("error", "unknown")}', told)
    return told


def context(bench: Workbench) -> dict[str, Any]:
    """The `github.context` of @actions/github, which these actions send or take values from."""
    github = bench.github
    names = {'event_name': 'eventName', 'api_url': 'apiUrl', 'server_url': 'serverUrl'}
    names |= dict.fromkeys(('sha', 'ref', 'workflow', 'action', 'actor', 'job'), '')
    found = {new or old: github.get(old, '') for old, new in names.items()}
    numbers = {'run_number': 'runNumber', 'run_id': 'runId', 'run_attempt': 'runAttempt'}
    told = {new: _number(github.get(old)) for old, new in numbers.items()}
    return {'payload': whole(github.get('event') or {}), **found, **told}


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdigit() else whole(value)


def whole(value: Any) -> Any:
    """A value as JavaScript writes it: whole numbers have no fraction."""
    if isinstance(value, dict):
        return {key: whole(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def flatten(value: Any, delimiter: str) -> dict[str, str]:
    """Nested attributes as texts side by side (`a.0.b`), which is all that workflows of Slack
    take."""
    found: dict[str, str] = {}

    def walk(inner: Any, path: tuple[str, ...]) -> None:
        pairs = enumerate(inner) if isinstance(inner, list) else ()
        if isinstance(inner, dict):
            pairs = inner.items()  # type: ignore[assignment]
        if path and not (isinstance(inner, dict | list) and inner):
            found[delimiter.join(path)] = _as_text(inner)
        for key, below in pairs:
            walk(below, (*path, str(key)))

    walk(value, ())
    return found


def _as_text(value: Any) -> str:
    """As JavaScript makes a text of a value."""
    match value:
        case None:
            return 'null'
        case bool():
            return str(value).lower()
        case dict():
            return '[object Object]'
        case list():
            return ','.join('' if item is None else _as_text(item) for item in value)
        case _:
            return str(whole(value))


def fill(text: str, bench: Workbench) -> str:
    """Replace `${{ env.NAME }}` and `{{ github.payload.x }}`, as markup-js does for plain names."""
    known: Mapping[str, Any] = {'env': bench.env, 'github': context(bench)}

    def value(found: re.Match[str]) -> str:
        at: Any = known
        for name in found[1].strip().split('.'):
            at = at.get(name) if isinstance(at, Mapping) else None
        return _UNKNOWN if at is None else _as_text(at)

    return _TAG.sub(value, text.replace('${{', '{{'))


def clock(now: float | None = None) -> str:
    """The time as JavaScript's `toTimeString` writes it; jobs run in UTC."""
    told = time.strftime('%H:%M:%S', time.gmtime(now))
    return f'{told} GMT+0000 (Coordinated Universal Time)'
