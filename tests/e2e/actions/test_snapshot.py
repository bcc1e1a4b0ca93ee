"""The user's repository is read, never written; what a push would bring is what is taken."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from e2e.actions.ground import Repository
from liftlock.errors import UserError
from liftlock.runner import git
from liftlock.runner.repository import look
from liftlock.runner.snapshot import Snapshot, keep, object_places, open_snapshot, read_files, take

Snap = Callable[..., Snapshot]


def files_of(snapshot: Snapshot) -> dict[str, str]:
    listing = git.ask('ls-tree', '-r', '-z', '--name-only', snapshot.commit, cwd=snapshot.store)
    return {
        path: git.ask('cat-file', 'blob', f'{snapshot.commit}:{path}', cwd=snapshot.store).text
        for path in listing.text.split('\0')[:-1]
    }


def test_a_clean_work_tree_is_its_head(project: Repository, snap: Snap) -> None:
    head = project.commit(a='1')
    snapshot = snap(project)
    assert (snapshot.commit, snapshot.dirty) == (head, False)


def test_uncommitted_changes_are_in_and_ignored_files_are_not(
    project: Repository, snap: Snap
) -> None:
    project.commit(_gitignore='secret\n', kept='1', gone='1', changed='1', staged='1')
    project.write(changed='2', staged='2', new='new', secret='key')
    project.git('add', 'staged')
    (project.top / 'gone').unlink()
    snapshot = snap(project)
    assert snapshot.dirty
    assert files_of(snapshot) == {
        '.gitignore': 'secret\n', 'kept': '1', 'changed': '2', 'staged': '2', 'new': 'new',
    }  # fmt: skip


def test_nothing_is_written_into_the_repository(project: Repository, snap: Snap) -> None:
    project.commit(a='1')
    project.write(a='2', b='new')
    before = project.inside()
    snap(project)
    assert project.inside() == before


def test_the_same_files_give_the_same_commit(
    project: Repository, snap: Snap, tmp_path: Path
) -> None:
    project.commit(a='1')
    project.write(a='2')
    assert take(look(project.top), tmp_path / 'other').commit == snap(project).commit


def test_clean_takes_head_without_the_changes(project: Repository, snap: Snap) -> None:
    head = project.commit(a='1')
    project.write(a='2')
    snapshot = snap(project, clean=True)
    assert snapshot.commit == head
    assert read_files(snapshot, 'a') == {'a': '1'}


def test_a_repository_without_commits_is_taken_as_it_stands(
    project: Repository, snap: Snap
) -> None:
    project.write(a='1')
    snapshot = snap(project)
    assert files_of(snapshot) == {'a': '1'}
    with pytest.raises(UserError, match='no commit yet'):
        snap(project, clean=True)


def test_git_variables_of_the_user_do_not_disturb(
    project: Repository, snap: Snap, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project.commit(a='1')
    project.write(a='2')
    for name in ('GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_OBJECT_DIRECTORY'):
        monkeypatch.setenv(name, str(tmp_path / 'nowhere'))
    assert files_of(snap(project)) == {'a': '2'}


def test_odd_names_links_and_executable_bits_are_kept(project: Repository, snap: Snap) -> None:
    project.commit(a='1')
    (project.top / 'two\nlines').write_text('x')
    (project.top / 'link').symlink_to('a')
    script = project.top / 'run.sh'
    script.write_text('#!/bin/sh\n')
    script.chmod(0o755)
    snapshot = snap(project)
    listing = git.ask('ls-tree', '-r', '-z', snapshot.commit, cwd=snapshot.store).text
    modes = {line.partition('\t')[2]: line[:6] for line in listing.split('\0')[:-1]}
    assert modes == {'a': '100644', 'two\nlines': '100644', 'link': '120000', 'run.sh': '100755'}


def test_a_second_work_tree_has_its_own_state(
    project: Repository, snap: Snap, tmp_path: Path
) -> None:
    project.commit(a='1')
    project.git('config', 'extensions.worktreeConfig', 'true')
    project.git('worktree', 'add', '--quiet', '-b', 'side', str(tmp_path / 'side'))
    (tmp_path / 'side' / 'a').write_text('side')
    repository = look(tmp_path / 'side')
    assert repository.branch == 'side'
    assert files_of(take(repository, tmp_path / 'state')) == {'a': 'side'}


def test_what_a_sparse_checkout_leaves_out_is_still_in(project: Repository, snap: Snap) -> None:
    for folder in ('in', 'out'):
        (project.top / folder).mkdir()
        (project.top / folder / 'f').write_text(folder)
    project.commit()
    project.git('sparse-checkout', 'set', '--cone', 'in')
    (project.top / 'in' / 'f').write_text('changed')
    assert not (project.top / 'out').exists()
    assert files_of(snap(project)) == {'in/f': 'changed', 'out/f': 'out'}


def test_a_shallow_clone_is_taken_as_it_is(project: Repository, snap: Snap, tmp_path: Path) -> None:
    project.commit(a='1')
    project.commit(a='2')
    project.git('clone', '--quiet', '--depth=1', f'file://{project.top}', str(tmp_path / 'clone'))
    (tmp_path / 'clone' / 'a').write_text('3')
    snapshot = take(look(tmp_path / 'clone'), tmp_path / 'state')
    history = git.ask('rev-list', snapshot.commit, cwd=snapshot.store).text.split()
    assert len(history) == 2
    assert files_of(snapshot) == {'a': '3'}


def test_filters_of_the_repository_apply(project: Repository, snap: Snap) -> None:
    """As with Git LFS: what git would store is a pointer."""
    project.commit(_gitattributes='*.big filter=pointer\n')
    project.git('config', 'filter.pointer.clean', 'sed s/huge/pointer/')
    (project.top / 'x.big').write_text('huge\n')
    assert files_of(snap(project))['x.big'] == 'pointer\n'


def test_a_hook_of_the_user_is_not_run(project: Repository, snap: Snap, tmp_path: Path) -> None:
    project.commit(a='1')
    hook = project.top / '.git/hooks/post-index-change'
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\ntouch {tmp_path}/ran\n')
    hook.chmod(0o755)
    project.write(a='2')
    snap(project)
    assert not (tmp_path / 'ran').exists()


def test_what_git_cannot_take_is_said(project: Repository, snap: Snap) -> None:
    project.commit(a='1')
    Repository(project.top / 'nested')  # a repository without a commit inside
    with pytest.raises(UserError, match='git cannot take the work tree'):
        snap(project)


def test_a_snapshot_is_opened_again_by_its_store_and_commit(
    project: Repository, snap: Snap
) -> None:
    project.commit(a='1')
    project.write(a='2')
    taken = snap(project)
    project.write(a='3')
    again = open_snapshot(taken.store, taken.commit)
    assert read_files(again, 'a') == {'a': '2'}
    with pytest.raises(UserError, match='is gone'):
        open_snapshot(taken.store.with_name('other.git'), taken.commit)


def test_workflow_files_are_read_with_the_changes(project: Repository, snap: Snap) -> None:
    folder = project.top / '.github/workflows'
    folder.mkdir(parents=True)
    (folder / 'ci.yml').write_text('on: push')
    (folder / 'binary.yml').write_bytes(b'\xff')
    project.commit()
    (folder / 'ci.yml').write_text('on: pull_request')
    found = read_files(snap(project), '.github/workflows/')
    assert found == {
        '.github/workflows/binary.yml': '\udcff',
        '.github/workflows/ci.yml': 'on: pull_request',
    }
    assert os.fsencode(found['.github/workflows/binary.yml']) == b'\xff'


def test_of_what_is_too_large_the_beginning_is_read_and_of_too_much_nothing(
    project: Repository, snap: Snap
) -> None:
    (project.top / 'w').mkdir()
    for name, size in (('a', 10), ('b', 5_000_000), ('c', 20), ('d', 0)):
        (project.top / 'w' / name).write_text('x' * size)
    project.commit()
    taken = snap(project)._replace(tree=None)
    found = read_files(taken, 'w', 'missing')
    assert {path: len(text) for path, text in found.items()} == {
        'w/a': 10, 'w/b': 4 * 1024 * 1024 + 1, 'w/c': 20, 'w/d': 0,
    }  # fmt: skip
    for number in range(17):
        (project.top / 'w' / f'more{number}').write_text('x' * 4_100_000)
    project.commit()
    with pytest.raises(UserError, match='more than can be read'):
        read_files(snap(project)._replace(tree=None), 'w')


def test_only_objects_are_borrowed_from_the_user_and_from_whom_he_borrows(
    project: Repository, tmp_path: Path
) -> None:
    project.commit(a='1')
    second = tmp_path / 'second'
    project.git('clone', '--quiet', '--shared', str(project.top), str(second))
    taken = take(look(second), tmp_path / 'state')
    assert object_places(taken) == (
        f'{taken.store}/objects',
        f'{second}/.git/objects',
        f'{project.top}/.git/objects',
    )


def test_threads_keep_the_same_commit_at_once(project: Repository, tmp_path: Path) -> None:
    """As a server does that reads what comes in, and the default branch."""
    head = project.commit(a='1')
    mirror = project.top / '.git'

    def kept(number: int) -> Snapshot:
        return keep(mirror, head, '', tmp_path / f'state-{number // 8}')

    with ThreadPoolExecutor(8) as pool:
        for snapshot in pool.map(kept, range(400)):
            assert files_of(snapshot) == {'a': '1'}
