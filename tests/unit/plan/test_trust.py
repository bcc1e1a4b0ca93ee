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


def bumped(name: str, *, actor: str = 'dependabot[bot]', author: str = 'dependabot[bot]') -> Event:
    head = {'ref': 'dependabot/pip/x-2', 'repo': SAME}
    payload: dict[str, Any] = {
        'number': 7,
        'sender': {'login': actor},
        'pull_request': {'base': {'ref': 'main'}, 'head': head, 'user': {'login': author}},
    }
    return events.from_payload(HERE, name, payload)


@pytest.mark.parametrize(
    'name',
    ['push', 'create', 'deployment', 'pull_request', 'pull_request_review', 'pull_request_target'],
)
def test_what_dependabot_sets_off_only_reads(name: str) -> None:
    assert trust.only_reads(bumped(name))
    assert not trust.from_outside(bumped(name))
    assert not trust.only_reads(bumped(name, actor='mona')), 'she has pushed to it, and seen it'


def test_but_not_what_it_does_to_the_pull_requests_of_others() -> None:
    assert not trust.only_reads(bumped('pull_request_target', author='mona'))
    assert not trust.only_reads(bumped('issue_comment'))


def test_a_fork_only_reads_too() -> None:
    assert trust.only_reads(proposed(FORK))
    assert not trust.only_reads(proposed(SAME))
    assert not trust.only_reads(proposed(FORK, 'pull_request_target'))


# --- what must not be checked out where the rights of the default branch are


def privileged(name: str, **payload: Any) -> dict[str, Any]:
    return {'event_name': name, 'repository': 'octo/demo', 'event': payload}


def of_fork(full_name: str = 'mallory/demo') -> dict[str, Any]:
    head = {'sha': 'c' * 40, 'repo': {'full_name': full_name}}
    return {'head': head, 'merge_commit_sha': 'd' * 40}


@pytest.mark.parametrize(
    ('repository', 'ref', 'found'),
    [
        ('octo/demo', 'c' * 40, 'c' * 40),
        ('octo/demo', 'C' * 40, 'C' * 40),
        ('octo/demo', 'refs/pull/7/head', 'refs/pull/7/head'),
        ('octo/demo', 'd' * 40, 'd' * 40),
        ('octo/demo', 'refs/pull/7/merge', 'refs/pull/7/merge'),
        ('octo/demo', 'pull/7/head', 'pull/7/head'),
        ('octo/demo', 'refs/merge-requests/7/head', 'refs/merge-requests/7/head'),
        ('Mallory/Demo', '', 'Mallory/Demo'),
        ('octo/demo', '', ''),
        ('octo/demo', 'main', ''),
        ('octo/demo', 'a' * 40, ''),
        ('octo/other', 'main', ''),
    ],
)
def test_a_fork_is_not_checked_out_where_secrets_are(repository: str, ref: str, found: str) -> None:
    told = privileged('pull_request_target', pull_request=of_fork())
    assert trust.proposal(told, repository, ref) == found


def test_nor_is_the_head_of_a_run_of_a_fork() -> None:
    run = {'head_sha': 'c' * 40, 'head_repository': {'full_name': 'mallory/demo'}}
    told = privileged('workflow_run', workflow_run=run)
    assert trust.proposal(told, 'octo/demo', 'c' * 40) == 'c' * 40
    assert trust.proposal(told, 'mallory/demo', '') == 'mallory/demo'


def test_the_same_repository_may_be_checked_out_and_so_may_a_fork_without_secrets() -> None:
    own = privileged('pull_request_target', pull_request=of_fork('Octo/Demo'))
    assert trust.proposal(own, 'octo/demo', 'c' * 40) == ''
    assert trust.proposal(own, 'octo/demo', 'd' * 40) == ''
    plain = privileged('pull_request', pull_request=of_fork())
    assert trust.proposal(plain, 'octo/demo', 'refs/pull/7/head') == ''


def test_a_comment_does_not_lead_to_a_pull_request() -> None:
    told = privileged('issue_comment', issue={'number': 7.0})
    assert trust.proposal(told, 'octo/demo', 'refs/pull/7/head') == 'refs/pull/7/head'
