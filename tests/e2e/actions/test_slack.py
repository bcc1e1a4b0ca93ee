"""Messages to Slack arrive as the originals send them. Slack is a server on loopback here."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.actions import posts
from e2e.actions.bench import Bench
from fakes import play
from liftlock.runner.actions import http, slack
from liftlock.runner.ports import World
from liftlock.runner.workbench import StepFailed

GITHUB: dict[str, Any] = {
    'repository': 'acme/shop',
    'ref': 'refs/heads/main',
    'sha': '0123456789abcdef0123456789abcdef01234567',
    'event_name': 'push',
    'workflow': 'CI',
    'actor': 'ada',
    'run_id': '7',
    'event': {
        'head_commit': {
            'message': 'fix: <it> & more\n\nbody',
            'author': {'name': 'Ada', 'email': 'ada@example.org'},
        },
        'number': 3.0,
        'ok': True,
        'none': None,
        'list': [1.0, {'a': 'b'}],
        'empty': [],
    },
}


@pytest.fixture
def server() -> Iterator[posts.Server]:
    with posts.listening() as made:
        yield made


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, '_PAUSES', (0.01, 0.01))


def step(uses: str, root: Path, inputs: dict[str, str], **env: str) -> Bench:
    world = World(None, None, None, None, root / 'tools', root / 'packages')  # type: ignore[arg-type]
    github = {**GITHUB, 'event_path': str(root / 'event.json')}
    (root / 'event.json').write_text('{}')
    return Bench(uses, root / 'job', world, inputs, env=env, github=github)


# --- slackapi/slack-github-action@v1

V1 = 'slackapi/slack-github-action@v1.27.1'


def test_v1_sends_a_payload_to_an_incoming_webhook(server: posts.Server, tmp_path: Path) -> None:
    bench = step(
        V1,
        tmp_path,
        {'payload': '{"text": "done", "blocks": [{"type": "divider"}]}'},
        SLACK_WEBHOOK_URL=server.url,
        SLACK_WEBHOOK_TYPE='INCOMING_WEBHOOK',
    )
    bench.main()
    assert server.posts[0].json == {'text': 'done', 'blocks': [{'type': 'divider'}]}
    assert server.posts[0].headers['content-type'] == 'application/json'
    assert bench.outputs['time'].endswith('GMT+0000 (Coordinated Universal Time)')
    assert 'masked' in bench.lines


def test_v1_flattens_what_it_sends_to_a_workflow(server: posts.Server, tmp_path: Path) -> None:
    payload = '{"a": {"b": 1, "c": [true, null]}, "d": {}, "e": []}'
    step(V1, tmp_path, {'payload': payload}, SLACK_WEBHOOK_URL=server.url).main()
    assert server.posts[0].json == {
        'a.b': '1',
        'a.c.0': 'true',
        'a.c.1': 'null',
        'd': '[object Object]',
        'e': '',
    }


def test_v1_sends_the_event_where_no_payload_is_given(server: posts.Server, tmp_path: Path) -> None:
    inputs = {'payload-delimiter': '_'}
    step(V1, tmp_path, inputs, SLACK_WEBHOOK_URL=server.url).main()
    sent = server.posts[0].json
    assert sent['head_commit_author_name'] == 'Ada'
    assert (sent['number'], sent['ok'], sent['list_1_a']) == ('3', 'true', 'b')


def test_v1_fills_the_templates_of_a_file(server: posts.Server, tmp_path: Path) -> None:
    text = '{"text": "${{ github.actor }} {{github.payload.number}} ${{ env.COLOUR }} {{x.y}}"}'
    inputs = {'payload-file-path': 'slack.json'}
    bench = step(V1, tmp_path, inputs, SLACK_WEBHOOK_URL=server.url, COLOUR='green')
    (bench.workspace / 'slack.json').write_text(text)
    bench.main()
    assert server.posts[0].json == {'text': 'ada 3 green ???'}


@pytest.mark.parametrize(
    ('inputs', 'env', 'message'),
    [
        ({}, {}, 'Need to provide at least one botToken or webhookUrl'),
        ({'payload': 'no'}, {'SLACK_WEBHOOK_URL': 'http://x'}, 'Need to provide valid JSON'),
        ({'payload-file-path': 'gone'}, {'SLACK_WEBHOOK_URL': 'http://x'}, 'Failed to load the'),
        ({'payload': '{}'}, {'SLACK_BOT_TOKEN': 'x'}, 'Channel ID is required'),
        ({'channel-id': 'C1'}, {'SLACK_BOT_TOKEN': 'x'}, 'Missing message content'),
        ({'payload': '{}'}, {'SLACK_WEBHOOK_URL': 'file:///etc/hostname'}, 'one of HTTP'),
        ({'payload': '{}'}, {'SLACK_WEBHOOK_URL': 'http://127.0.0.1:1'}, 'Connection refused'),
    ],
)
def test_v1_fails_as_the_original_does(
    inputs: dict[str, str], env: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(StepFailed, match=message):
        step(V1, tmp_path, inputs, **env).main()


def test_v1_fails_with_what_slack_says(server: posts.Server, tmp_path: Path) -> None:
    server.answers = [(404, 'no_service')]
    with pytest.raises(StepFailed, match=r'^no_service$'):
        step(V1, tmp_path, {'payload': '{}'}, SLACK_WEBHOOK_URL=server.url).main()


def test_v1_with_the_inputs_of_v2_warns_and_fails(tmp_path: Path) -> None:
    given = '{webhook-url: "https://x", payload: "{}"}'
    played = play(f'- {{uses: slackapi/slack-github-action@v1, with: {given}}}', tmp_path)
    assert [(found.level, found.message) for found in played.annotations] == [
        (
            'warning',
            "Unexpected input(s) 'webhook-url', valid inputs are ['channel-id', 'slack-message', "
            "'payload', 'payload-delimiter', 'payload-file-path', 'payload-file-path-parsed', "
            "'update-ts']",
        ),
        ('error', 'Need to provide at least one botToken or webhookUrl'),
    ]
    assert played.finished.conclusion == 'failure'


def test_v1_says_it_by_a_bot(
    server: posts.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack, 'API', server.url)
    server.answers = [(200, '{"ok": true, "ts": "1.5", "channel": "C2"}')]
    inputs = {'channel-id': 'C1, C2', 'slack-message': 'hi', 'update-ts': '1.4'}
    bench = step(V1, tmp_path, inputs, SLACK_BOT_TOKEN='xoxb')
    bench.main()
    assert [post.path for post in server.posts] == ['/chat.update', '/chat.update']
    assert server.posts[1].form == {'ts': '1.4', 'channel': 'C2', 'text': 'hi'}
    assert server.posts[0].headers['authorization'] == 'Bearer xoxb'
    assert (bench.outputs['ts'], bench.outputs['thread_ts']) == ('1.5', '1.5')
    server.answers = [(200, '{"ok": false, "error": "channel_not_found"}')]
    with pytest.raises(StepFailed, match='An API error occurred: channel_not_found'):
        bench.main()


# --- slackapi/slack-github-action@v2

V2 = 'slackapi/slack-github-action@v2'


def test_v2_posts_yaml_to_an_incoming_webhook(server: posts.Server, tmp_path: Path) -> None:
    payload = 'text: "on *main*"\nunfurl: yes\nnumber: 3\nblocks:\n  - type: divider\n'
    inputs = {'webhook': server.url, 'webhook-type': 'incoming-webhook', 'payload': payload}
    bench = step(V2, tmp_path, inputs)
    bench.main()
    assert server.posts[0].json == {
        'text': 'on *main*',
        'unfurl': 'yes',
        'number': 3,
        'blocks': [{'type': 'divider'}],
    }
    assert (bench.outputs['ok'], bench.outputs['response']) == ('true', '"ok"')
    assert bench.outputs['time'].isdigit()


def test_v2_posts_to_a_trigger(server: posts.Server, tmp_path: Path) -> None:
    server.answers = [(200, '{"ok":true}')]
    inputs = {
        'webhook': server.url,
        'webhook-type': 'webhook-trigger',
        'payload': '"a": {"b": "${{ github.eventName }}"},',
        'payload-delimiter': '_',
        'payload-templated': 'true',
    }
    bench = step(V2, tmp_path, inputs)
    bench.main()
    assert server.posts[0].json == {'a_b': 'push'}
    assert bench.outputs['response'] == '{"ok":true}'


def test_v2_calls_a_method(server: posts.Server, tmp_path: Path) -> None:
    told = {'ok': True, 'ts': '2.5', 'channel': {'id': 'C9'}, 'message': {'thread_ts': '2.4'}}
    server.answers = [(200, json.dumps(told))]
    inputs = {
        'api': server.url,
        'method': 'chat.postMessage',
        'token': 'xoxb',
        'payload': 'channel: C9\nblocks: [{type: divider}]\nthread: null',
    }
    bench = step(V2, tmp_path, inputs)
    bench.main()
    assert server.posts[0].path == '/chat.postMessage'
    assert server.posts[0].form == {'channel': 'C9', 'blocks': '[{"type": "divider"}]'}
    outputs = {name: bench.outputs[name] for name in ('ok', 'channel_id', 'thread_ts', 'ts')}
    assert outputs == {'ok': 'true', 'channel_id': 'C9', 'thread_ts': '2.4', 'ts': '2.5'}
    assert json.loads(bench.outputs['response']) == told


def test_v2_only_warns_of_what_slack_refuses(server: posts.Server, tmp_path: Path) -> None:
    server.answers = [(200, '{"ok": false, "error": "not_authed"}')]
    inputs = {'api': server.url, 'method': 'chat.postMessage', 'token': 'x', 'payload': 'a: b'}
    bench = step(V2, tmp_path, inputs)
    bench.main()
    message = 'An API error occurred: not_authed'
    assert bench.warnings == [f'Failed to send the request: {message}']
    assert bench.outputs['ok'] == 'false'
    assert json.loads(bench.outputs['response'])['error'] == 'not_authed'
    with pytest.raises(StepFailed, match=message):
        step(V2, tmp_path, {**inputs, 'errors': 'true'}).main()


def test_v2_tries_again_where_slack_is_busy(server: posts.Server, tmp_path: Path) -> None:
    server.answers = [(503, ''), (429, ''), (200, 'ok')]
    inputs = {'webhook': server.url, 'webhook-type': 'incoming-webhook', 'payload': 'text: hi'}
    bench = step(V2, tmp_path, inputs)
    bench.main()
    assert (len(server.posts), bench.outputs['ok']) == (3, 'true')
    server.answers = [(503, ''), (200, 'ok')]
    once = step(V2, tmp_path, {**inputs, 'retries': '0'})
    once.main()
    assert once.outputs['ok'] == 'false'


@pytest.mark.parametrize(
    ('inputs', 'message'),
    [
        ({}, 'Missing input! Either a method or webhook is required'),
        ({'webhook': 'http://x'}, "Missing input! The webhook type must be 'incoming-webhook'"),
        ({'webhook': 'http://x', 'webhook-type': 'x'}, 'Invalid input! The webhook type'),
        ({'webhook': 'http://x', 'token': 'x'}, 'Either the token or webhook is required'),
        ({'method': 'x'}, 'Missing input! A token must be provided'),
        ({'retries': 'many'}, 'An unknown "retries" value was used: many'),
        ({'payload': ': [', 'method': 'x', 'token': 'x'}, 'Failed to parse contents'),
        (
            {'payload': 'a: b', 'payload-file-path': 'x', 'method': 'x', 'token': 'x'},
            'Just the payload or payload file path is required',
        ),
        (
            {'payload-file-path': 'x.txt', 'method': 'x', 'token': 'x'},
            'Failed to parse contents of the provided payload file',
        ),
    ],
)
def test_v2_refuses_wrong_inputs(inputs: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match=message):
        step(V2, tmp_path, inputs).main()


def test_the_address_of_a_webhook_is_a_secret_from_then_on(
    server: posts.Server, tmp_path: Path
) -> None:
    secret = f'{server.url}services/T0/B0/hidden'
    played = play(
        f"""
- uses: slackapi/slack-github-action@v2
  with: {{webhook: '{secret}', webhook-type: incoming-webhook, payload: 'text: hi'}}
- run: echo {secret}
""",
        tmp_path,
        world={'host_env': {'PATH': '/usr/bin:/bin'}},
    )
    assert played.finished.conclusion == 'success', played.text
    assert len(server.posts) == 1
    assert played.printed(2) == ['***']


def test_a_job_in_a_container_does_not_reach_this_machine_by_us(
    server: posts.Server, tmp_path: Path
) -> None:
    inputs = {'webhook': server.url, 'webhook-type': 'incoming-webhook', 'payload': 'text: hi'}
    method = {'api': server.url, 'method': 'x', 'token': 'x', 'payload': 'text: hi'}
    for uses, given, env in (
        (V2, inputs, {}),
        (V2, method, {}),
        (
            V1,
            {'payload': '{}'},
            {'SLACK_WEBHOOK_URL': server.url.replace('127.0.0.1', 'localhost')},
        ),
        (ACTION, {'status': 'success'}, {'SLACK_WEBHOOK_URL': server.url}),
        (NOTIFY, {}, {'SLACK_WEBHOOK': server.url}),
    ):
        bench = step(uses, tmp_path, given, **env)
        bench.in_container = True
        with pytest.raises(StepFailed, match='is this machine itself'):
            bench.main()
    assert not server.posts


# --- 8398a7/action-slack

ACTION = '8398a7/action-slack@v3'


def test_action_slack_tells_how_the_job_ended(server: posts.Server, tmp_path: Path) -> None:
    inputs = {
        'status': 'Failure',
        'fields': 'repo,commit,message,author,eventName,ref,workflowRun,pullRequest,job',
        'mention': 'here, U1',
        'if_mention': 'failure,cancelled',
        'channel': '#ci',
    }
    step(ACTION, tmp_path, inputs, SLACK_WEBHOOK_URL=server.url).main()
    sent = server.posts[0].json
    assert sent['text'] == '<!here> <@U1> :no_entry: Failed GitHub Actions\n'
    assert sent['channel'] == '#ci'
    (attachment,) = sent['attachments']
    assert attachment['color'] == 'danger'
    page = 'https://github.com/acme/shop'
    assert {field['title']: field['value'] for field in attachment['fields']} == {
        'repo': f'<{page}|acme/shop>',
        'message': f'<{page}/commit/{GITHUB["sha"]}|fix: &lt;it&gt; &amp; more>',
        'commit': f'<{page}/commit/{GITHUB["sha"]}|01234567>',
        'author': 'Ada <ada@example.org>',
        'job': f'<{page}/actions/runs/7|build>',
        'eventName': 'push',
        'ref': 'refs/heads/main',
        'workflowRun': f'<{page}/actions/runs/7|CI>',
        'pullRequest': 'n/a',
    }


def test_action_slack_shows_repository_and_commit_where_nothing_is_asked(
    server: posts.Server, tmp_path: Path
) -> None:
    inputs = {'status': 'success', 'text': 'mine', 'mention': 'U1', 'if_mention': 'failure'}
    step(ACTION, tmp_path, inputs, SLACK_WEBHOOK_URL=server.url).main()
    sent = server.posts[0].json
    assert sent['text'] == 'mine'
    assert [field['title'] for field in sent['attachments'][0]['fields']] == ['repo', 'commit']


@pytest.mark.skipif(
    shutil.which('node') is None and os.environ.get('CI') != 'true', reason='apt install nodejs'
)
def test_action_slack_evaluates_a_custom_payload(server: posts.Server, tmp_path: Path) -> None:
    payload = """{
      attachments: [{
        color: 'failure' === 'success' ? 'good' : 'danger',
        text: `${process.env.AS_EVENT_NAME}: ${process.env.AS_COMMIT}`, // of the run
      }]
    }"""
    inputs = {'status': 'custom', 'custom_payload': payload, 'fields': 'eventName,commit'}
    step(ACTION, tmp_path, inputs, SLACK_WEBHOOK_URL=server.url).main()
    (attachment,) = server.posts[0].json['attachments']
    assert attachment['color'] == 'danger'
    assert attachment['text'].startswith('push: <https://github.com/acme/shop/commit/')
    inputs['custom_payload'] = '{text: nobody.knows}'
    broken = step(ACTION, tmp_path, inputs, SLACK_WEBHOOK_URL=server.url)
    with pytest.raises(StepFailed, match='custom_payload is no JSON, and as JavaScript it fails'):
        broken.main()


@pytest.mark.parametrize(
    ('inputs', 'env', 'message'),
    [
        ({}, {}, 'Input required and not supplied: status'),
        ({'status': 'success'}, {}, 'Specify secrets.SLACK_WEBHOOK_URL'),
        ({'status': 'x'}, {'SLACK_WEBHOOK_URL': 'http://x'}, 'You can specify success or'),
        ({'status': 'success'}, {'SLACK_WEBHOOK_URL': 'http://127.0.0.1:1'}, 'Connection refused'),
    ],
)
def test_action_slack_fails_as_the_original_does(
    inputs: dict[str, str], env: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(StepFailed, match=message):
        step(ACTION, tmp_path, inputs, **env).main()


# --- rtCamp/action-slack-notify

NOTIFY = 'rtCamp/action-slack-notify@v2'


def test_slack_notify_is_told_by_variables(server: posts.Server, tmp_path: Path) -> None:
    env = {
        'SLACK_WEBHOOK': server.url,
        'SLACK_MESSAGE': 'usual',
        'SLACK_MESSAGE_ON_FAILURE': 'bad',
        'SLACK_COLOR': 'failure',
        'SLACK_TITLE': 'Deploy',
        'SLACK_CHANNEL': 'ci',
        'MSG_MINIMAL': 'ref,event',
        'GITHUB_REF': 'refs/heads/main',
        'GITHUB_EVENT_NAME': 'push',
        'GITHUB_ACTOR': 'ada',
    }
    step(NOTIFY, tmp_path, {}, **env).main()
    sent = server.posts[0].json
    assert (sent['username'], sent['channel'], sent['unfurl_links']) == ('rtBot', 'ci', False)
    (attachment,) = sent['attachments']
    assert (attachment['color'], attachment['author_name']) == ('danger', 'ada')
    assert attachment['fields'] == [
        {'title': 'Event', 'value': 'push', 'short': True},
        {'title': 'Ref', 'value': 'refs/heads/main', 'short': True},
        {'title': 'Deploy', 'value': 'bad'},
    ]


def test_slack_notify_sends_a_payload_as_it_is(server: posts.Server, tmp_path: Path) -> None:
    env = {'SLACK_WEBHOOK': server.url, 'SLACK_CUSTOM_PAYLOAD': '{"text": "as it is"}'}
    step(NOTIFY, tmp_path, {}, **env).main()
    assert server.posts[0].body == b'{"text": "as it is"}'


def test_slack_notify_fails_where_it_cannot_say_it(server: posts.Server, tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match='Secret `SLACK_WEBHOOK` is missing'):
        step(NOTIFY, tmp_path, {}).main()
    with pytest.raises(StepFailed, match='SLACK_FILE_UPLOAD is not supported'):
        step(NOTIFY, tmp_path, {}, SLACK_WEBHOOK=server.url, SLACK_FILE_UPLOAD='x').main()
    server.answers = [(403, 'invalid_token')]
    with pytest.raises(StepFailed, match=r'Error on message: 403 \(invalid_token\)'):
        step(NOTIFY, tmp_path, {}, SLACK_WEBHOOK=server.url).main()
