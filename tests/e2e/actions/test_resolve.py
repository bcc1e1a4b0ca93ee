"""Actions by git: from mirrors and directories, once, also without network."""

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.actions.ground import Repository
from liftlock.errors import UserError
from liftlock.runner.actions.resolve import GitActions
from liftlock.runner.ports import Found
from liftlock.runner.snapshot import Snapshot


@pytest.fixture
def action(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / 'remotes/acme/build')
    made.commit(action_yml='one')
    made.git('tag', 'v1')
    made.git('tag', '-a', 'v2', '-m', 'two')
    made.git('branch', 'v1')  # a tag goes before a branch
    made.commit(action_yml='main')
    return made


def actions(tmp_path: Path, **options: object) -> GitActions:
    mirrors = [('*', str(tmp_path / 'remotes'))]
    return GitActions(tmp_path / 'cache', mirrors, mirrors_only=True, **options)  # type: ignore[arg-type]


def find(where: GitActions, name: str, ref: str, lines: list[str] | None = None) -> Found:
    heard = [] if lines is None else lines
    return asyncio.run(where.find(name, ref, heard.append))


@pytest.mark.parametrize(('ref', 'text'), [('v1', 'one'), ('v2', 'one'), ('main', 'main')])
def test_a_ref_is_a_tag_or_a_branch(
    action: Repository, tmp_path: Path, ref: str, text: str
) -> None:
    found = find(actions(tmp_path), 'acme/build', ref)
    assert (found.directory / 'action.yml').read_text() == text
    assert found.commit == action.git('rev-parse', f'{ref}^{{commit}}')
    assert found.source == str(action.top)
    assert not (found.directory / '.git').exists()


def test_a_commit_is_fetched_and_afterwards_needs_nobody(
    action: Repository, tmp_path: Path
) -> None:
    commit = action.git('rev-parse', 'v1')
    lines: list[str] = []
    first = find(actions(tmp_path), 'acme/build', commit, lines)
    shutil.rmtree(action.top)
    second = find(actions(tmp_path), 'ACME/Build', commit.upper(), lines)
    assert first == second
    assert len(lines) == 1


@pytest.mark.parametrize('ref', ['v1', 'stable', 'commit'])
def test_files_are_those_of_an_archive(tmp_path: Path, ref: str) -> None:
    """Some actions find out their version so, as they do on GitHub."""
    made = Repository(tmp_path / 'remotes/acme/build')
    made.write(
        _gitattributes='version export-subst\ntests export-ignore\n',
        version='$Format:%H %(describe:tags=true)$',
    )
    (made.top / 'tests').mkdir()
    (made.top / 'tests/one').touch()
    (made.top / 'run').write_text('#!/bin/sh\n')
    (made.top / 'run').chmod(0o755)
    (made.top / 'link').symlink_to('run')
    commit = made.commit(action_yml='x')
    made.git('tag', 'v1')
    made.git('branch', 'stable')
    made.commit(action_yml='y')
    place = find(actions(tmp_path), 'acme/build', commit if ref == 'commit' else ref).directory
    assert (place / 'version').read_text() == f'{commit} v1'
    assert not (place / 'tests').exists()
    assert os.access(place / 'run', os.X_OK)
    assert (place / 'link').readlink() == Path('run')


def test_a_tag_that_moved_is_followed(action: Repository, tmp_path: Path) -> None:
    find(actions(tmp_path), 'acme/build', 'v1')
    action.git('tag', '--force', 'v1', 'main')
    found = find(actions(tmp_path), 'acme/build', 'v1')
    assert (found.directory / 'action.yml').read_text() == 'main'


def test_without_network_the_last_answer_serves_and_is_told(
    action: Repository, tmp_path: Path
) -> None:
    known = find(actions(tmp_path), 'acme/build', 'v1')
    shutil.rmtree(action.top)
    lines: list[str] = []
    assert find(actions(tmp_path), 'acme/build', 'v1', lines) == known
    assert 'nobody could be asked' in lines[0]
    with pytest.raises(UserError, match='acme/build@v9 could not be had'):
        find(actions(tmp_path), 'acme/build', 'v9')


def test_what_is_nowhere_names_every_place_that_was_asked(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=str(tmp_path / 'remotes/no/body')) as caught:
        find(actions(tmp_path), 'no/body', 'v1')
    assert caught.value.hint == 'name a mirror or a directory for it under `actions:` in config.yml'


def test_an_original_that_is_nowhere_has_a_stand_in_perhaps(tmp_path: Path) -> None:
    where = actions(tmp_path, stand_ins=['actions/cache/save', 'actions/check'])
    hints = []
    for name in ('Actions/cache', 'actions/checkout'):
        with pytest.raises(UserError) as caught:
            find(where, name, 'v1')
        hints.append('run without --real-actions: it has a stand-in' in caught.value.hint)
    assert hints == [True, False]


def test_one_that_failed_is_asked_for_again(tmp_path: Path) -> None:
    where = actions(tmp_path)
    with pytest.raises(UserError):
        find(where, 'acme/build', 'v1')
    Repository(tmp_path / 'remotes/acme/build').commit(action_yml='now')
    assert find(where, 'acme/build', 'main').commit


def test_a_plain_directory_is_used_as_it_is(tmp_path: Path) -> None:
    (tmp_path / 'mine').mkdir()
    where = GitActions(tmp_path / 'cache', [('acme/build', str(tmp_path / 'mine'))])
    found = find(where, 'Acme/Build', 'whatever')
    assert found == Found(tmp_path / 'mine', '', str(tmp_path / 'mine'))


def test_jobs_at_the_same_time_share_one_fetch(action: Repository, tmp_path: Path) -> None:
    lines: list[str] = []

    async def scene() -> list[Found]:
        where, other = actions(tmp_path), actions(tmp_path)
        wanted = [where, where, other, where]
        return await asyncio.gather(*(one.find('acme/build', 'v1', lines.append) for one in wanted))

    found = asyncio.run(scene())
    assert len(set(found)) == 1
    assert len(lines) == 1


def test_a_locked_action_is_the_recorded_one_and_no_other(
    action: Repository, tmp_path: Path
) -> None:
    commit = action.git('rev-parse', 'v1')
    where = actions(tmp_path, pins={'acme/build@v1': commit})
    action.git('tag', '--force', 'v1', 'main')
    assert find(where, 'Acme/Build', 'v1').commit == commit
    with pytest.raises(UserError, match=r'is not in .github/workflows/actions.lock'):
        find(where, 'acme/build', 'main')


@pytest.mark.parametrize(
    ('mirrors', 'name', 'expected'),
    [
        ([], 'a/b', ('https://github.com/a/b',)),
        ([('*', '/m')], 'a/b', ('/m/a/b', 'https://github.com/a/b')),
        ([('*', 'https://m/{owner}-{name}.git')], 'A/B', ('https://m/A-B.git', 'https://github.com/A/B')),
        ([('a/*', '/x/{name}'), ('c/d', '/y')], 'a/b', ('/x/b', 'https://github.com/a/b')),
        ([('C/D', '/y')], 'c/d', ('/y', 'https://github.com/c/d')),
    ],
)  # fmt: skip
def test_mirrors_go_before_github(
    tmp_path: Path, mirrors: list[tuple[str, str]], name: str, expected: tuple[str, ...]
) -> None:
    assert GitActions(tmp_path, mirrors).remotes(name) == expected


def test_the_runs_own_repository_is_had_from_its_snapshot(
    project: Repository, snap: Callable[..., Snapshot], tmp_path: Path
) -> None:
    project.commit(action_yml='committed')
    project.write(action_yml='changed')
    snapshot = snap(project)
    where = GitActions(tmp_path / 'cache', [('acme/shop', str(snapshot.store))], mirrors_only=True)
    found = find(where, 'acme/shop', snapshot.commit)
    assert (found.directory / 'action.yml').read_text() == 'changed'
