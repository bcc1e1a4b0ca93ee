"""Who reads whose caches, and who keeps some of its own."""

from typing import Any

import pytest

from liftlock.plan import event as events
from liftlock.plan import trust
from liftlock.plan.event import Event, RepositoryFacts

HERE = RepositoryFacts('octo', 'demo', 'topic', 'b' * 40, before='a' * 40, actor='mona')
FORK = {'full_name': 'mallory/demo'}
SAME = {'full_name': 'Octo/Demo'}


def proposed(repo: dict[str, str] | None, name: str = 'pull_request') -> Event:
    payload: dict[str, Any] = {
        'number': 7,
        'pull_request': {'base': {'ref': 'next'}, 'head': {'ref': 'topic', 'repo': repo}},
    }
    return events.from_payload(HERE, name, payload)


def after(repo: dict[str, str]) -> Event:
    made = events.from_payload(HERE, 'workflow_run', {'workflow_run': {'head_repository': repo}})
    return made._replace(ref='refs/heads/main')


def test_a_branch_reads_its_own_and_the_default_branch() -> None:
    assert trust.scopes(events.push(HERE)) == (
        ('refs/heads/topic', 'refs/heads/main'),
        'refs/heads/topic',
    )


def test_the_default_branch_reads_only_itself() -> None:
    found = trust.scopes(events.push(HERE._replace(branch='main')))
    assert found == (('refs/heads/main',), 'refs/heads/main')


@pytest.mark.parametrize('repo', [SAME, FORK, None])
def test_a_pull_request_reads_its_base_and_writes_only_its_own(repo: dict[str, str] | None) -> None:
    assert trust.scopes(proposed(repo)) == (
        ('refs/pull/7/merge', 'refs/heads/next', 'refs/heads/main'),
        'refs/pull/7/merge',
    )


def test_a_pull_request_from_outside_without_a_ref_of_its_own_writes_nothing() -> None:
    odd = proposed(FORK)._replace(ref='refs/heads/main')
    assert trust.scopes(odd).writes == ''
    assert trust.scopes(proposed(SAME)._replace(ref='refs/heads/main')).writes == 'refs/heads/main'


@pytest.mark.parametrize('name', ['issue_comment', 'issues', 'fork', 'watch', 'discussion'])
def test_what_anybody_can_start_in_the_default_branch_only_reads(name: str) -> None:
    on_main = HERE._replace(branch='main')
    assert trust.scopes(events.from_payload(on_main, name, {})) == (('refs/heads/main',), '')


@pytest.mark.parametrize('name', ['schedule', 'workflow_dispatch', 'repository_dispatch'])
def test_what_needs_write_access_writes_in_the_default_branch(name: str) -> None:
    on_main = HERE._replace(branch='main')
    assert trust.scopes(events.from_payload(on_main, name, {})).writes == 'refs/heads/main'


def test_pull_request_target_only_reads_although_its_code_is_the_bases() -> None:
    assert trust.scopes(proposed(FORK, 'pull_request_target')).writes == ''
    assert not trust.from_outside(proposed(FORK, 'pull_request_target'))


def test_a_run_after_another_writes_unless_that_one_came_from_outside() -> None:
    assert trust.scopes(after(SAME)).writes == 'refs/heads/main'
    assert trust.scopes(after(FORK)).writes == ''


def test_a_release_writes_for_its_tag() -> None:
    assert trust.scopes(events.release(HERE, 'v1')).writes == 'refs/tags/v1'


def test_a_merge_group_finds_the_caches_of_its_base() -> None:
    found = trust.scopes(events.merge_group(HERE, base='next'))
    assert found.reads[1:] == ('refs/heads/next', 'refs/heads/main')
    assert found.writes == found.reads[0]


@pytest.mark.parametrize(('repo', 'outside'), [(SAME, False), (FORK, True), (None, True)])
def test_code_of_another_repository_comes_from_outside(
    repo: dict[str, str] | None, outside: bool
) -> None:
    assert trust.from_outside(proposed(repo)) is outside
    assert not trust.from_outside(events.push(HERE))
