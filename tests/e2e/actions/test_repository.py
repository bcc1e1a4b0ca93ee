from pathlib import Path

import pytest

from e2e.actions.ground import Repository
from liftlock.errors import UserError
from liftlock.plan.event import NO_COMMIT
from liftlock.runner import snapshot
from liftlock.runner.repository import describe, look


@pytest.mark.parametrize(
    ('url', 'expected'),
    [
        ('https://github.com/acme/shop.git', ('acme', 'shop')),
        ('https://github.com/acme/shop', ('acme', 'shop')),
        ('git@github.com:acme/shop.git', ('acme', 'shop')),
        ('ssh://git@host:2222/acme/shop.git', ('acme', 'shop')),
        ('https://gitlab.example/group/sub/shop.git', ('sub', 'shop')),
        ('../elsewhere', ('local', 'shop')),
        ('', ('local', 'shop')),
    ],
)
def test_the_name_comes_from_the_remote(
    project: Repository, url: str, expected: tuple[str, str]
) -> None:
    project.commit(a='1')
    if url:
        project.git('remote', 'add', 'origin', url)
    facts = describe(look(project.top))
    assert (facts.owner, facts.name) == expected


def test_a_branch_is_compared_with_where_it_left_the_default_branch(project: Repository) -> None:
    base = project.commit('base', a='1')
    project.git('checkout', '--quiet', '-b', 'feature')
    project.commit('one', b='1')
    head = project.commit('two', c='1')
    project.write(d='uncommitted')
    facts = describe(look(project.top))
    assert (facts.branch, facts.default_branch) == ('feature', 'main')
    assert (facts.before, facts.sha) == (base, head)
    assert facts.changed == ('b', 'c', 'd')
    assert [commit.message for commit in facts.commits] == ['one', 'two']


def test_what_is_not_pushed_yet_is_the_push(project: Repository, tmp_path: Path) -> None:
    pushed = project.commit(a='1')
    project.git('clone', '--quiet', '--bare', str(project.top), str(tmp_path / 'origin.git'))
    project.git('remote', 'add', 'origin', f'file://{tmp_path}/origin.git')
    project.git('fetch', '--quiet', 'origin')
    project.git('branch', '--quiet', '--set-upstream-to=origin/main')
    project.commit(b='1')
    project.commit(c='1')
    facts = describe(look(project.top))
    assert (facts.before, facts.changed) == (pushed, ('b', 'c'))


def test_the_last_commit_is_the_push_where_nothing_is_ahead(project: Repository) -> None:
    first = project.commit(a='1')
    project.commit(a='2')
    facts = describe(look(project.top))
    assert (facts.before, facts.changed) == (first, ('a',))


def test_uncommitted_changes_alone_are_the_push(project: Repository) -> None:
    head = project.commit(a='1')
    project.write(a='2')
    facts = describe(look(project.top))
    assert (facts.before, facts.changed) == (head, ('a',))


def test_the_first_commit_has_nothing_to_be_compared_with(project: Repository) -> None:
    project.commit(a='1')
    facts = describe(look(project.top))
    assert (facts.before, facts.changed) == (NO_COMMIT, None)


def test_a_repository_without_commits_is_described(project: Repository) -> None:
    project.write(a='1')
    repository = look(project.top)
    assert (repository.unborn, repository.branch, repository.touched) == (True, 'main', ('a',))
    assert describe(repository, 'f' * 40).sha == 'f' * 40


def test_a_detached_head_has_no_branch_but_tags(project: Repository) -> None:
    project.commit(a='1')
    project.git('tag', 'v1')
    project.git('checkout', '--quiet', '--detach')
    repository = look(project.top)
    assert (repository.branch, describe(repository).tags) == ('', ('v1',))


def test_looking_writes_nothing(project: Repository) -> None:
    project.commit(a='1')
    (project.top / 'a').touch()  # a plain `git status` would refresh the index
    before = project.inside()
    look(project.top)
    assert project.inside() == before


def test_names_in_other_alphabets_and_with_line_breaks_are_told(project: Repository) -> None:
    project.commit(a='1')
    (project.top / 'zwei\nZeilen ü').write_text('x')
    assert look(project.top).touched == ('zwei\nZeilen ü',)


def test_a_conflict_is_a_change(project: Repository) -> None:
    project.commit(a='1')
    project.git('checkout', '--quiet', '-b', 'side')
    project.commit(a='side')
    project.git('checkout', '--quiet', 'main')
    project.commit(a='main')
    with pytest.raises(AssertionError):
        project.git('merge', 'side')
    assert look(project.top).touched == ('a',)


def test_no_repository_is_said_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(UserError, match='not in a git repository') as caught:
        look(tmp_path)
    assert 'git init' in caught.value.hint


def test_git_that_is_not_installed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(UserError, match='git was not found'):
        look(tmp_path)


def test_what_is_not_committed_is_the_last_commit_of_the_push(
    project: Repository, tmp_path: Path
) -> None:
    project.commit('Add a shop', a='1')
    project.write(a='2')
    repository = look(project.top)
    taken = snapshot.take(repository, tmp_path / 'state')
    last = describe(repository, taken.commit).commits[-1]
    assert (last.sha, last.message) == (taken.commit, 'Uncommitted changes on top of: Add a shop')
