"""What ID tokens say, compared with what GitHub documents."""

from typing import Any

import pytest

from liftlock.plan.event import Event, from_payload, push, release
from liftlock.toolkit import claims
from story import HEAD, REPOSITORY, Story

ASKS = '    permissions: {id-token: write}\n'


def of(more: str = ASKS, event: Event | None = None) -> dict[str, str] | None:
    event = event or push(REPOSITORY)
    text = 'on: [push, release, pull_request, pull_request_target]\njobs:\n'
    job = f'  build:\n    runs-on: ubuntu-latest\n{more}    steps: [{{run: x}}]\n'
    story = Story(text + job, event=event)
    story.now()
    return claims.of(story.queued('build'), event)


def pull_request(name: str = 'pull_request', repository: str = 'octo/demo') -> Event:
    head = {'ref': 'topic', 'repo': {'full_name': repository}}
    payload: dict[str, Any] = {'number': 7, 'pull_request': {'base': {'ref': 'main'}, 'head': head}}
    return from_payload(REPOSITORY, name, payload)


@pytest.mark.parametrize(
    ('more', 'event', 'subject'),
    [
        ('', push(REPOSITORY), 'repo:octo/demo:ref:refs/heads/main'),
        ('', release(REPOSITORY, 'v1'), 'repo:octo/demo:ref:refs/tags/v1'),
        ('', pull_request(), 'repo:octo/demo:pull_request'),
        ('', pull_request('pull_request_target'), 'repo:octo/demo:ref:refs/heads/main'),
        ('    environment: prod\n', pull_request(), 'repo:octo/demo:environment:prod'),
        (
            '    environment: "a:b c"\n',
            push(REPOSITORY),
            'repo:octo/demo:environment:a%3Ab c',
        ),
    ],
)
def test_the_subject_is_what_clouds_are_told_to_trust(
    more: str, event: Event, subject: str
) -> None:
    found = of(ASKS + more, event)
    assert found is not None
    assert found['sub'] == subject


def test_claims_are_githubs() -> None:
    found = of()
    assert found is not None
    assert found | {'sha': 'x', 'workflow_sha': 'x', 'job_workflow_sha': 'x'} == {
        'sub': 'repo:octo/demo:ref:refs/heads/main',
        'ref': 'refs/heads/main',
        'ref_type': 'branch',
        'ref_protected': 'false',
        'sha': 'x',
        'repository': 'octo/demo',
        'repository_owner': 'octo',
        'repository_visibility': 'public',
        'run_id': '1',
        'run_number': '1',
        'run_attempt': '1',
        'actor': 'mona',
        'workflow': '.github/workflows/ci.yml',
        'workflow_ref': 'octo/demo/.github/workflows/ci.yml@refs/heads/main',
        'workflow_sha': 'x',
        'job_workflow_ref': 'octo/demo/.github/workflows/ci.yml@refs/heads/main',
        'job_workflow_sha': 'x',
        'event_name': 'push',
        'head_ref': '',
        'base_ref': '',
        'runner_environment': 'self-hosted',
    }
    assert set(found) <= set(claims.SUPPORTED)


def test_a_called_workflow_is_named_beside_the_one_that_started() -> None:
    callee = f'on: workflow_call\npermissions: {{id-token: write}}\n{HEAD.partition("push")[2]}'
    callee += '  inner: {runs-on: ubuntu-latest, steps: [{run: x}]}\n'
    called = 'acme/ci/.github/workflows/x.yml@v1'
    caller = 'on: push\npermissions: {id-token: write}\njobs:\n  call: {uses: %s}\n'
    story = Story(caller % called, files={called: callee})
    story.now()
    found = claims.of(story.queued('call/inner'), push(REPOSITORY))
    assert found is not None
    assert found['job_workflow_ref'] == called
    assert found['workflow_ref'] == 'octo/demo/.github/workflows/ci.yml@refs/heads/main'
    assert 'job_workflow_sha' not in found, 'which commit that was is not known here'


@pytest.mark.parametrize(
    'more',
    ['', '    permissions: read-all\n', '    permissions: {contents: write}\n',
     '    permissions: {id-token: none}\n'],
)  # fmt: skip
def test_nobody_gets_a_token_who_did_not_ask(more: str) -> None:
    assert of(more) is None


def test_write_all_asks_too() -> None:
    assert of('    permissions: write-all\n') is not None


def test_code_from_outside_gets_none() -> None:
    assert of(event=pull_request(repository='mallory/demo')) is None
    on_base = pull_request('pull_request_target', 'mallory/demo')
    assert of(event=on_base) is not None, 'this is the code of the base'


def test_the_owner_is_the_audience_unless_another_is_named() -> None:
    found = of()
    assert found is not None
    assert claims.audience(found, 'https://github.com') == 'https://github.com/octo'
