import pytest

from liftlock.cli.events import read_event
from liftlock.cli.options import Asked
from liftlock.language.parse import parse
from liftlock.plan.event import Event, RepositoryFacts

FACTS = RepositoryFacts(owner='acme', name='shop', branch='topic', sha='a' * 40)
JOBS = 'jobs: {a: {runs-on: x, steps: [run: y]}}'


def made(asked: Asked, on: str = 'push', facts: RepositoryFacts = FACTS) -> Event:
    workflow = parse('.github/workflows/ci.yml', f'on: {on}\n{JOBS}').workflow
    assert workflow is not None
    return read_event(asked, facts, [workflow])


@pytest.mark.parametrize(
    ('asked', 'name', 'ref'),
    [
        (Asked(), 'push', 'refs/heads/topic'),
        (Asked(ref='release'), 'push', 'refs/heads/release'),
        (Asked(ref='refs/heads/release'), 'push', 'refs/heads/release'),
        (Asked(ref='refs/tags/v1'), 'push', 'refs/tags/v1'),
        (Asked(event='workflow_dispatch'), 'workflow_dispatch', 'refs/heads/topic'),
        (Asked(event='issues', activity='opened'), 'issues', 'refs/heads/topic'),
    ],
)
def test_words_become_an_event(asked: Asked, name: str, ref: str) -> None:
    event = made(asked)
    assert (event.name, event.ref) == (name, ref)


@pytest.mark.parametrize(
    ('branch', 'ref', 'expected'),
    [
        ('', '', 'refs/tags/v1'),
        ('topic', '', 'refs/heads/topic'),
        ('topic', 'v2', 'refs/tags/v2'),
        ('topic', 'v3', 'refs/heads/v3'),
        ('v2', 'v2', 'refs/heads/v2'),
    ],
)
def test_a_tag_that_is_checked_out_or_named_is_pushed(branch: str, ref: str, expected: str) -> None:
    event = made(Asked(ref=ref), facts=FACTS._replace(branch=branch, tags=('v1', 'v2')))
    assert event.ref == expected


def test_a_pull_request_goes_from_head_to_base() -> None:
    event = made(Asked(event='pull_request', base='main', head='mine', activity='opened'))
    assert (event.base_ref, event.head_ref) == ('main', 'mine')
    assert event.payload['action'] == 'opened'


def test_a_schedule_is_the_first_that_a_workflow_has() -> None:
    event = made(Asked(event='schedule'), "{schedule: [{cron: '5 4 * * *'}]}")
    assert event.payload['schedule'] == '5 4 * * *'


def test_a_dispatch_of_the_repository_carries_the_inputs() -> None:
    asked = Asked(event='repository_dispatch', activity='deploy', input=('to=here',))
    event = made(asked, 'repository_dispatch')
    assert event.payload['action'] == 'deploy'
    assert event.payload['client_payload'] == {'to': 'here'}
