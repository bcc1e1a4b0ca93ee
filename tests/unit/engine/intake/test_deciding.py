"""For each workflow: does it start, and what did each filter say?"""

from typing import Any

from liftlock.engine.intake import deciding
from liftlock.plan.event import Event

JOBS = 'jobs: {a: {runs-on: x, steps: [{run: make}]}}\n'
PATH = '.github/workflows/ci.yml'


def judged(on: str, event: Event, message: str = '', only: str = '') -> list[tuple[str, str]]:
    found = {PATH: f'on: {on}\n{JOBS}', 'liftlock.yml': 'app: shop\n'}
    return [
        (one.decision.decision, one.decision.reason)
        for one in deciding.judge(found, event, message, only)
    ]


def push(**more: Any) -> Event:
    payload = {'head_commit': {'message': 'Do it'}}
    return Event('push', payload, 'refs/heads/main', 'a' * 40, 'octo/shop', 'mona', **more)


def test_what_is_not_filtered_out_starts() -> None:
    assert judged('{push: {branches: [main]}}', push()) == [('started', '')]


def test_another_event_is_the_reason() -> None:
    told = 'it does not start on push, only on pull_request'
    assert judged('pull_request', push()) == [('skipped', told)]


def test_every_filter_is_told_and_the_first_that_stops_is_the_reason() -> None:
    on = '{push: {branches: [next], paths: [docs/**]}}'
    (one,) = deciding.judge({PATH: f'on: {on}\n{JOBS}'}, push(changed=('src/a',)), '')
    assert [(each.filter, each.passed) for each in one.decision.filters] == [
        ('on', True),
        ('types', True),
        ('branches, tags', False),
        ('paths', False),
        ('commit message', True),
    ]
    assert one.decision.reason == 'branch `main` matches none of branches: next'


def test_a_file_with_mistakes_is_refused() -> None:
    ((decision, reason),) = judged('push_it', push())
    assert decision == 'refused'
    assert reason.startswith('GitHub would refuse it: line ')


def test_of_a_pull_request_the_message_of_its_head_counts() -> None:
    event = Event('pull_request', {'action': 'opened'}, 'refs/pull/7/merge', '', 'o/r', 'mona')
    told = [('skipped', 'the commit message says [skip ci]')]
    assert judged('pull_request', event, 'Try [skip ci]') == told
    assert judged('pull_request', event, 'Try') == [('started', '')]
    target = event._replace(name='pull_request_target')
    assert judged('pull_request_target', target, 'Try [skip ci]') == [('started', '')]


def test_whoever_names_a_workflow_is_told_of_that_one_alone() -> None:
    assert judged('push', push(), only='.github/workflows/other.yml') == []
