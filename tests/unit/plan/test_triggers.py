"""Which events start a workflow. Whole refusals are among the golden plans."""

import pytest

from liftlock.language.parse import parse
from liftlock.plan import event
from liftlock.plan.event import Event
from liftlock.plan.triggers import NotStarted, Started, starts
from story import PATH, REPOSITORY


def answer(on: str, happened: Event) -> str:
    """'' where the workflow starts, else the reason."""
    text = f'on: {on}\njobs:\n  a: {{runs-on: x, steps: [{{run: echo}}]}}\n'
    workflow = parse(PATH, text).workflow
    assert workflow is not None
    match starts(workflow, happened):
        case Started(trigger):
            assert trigger.event.value == happened.name
            return ''
        case NotStarted(reason):
            return reason


PUSH = event.push(REPOSITORY)
TAG = event.tag(REPOSITORY, 'v1.0')
AFTER_CI = event.workflow_run(REPOSITORY, 'CI')
PULL = event.pull_request(REPOSITORY._replace(branch='topic'))


def pushed(**facts: object) -> Event:
    return event.push(REPOSITORY._replace(**facts))


@pytest.mark.parametrize(
    ('on', 'happened'),
    [
        ('push', PUSH),
        ('[push, pull_request]', PULL),
        ('push', TAG),
        ('{push: {branches: [main], tags: ["v*"]}}', TAG),
        ('{push: {branches: [dev], tags: ["**"]}}', TAG),
        ('{push: {branches-ignore: [dev]}}', PUSH),
        ('{push: {paths: ["src/**"]}}', TAG),
        ('{push: {paths: ["src/**"]}}', pushed(changed=None)),
        ('{push: {paths: ["src/**"]}}', pushed(changed=('README.md', 'src/a.py'))),
        ('{push: {paths-ignore: ["**.md"]}}', pushed(changed=('README.md', 'src/a.py'))),
        ('{pull_request: {branches: [main]}}', PULL),
        ('{pull_request: {types: [closed]}}', event.pull_request(REPOSITORY, action='closed')),
        ('{merge_group: {branches: [main]}}', event.merge_group(REPOSITORY)),
        ('{workflow_run: {workflows: [CI], branches: [main]}}', AFTER_CI),
        ('{schedule: [{cron: "0 1 * * *"}]}', event.schedule(REPOSITORY, '0 1 * * *')),
        ('{schedule: [{cron: "0 1 * * *"}]}', event.schedule(REPOSITORY)),
        ('repository_dispatch', event.repository_dispatch(REPOSITORY, 'x', {})),
        ('{repository_dispatch: {types: [x]}}', event.repository_dispatch(REPOSITORY, 'x', {})),
        ('{release: {types: [published]}}', event.release(REPOSITORY, 'v1')),
        ('release', event.release(REPOSITORY, 'v1', action='edited')),
        ('workflow_dispatch', event.workflow_dispatch(REPOSITORY)),
    ],
)
def test_it_starts(on: str, happened: Event) -> None:
    assert answer(on, happened) == ''


@pytest.mark.parametrize(
    ('on', 'happened', 'reason'),
    [
        ('push', PULL, 'it does not start on pull_request, only on push'),
        ('{push: {tags: ["v*"]}}', PUSH, 'a branch was pushed, and only tags are named'),
        ('{push: {tags-ignore: ["v*"]}}', PUSH, 'a branch was pushed, and only tags are named'),
        ('{push: {tags: ["x*"]}}', TAG, 'tag `v1.0` matches none of tags: x*'),
        ('{push: {tags-ignore: ["v*"]}}', TAG, 'tag `v1.0` matches tags-ignore: v*'),
        ('{push: {branches-ignore: ["ma*"]}}', PUSH, 'branch `main` matches branches-ignore: ma*'),
        (
            '{workflow_run: {workflows: [CI], branches: [dev]}}',
            AFTER_CI,
            'branch `main` matches none of branches: dev',
        ),
        (
            '{schedule: [{cron: "0 1 * * *"}, {cron: "0 2 * * *"}]}',
            event.schedule(REPOSITORY, '0 3 * * *'),
            '`0 3 * * *` is none of its schedules: 0 1 * * *, 0 2 * * *',
        ),
        (
            '{repository_dispatch: {types: [deploy]}}',
            event.repository_dispatch(REPOSITORY, 'x', {}),
            'activity `x` is none of types: deploy',
        ),
        (
            '{merge_group: {branches: [dev]}}',
            event.merge_group(REPOSITORY),
            'base branch `main` matches none of branches: dev',
        ),
        (
            'push',
            event.from_payload(REPOSITORY, 'push', {'ref': 'refs/heads/x', 'deleted': True}),
            'refs/heads/x was deleted',
        ),
        (
            'push',
            event.from_payload(
                REPOSITORY, 'push', {'head_commit': {'message': 'x\n\nskip-checks:true'}}
            ),
            'the commit message says skip-checks: true',
        ),
        (
            '{image_version: {names: ["ubuntu-*"], versions: ["1.*"]}}',
            event.from_payload(
                REPOSITORY, 'image_version', {'image_version': {'name': 'debian', 'version': '1.0'}}
            ),
            'image `debian` matches none of names: ubuntu-*',
        ),
        (
            '{image_version: {names: ["ubuntu-*"], versions: ["1.*"]}}',
            event.from_payload(
                REPOSITORY,
                'image_version',
                {'image_version': {'name': 'ubuntu-x', 'version': '2.0'}},
            ),
            'version `2.0` matches none of versions: 1.*',
        ),
    ],
)
def test_it_does_not_start_and_says_why(on: str, happened: Event, reason: str) -> None:
    assert answer(on, happened) == reason
