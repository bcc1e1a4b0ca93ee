"""slackapi/slack-github-action from v2 on: a method of Slack's API, or a webhook.

What is wrong with the inputs always fails the step; a request that fails does so only with
`errors: true`, and is a warning otherwise. So it is with the original.
"""

import json
import time
from collections.abc import Mapping
from typing import Any, Final

from liftlock.runner.actions import documents, http, slack
from liftlock.runner.actions.inputs import read_boolean
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'api': '',
    'errors': 'false',
    'method': '',
    'payload': '',
    'payload-delimiter': '',
    'payload-file-path': '',
    'payload-templated': 'false',
    'proxy': '',
    'retries': '5',
    'token': '',
    'webhook': '',
    'webhook-type': '',
}
_RETRIES: Final = ('0', '5', '10', 'RAPID')
_INCOMING: Final = 'incoming-webhook'
_TRIGGER: Final = 'webhook-trigger'


async def main(bench: Workbench) -> None:
    token = bench.inputs['token'] or bench.env.get('SLACK_TOKEN', '')
    webhook = bench.inputs['webhook'] or bench.env.get('SLACK_WEBHOOK_URL', '')
    for secret in filter(None, (token, webhook)):
        bench.mask(secret)
    strict = read_boolean(bench, 'errors')
    _check(bench, token, webhook)
    content = _read_content(bench)
    try:
        if bench.inputs['method']:
            await _call(bench, token, content)
        else:
            await _post(bench, webhook, content)
    except slack.Refused as error:
        bench.set_output('ok', 'false')
        bench.set_output('response', json.dumps(error.response))
        if strict:
            raise StepFailed(str(error)) from None
        bench.warning(f'Failed to send the request: {error}')
    finally:
        bench.set_output('time', str(int(time.time())))


def _check(bench: Workbench, token: str, webhook: str) -> None:
    retries = bench.inputs['retries'] or '5'
    if retries.strip().upper() not in _RETRIES:
        raise StepFailed(f'Invalid input! An unknown "retries" value was used: {retries}')
    if bench.inputs['token'] and bench.inputs['webhook']:
        raise StepFailed('Invalid input! Either the token or webhook is required - not both.')
    if bench.inputs['method']:
        if not token:
            raise StepFailed('Missing input! A token must be provided to use the method decided.')
        return
    if not webhook:
        raise StepFailed('Missing input! Either a method or webhook is required to take action.')
    if bench.inputs['webhook-type'] not in (_INCOMING, _TRIGGER):
        word = 'Invalid' if bench.inputs['webhook-type'] else 'Missing'
        raise StepFailed(
            f"{word} input! The webhook type must be 'incoming-webhook' or 'webhook-trigger'."
        )


def _read_content(bench: Workbench) -> Any:
    text, name = bench.inputs['payload'], bench.inputs['payload-file-path']
    if text and name:
        raise StepFailed('Invalid input! Just the payload or payload file path is required.')
    if text:
        content = _parse(text)
    elif name:
        content = _read_file(bench, name)
    else:
        content = slack.context(bench)
    if read_boolean(bench, 'payload-templated'):
        content = _fill(content, bench)
    if bench.inputs['payload-delimiter']:
        content = slack.flatten(content, bench.inputs['payload-delimiter'])
    return content


def _parse(text: str) -> Any:
    """YAML or JSON; what is neither may lack only the braces around it."""
    try:
        return documents.parse_yaml(text)
    except documents.BadDocument as first:
        bare = text.strip()
        if not text.startswith('{') and not text.endswith('}'):
            bare = f'{{{bare.removesuffix(",")}}}'
        try:
            return json.loads(bare)
        except (ValueError, RecursionError):
            raise StepFailed(
                f'Invalid input! Failed to parse contents of the provided payload: {first}'
            ) from None


def _read_file(bench: Workbench, name: str) -> Any:
    try:
        text = documents.read_text(bench, name)
        if name.endswith(('yaml', 'yml')):
            return documents.parse_yaml(text)
        if name.endswith('json'):
            return json.loads(text)
        reason = f'Failed to parse file extension {name}'
    except (OSError, ValueError, RecursionError, documents.BadDocument) as error:
        reason = str(error)
    raise StepFailed(
        f'Invalid input! Failed to parse contents of the provided payload file: {reason}'
    )


def _fill(content: Any, bench: Workbench) -> Any:
    if isinstance(content, dict):
        return {key: _fill(value, bench) for key, value in content.items()}
    if isinstance(content, list):
        return [_fill(value, bench) for value in content]
    return slack.fill(content, bench) if isinstance(content, str) else content


async def _call(bench: Workbench, token: str, content: Any) -> None:
    base = bench.inputs['api'] or slack.API
    answer = await slack.call(
        bench, base, bench.inputs['method'], token, content, again=_again(bench)
    )
    bench.set_output('ok', 'true')
    bench.set_output('response', json.dumps(answer))
    channel, message = answer.get('channel'), answer.get('message')
    channel = channel.get('id') if isinstance(channel, dict) else channel
    thread = message.get('thread_ts') if isinstance(message, dict) else None
    for name, value in (('channel_id', channel), ('thread_ts', thread), ('ts', answer.get('ts'))):
        if value:
            bench.set_output(name, str(value))


async def _post(bench: Workbench, webhook: str, content: Any) -> None:
    trigger = bench.inputs['webhook-type'] == _TRIGGER
    payload = {'text': content} if isinstance(content, str) and not trigger else content
    try:
        answer = await slack.post(bench, webhook, payload, again=_again(bench))
    except http.Unreachable as error:
        message = f'A request error occurred: {error}'
        raise slack.Refused(message, message) from None
    if not answer.good:
        message = f'An HTTP protocol error occurred: statusCode = {answer.status}'
        raise slack.Refused(message, message)
    bench.set_output('ok', 'true')
    bench.set_output('response', answer.text if trigger else json.dumps(answer.text))


def _again(bench: Workbench) -> bool:
    return bench.inputs['retries'].strip() != '0'
