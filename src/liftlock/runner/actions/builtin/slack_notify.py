"""rtCamp/action-slack-notify, all majors: told by variables only, as the original is."""

from collections.abc import Mapping
from typing import Any, Final

from liftlock.runner.actions import http, slack
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {}
_ICON: Final = 'https://avatars0.githubusercontent.com/u/43742164'
# How a job ended → the colour beside the message, and a message that goes before the usual one.
_ENDS: Final = {
    'success': ('good', 'SLACK_MESSAGE_ON_SUCCESS'),
    'cancelled': ('#808080', 'SLACK_MESSAGE_ON_CANCEL'),
    'failure': ('danger', 'SLACK_MESSAGE_ON_FAILURE'),
}


async def main(bench: Workbench) -> None:
    webhook, token = _get(bench, 'SLACK_WEBHOOK'), _get(bench, 'SLACK_TOKEN')
    channel = _get(bench, 'SLACK_CHANNEL')
    for secret in filter(None, (webhook, token)):
        bench.mask(secret)
    if not webhook and not (token and channel):
        raise StepFailed(
            'Secret `SLACK_WEBHOOK` is missing. Alternatively, a pair of `SLACK_TOKEN` and '
            '`SLACK_CHANNEL` can be provided.'
        )
    _refuse(bench)
    custom = _get(bench, 'SLACK_CUSTOM_PAYLOAD')
    body = custom.encode() if custom else slack.encode(_message(bench))
    await _send(bench, webhook, token, body)
    bench.log('Successfully sent the message!')


def _refuse(bench: Workbench) -> None:
    for name in ('SLACK_FILE_UPLOAD', 'VAULT_GITHUB_TOKEN', 'VAULT_TOKEN'):
        if _get(bench, name):
            raise StepFailed(f'{name} is not supported by the stand-in: run with --real-actions')
    if _get(bench, 'SLACKIFY_MARKDOWN') == 'true':
        bench.warning('SLACKIFY_MARKDOWN is not supported: the message is sent as it is written')


async def _send(bench: Workbench, webhook: str, token: str, body: bytes) -> None:
    headers = {'Content-Type': 'application/json'}
    if not webhook:
        headers['Authorization'] = f'Bearer {token}'
    url = webhook or f'{slack.API}chat.postMessage'
    if bench.in_container:
        await http.refuse_loopback(url)
    try:
        answer = await http.send('POST', url, bench.env, body=body, headers=headers)
    except http.Unreachable as error:
        raise StepFailed(f'Error sending message: {error}') from None
    if not answer.good:
        said = f' ({answer.text[:200]})' if answer.text else ''
        raise StepFailed(f'Error sending message: Error on message: {answer.status}{said}')


def _message(bench: Workbench) -> dict[str, Any]:
    """Without what is empty, as Go leaves it out."""
    colour, text = _say(bench)
    server, author = _get(bench, 'GITHUB_SERVER_URL'), _author(bench)
    run = f'{server}/{_get(bench, "GITHUB_REPOSITORY")}/actions/runs/{_get(bench, "GITHUB_RUN_ID")}'
    footer = f'<{run}|Triggered on this workflow run>'
    attachment = {
        'fallback': text,
        'color': colour,
        'author_name': author,
        'author_link': f'{server}/{author}',
        'author_icon': f'{server}/{author}.png?size=32',
        'footer': bench.env.get('SLACK_FOOTER', footer).strip(),
        'fields': _fields(bench, text),
    }
    whole = {
        'username': _get(bench, 'SLACK_USERNAME') or 'rtBot',
        'icon_url': _get(bench, 'SLACK_ICON') or _ICON,
        'icon_emoji': _get(bench, 'SLACK_ICON_EMOJI'),
        'channel': _get(bench, 'SLACK_CHANNEL'),
        'link_names': _get(bench, 'SLACK_LINK_NAMES'),
        'thread_ts': _get(bench, 'SLACK_THREAD_TS'),
        'attachments': [{name: value for name, value in attachment.items() if value}],
    }
    return {'unfurl_links': False, **{name: value for name, value in whole.items() if value}}


def _say(bench: Workbench) -> tuple[str, str]:
    """Colour and text."""
    written = bench.env.get('SLACK_COLOR', 'good').strip()
    text = _get(bench, 'SLACK_MESSAGE') or _default(bench)
    if written.lower() not in _ENDS:
        return written or 'good', text
    colour, name = _ENDS[written.lower()]
    return colour, _get(bench, name) or text


def _default(bench: Workbench) -> str:
    event = bench.github.get('event')
    commits = event.get('commits') if isinstance(event, dict) else None
    last = commits[-1] if isinstance(commits, list) and commits else {}
    message = last.get('message') if isinstance(last, dict) else None
    return str(message or '') or (
        f'Notification from action run `{_get(bench, "GITHUB_RUN_NUMBER")}`, which ran against '
        f'commit `{_get(bench, "GITHUB_SHA")}` from branch `{_get(bench, "GITHUB_REF_NAME")}` of '
        f'`{_get(bench, "GITHUB_REPOSITORY")}` repository.'
    )


def _author(bench: Workbench) -> str:
    return _get(bench, 'SLACK_MSG_AUTHOR') or _get(bench, 'GITHUB_ACTOR')


def _fields(bench: Workbench, text: str) -> list[dict[str, Any]]:
    """`MSG_MINIMAL` is `true` for the message alone, or names what else is shown."""
    minimal = _get(bench, 'MSG_MINIMAL')
    if minimal == 'true':
        return [{'value': text}]
    page = f'{_get(bench, "GITHUB_SERVER_URL")}/{_get(bench, "GITHUB_REPOSITORY")}/commit/'
    sha = _get(bench, 'GITHUB_SHA')
    known = {
        'ref': ('Ref', _get(bench, 'GITHUB_REF')),
        'event': ('Event', _get(bench, 'GITHUB_EVENT_NAME')),
        'actions url': ('Actions URL', f'<{page}{sha}/checks|{_get(bench, "GITHUB_WORKFLOW")}>'),
        'commit': ('Commit', f'<{page}{sha}|{sha[:6]}>'),
    }
    names = [name for name in reversed(minimal.lower().split(',')) if name in known]
    shown = [known[name] for name in (names if minimal else known)]
    title = _get(bench, 'SLACK_TITLE') or 'Message'
    told = [{'title': name, 'value': value, 'short': True} for name, value in shown]
    return [*told, {'title': title, 'value': text}]


def _get(bench: Workbench, name: str) -> str:
    return bench.env.get(name, '').strip()
