"""Whose pull requests run, and whose wait for a maintainer."""

from typing import Any

import pytest

from liftlock.engine.intake import admission
from liftlock.plan.event import Event


def pull(
    repo: str = 'mallory/shop', association: str = '', name: str = 'pull_request', **more: Any
) -> Event:
    request: dict[str, Any] = {'user': {'login': 'Mallory'}, 'head': {'repo': {'full_name': repo}}}
    if association:
        request['author_association'] = association
    payload = {'pull_request': request}
    return Event(name, payload, 'refs/pull/7/merge', 'a' * 40, 'octo/shop', 'eve', **more)


@pytest.mark.parametrize(
    ('policy', 'association', 'waits'),
    [
        ('first-time', '', True),
        ('first-time', 'NONE', True),
        ('first-time', 'FIRST_TIME_CONTRIBUTOR', True),
        ('first-time', 'CONTRIBUTOR', False),
        ('first-time', 'MEMBER', False),
        ('outsiders', 'CONTRIBUTOR', True),
        ('outsiders', 'COLLABORATOR', False),
        ('always', 'NONE', False),
    ],
)
def test_who_waits_depends_on_the_policy(policy: str, association: str, waits: bool) -> None:
    assert bool(admission.held(pull(association=association), policy, ())) is waits


def test_an_author_who_is_known_does_not_wait() -> None:
    assert admission.held(pull(), 'outsiders', {'mallory'}) == ''


@pytest.mark.parametrize('action', ['opened', 'labeled', 'synchronize'])
def test_whoever_pushes_to_somebody_elses_proposal_is_looked_at_too(action: str) -> None:
    event = pull(association='CONTRIBUTOR')
    event = event._replace(payload={**event.payload, 'action': action})
    why = admission.held(event, 'first-time', ())
    assert why.startswith('eve comes for the first time') is (action == 'synchronize')
    assert admission.held(event, 'first-time', {'eve'}) == ''
    assert admission.held(event, 'outsiders', {'eve'}).startswith('Mallory is not a member')


def test_a_commit_that_was_held_is_held_whatever_else_happens_to_it() -> None:
    event = pull(association='MEMBER')
    assert admission.held(event, 'first-time', (), again=True)
    assert admission.held(event, 'always', (), again=True) == ''


def test_what_comes_from_the_repository_itself_does_not_wait() -> None:
    assert admission.held(pull('Octo/Shop'), 'outsiders', ()) == ''
    assert admission.refused(pull('octo/shop'), 'never') == ''


def test_a_fork_that_is_gone_is_somebody_elses() -> None:
    event = pull()
    request = event.payload['pull_request']
    assert isinstance(request, dict)
    request['head'] = {'repo': None}
    assert admission.held(event, 'first-time', ())


def test_where_forks_never_run_nobody_is_asked() -> None:
    assert admission.refused(pull(), 'never') == 'pull requests from forks are not run here'


def test_what_runs_the_code_of_the_default_branch_is_not_held() -> None:
    assert admission.held(pull(name='pull_request_target'), 'first-time', ()) == ''


def test_changes_of_what_runs_are_shown_to_who_approves() -> None:
    event = pull(changed=('src/a.py', '.github/workflows/ci.yml', 'liftlock.yml'))
    told = 'it changes .github/workflows/ci.yml, liftlock.yml'
    assert admission.warning(event) == told
    assert admission.warning(pull(changed=('src/a.py',))) == ''
    assert admission.warning(pull(changed=None)) == 'it changes more than can be told here'
