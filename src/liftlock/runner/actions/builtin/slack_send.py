"""slackapi/slack-github-action up to v1: one message, by a bot's token or a webhook.

Its secrets come by variables only: v1 has no inputs for them, and a workflow that gives them as
such (as v2 wants) is told so and fails, as with the original.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from liftlock.runner.actions import http, slack
from liftlock.runner.actions.documents import read_text
from liftlock.runner.actions.inputs import read_boolean
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'channel-id': '',
    'slack-message': '',
    'payload': '',
    'payload-delimiter': '',
    'payload-file-path': '',
    'payload-file-path-parsed': 'true',
    'update-ts': '',
}
_TRIGGER: Final = 'WORKFLOW_TRIGGER'


async def main(bench: Workbench) -> None:
    token = bench.env.get('SLACK_BOT_TOKEN', '')
    webhook = bench.env.get('SLACK_WEBHOOK_URL', '')
    if not token and not webhook:
        raise StepFailed('Need to provide at least one botToken or webhookUrl')
    for secret in filter(None, (token, webhook)):
        bench.mask(secret)
    payload = _read_payload(bench)
    if token:
        await _say(bench, token, payload)
    if webhook:
        await _post(bench, webhook, payload)
    bench.set_output('time', slack.clock())


def _read_payload(bench: Workbench) -> Any:
    """The JSON that was given, or that a file holds; None for neither."""
    text, name = bench.inputs['payload'], bench.inputs['payload-file-path']
    if name and not text:
        try:
            text = read_text(bench, name)
        except (OSError, ValueError):
            raise StepFailed(
                f'The payload-file-path may be incorrect. Failed to load the file: {name}'
            ) from None
        if read_boolean(bench, 'payload-file-path-parsed'):
            text = slack.fill(text, bench)
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        bench.log('passed in payload was invalid JSON')
        raise StepFailed('Need to provide valid JSON payload') from None


async def _say(bench: Workbench, token: str, payload: Any) -> None:
    """By the bot, to every channel that is named; outputs are the last one's."""
    channels = [name.strip() for name in bench.inputs['channel-id'].split(',') if name.strip()]
    if not channels:
        raise StepFailed(
            'Channel ID is required to run this action. An empty one has been provided'
        )
    if not bench.inputs['slack-message'] and not payload:
        raise StepFailed(
            'Missing message content, please input a valid payload or message to send. '
            'No Message has been send.'
        )
    before = bench.inputs['update-ts']
    method = 'chat.update' if before else 'chat.postMessage'
    answer: dict[str, Any] = {}
    for channel in channels:
        message = {'channel': channel, 'text': bench.inputs['slack-message'], **(payload or {})}
        if before:
            message['ts'] = before
        try:
            answer = await slack.call(bench, slack.API, method, token, message)
        except slack.Refused as error:
            raise StepFailed(str(error)) from None
    bench.set_output('ts', str(answer.get('ts', '')))
    bench.set_output('thread_ts', str(answer.get('thread_ts') or answer.get('ts', '')))
    bench.set_output('channel_id', str(answer.get('channel', '')))


async def _post(bench: Workbench, webhook: str, payload: Any) -> None:
    if not payload:
        bench.log(
            'no custom payload was passed in, using default payload that triggered the GitHub '
            'Action'
        )
        payload = slack.context(bench)['payload']
    if (bench.env.get('SLACK_WEBHOOK_TYPE') or _TRIGGER).upper() == _TRIGGER:
        payload = slack.flatten(payload, bench.inputs['payload-delimiter'] or '.')
    try:
        answer = await slack.post(bench, webhook, payload)
    except http.Unreachable as error:
        raise StepFailed(str(error)) from None
    if not answer.good:
        bench.log(
            'axios post failed, double check the payload being sent includes the keys Slack expects'
        )
        bench.log(f'Attempted to POST payload: {json.dumps(payload)}')
        raise StepFailed(answer.text or f'Request failed with status code {answer.status}')
