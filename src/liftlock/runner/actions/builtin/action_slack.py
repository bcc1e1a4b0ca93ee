"""8398a7/action-slack, all majors: how a job ended, with fields about the run.

What the original asks GitHub for (the commit's message and author, when the job began) is known
here: from the event and from this attempt's own files.
"""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from liftlock.runner.actions import http, slack
from liftlock.runner.actions.inputs import read_required
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'status': '',
    'fields': '',
    'custom_payload': '',
    'mention': '',
    'if_mention': '',
    'author_name': '8398a7@action-slack',
    'text': '',
    'username': '',
    'icon_emoji': '',
    'icon_url': '',
    'channel': '',
    'job_name': '',
    'success_message': ':white_check_mark: Succeeded GitHub Actions\n',
    'cancelled_message': ':warning: Cancelled GitHub Actions\n',
    'failure_message': ':no_entry: Failed GitHub Actions\n',
    'github_token': '',
    'github_base_url': '',
}
_COLOURS: Final = {'success': 'good', 'cancelled': 'warning', 'failure': 'danger'}
_GROUPS: Final = ('here', 'channel')
# The payload is a JavaScript expression that may use `process.env.AS_…`: the original evaluates it.
_EVALUATE: Final = 'process.stdout.write(JSON.stringify(eval("(" + process.argv[1] + ")")))'


async def main(bench: Workbench) -> None:
    status = read_required(bench, 'status').lower()
    webhook = bench.env.get('SLACK_WEBHOOK_URL', '')
    if not webhook:
        raise StepFailed('Specify secrets.SLACK_WEBHOOK_URL')
    bench.mask(webhook)
    if status not in (*_COLOURS, 'custom'):
        raise StepFailed('You can specify success or failure or cancelled or custom')
    fields = _fields(bench)
    payload = await _custom(bench, fields) if status == 'custom' else _told(bench, status, fields)
    try:
        answer = await slack.post(bench, webhook, payload)
    except http.Unreachable as error:
        raise StepFailed(f'A request error occurred: {error}') from None
    if not answer.good:
        said = f' ({answer.text[:200]})' if answer.text else ''
        raise StepFailed(f'An HTTP protocol error occurred: statusCode = {answer.status}{said}')


def _told(bench: Workbench, status: str, fields: Mapping[str, str]) -> dict[str, Any]:
    text = bench.inputs['text'] or bench.inputs[f'{status}_message']
    shown = [{'title': name, 'value': value, 'short': True} for name, value in fields.items()]
    attachment = {
        'color': _COLOURS[status],
        'author_name': bench.inputs['author_name'],
        'fields': shown,
    }
    names = ('username', 'icon_emoji', 'icon_url', 'channel')
    return {
        'text': _mention(bench, status) + text,
        **{name: bench.inputs[name] for name in names},
        'attachments': [attachment],
    }


def _mention(bench: Workbench, status: str) -> str:
    wanted = bench.inputs['if_mention'].lower()
    ids = [name for name in bench.inputs['mention'].replace(' ', '').split(',') if name]
    if not ids or (status not in wanted and wanted != 'always'):
        return ''
    marks = ('!' if name in _GROUPS or 'subteam^' in name else '@' for name in ids)
    return ' '.join(f'<{mark}{name}>' for mark, name in zip(marks, ids, strict=True)) + ' '


async def _custom(bench: Workbench, fields: Mapping[str, str]) -> Any:
    written = bench.inputs['custom_payload']
    try:
        return json.loads(written)
    except (ValueError, RecursionError):
        pass
    env = {_variable(name): value for name, value in fields.items()}
    try:
        answer = await bench.capture('node', '-e', _EVALUATE, '--', written, env=env)
        return json.loads(answer)
    except StepFailed as error:
        raise StepFailed(
            f'custom_payload is no JSON, and as JavaScript it fails: {error} (it needs node)'
        ) from None
    except ValueError:
        raise StepFailed('custom_payload evaluates to nothing that could be sent') from None


def _variable(field: str) -> str:
    """`workflowRun` is AS_WORKFLOW_RUN."""
    letters = (f'_{letter}' if letter.isupper() else letter for letter in field)
    return f'AS_{"".join(letters).upper()}'


def _fields(bench: Workbench) -> dict[str, str]:
    names = (bench.inputs['fields'] or 'repo,commit').replace(' ', '').split(',')
    return {name: make(bench) for name, make in _FIELDS.items() if name in names or 'all' in names}


def _link(bench: Workbench, path: str, text: str) -> str:
    base = bench.inputs['github_base_url'] or 'https://github.com'
    return f'<{base}/{_text(bench, "repository")}{path}|{text}>'


def _text(bench: Workbench, name: str) -> str:
    return str(bench.github.get(name) or '')


def _event(bench: Workbench, name: str) -> dict[str, Any]:
    event = bench.github.get('event')
    found = event.get(name) if isinstance(event, dict) else None
    return found if isinstance(found, dict) else {}


def _escape(text: str) -> str:
    return text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')


def _repo(bench: Workbench) -> str:
    return _link(bench, '', _text(bench, 'repository'))


def _message(bench: Workbench) -> str:
    subject = str(_event(bench, 'head_commit').get('message') or '').partition('\n')[0]
    return _link(bench, f'/commit/{_text(bench, "sha")}', _escape(subject) or 'n/a')


def _commit(bench: Workbench) -> str:
    sha = _text(bench, 'sha')
    return _link(bench, f'/commit/{sha}', sha[:8])


def _author(bench: Workbench) -> str:
    author = _event(bench, 'head_commit').get('author')
    known = author if isinstance(author, dict) else {'name': _text(bench, 'actor'), 'email': ''}
    return f'{known.get("name", "")} <{known.get("email", "")}>'


def _checks(bench: Workbench, text: str) -> str:
    head = _event(bench, 'pull_request').get('head')
    sha = head.get('sha') if isinstance(head, dict) else _text(bench, 'sha')
    return _link(bench, f'/commit/{sha}/checks', text)


def _run(bench: Workbench, text: str) -> str:
    return _link(bench, f'/actions/runs/{_text(bench, "run_id")}', text)


def _took(bench: Workbench) -> str:
    """The event is written down just before the first step."""
    begun = Path(_text(bench, 'event_path')).stat().st_mtime
    seconds = int(time.time() - begun)
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    told = ((hours, 'hour '), (minutes, 'min '), (rest, 'sec'))
    return ''.join(f'{number} {word}' for number, word in told if number) or '0 sec'


def _pull_request(bench: Workbench) -> str:
    request = _event(bench, 'pull_request')
    if not request:
        return 'n/a'
    number, title = slack.whole(request.get('number')), _escape(str(request.get('title') or ''))
    return f'<{request.get("html_url") or ""}|{title} #{number}>'


def _job(bench: Workbench) -> str:
    return _run(bench, bench.inputs['job_name'] or bench.job)


_FIELDS: Final[Mapping[str, Callable[[Workbench], str]]] = {
    'repo': _repo,
    'message': _message,
    'commit': _commit,
    'author': _author,
    'action': lambda bench: _checks(bench, 'action'),
    'job': _job,
    'took': _took,
    'eventName': lambda bench: _text(bench, 'event_name'),
    'ref': lambda bench: _text(bench, 'ref'),
    'workflow': lambda bench: _checks(bench, _text(bench, 'workflow')),
    'workflowRun': lambda bench: _run(bench, _text(bench, 'workflow')),
    'pullRequest': _pull_request,
}
