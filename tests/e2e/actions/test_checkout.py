"""actions/checkout as jobs see it: files, history, refs, and nothing of the user's in danger."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.actions.bench import Bench
from e2e.actions.ground import Ground, Repository
from liftlock.runner.snapshot import Snapshot
from liftlock.runner.sources import SnapshotSources
from liftlock.runner.workbench import StepFailed

Snap = Callable[..., Snapshot]
USES = 'actions/checkout@v4'


def git(directory: Path, *arguments: str) -> str:
    done = subprocess.run(('git', *arguments), cwd=directory, capture_output=True, check=True)
    return done.stdout.decode().strip()


def check_out(
    ground: Ground, snapshot: Snapshot, event: str = 'refs/heads/main', **inputs: str
) -> Bench:
    ground.sources = SnapshotSources(snapshot, event)
    bench = ground.step(USES, {name.replace('_', '-'): value for name, value in inputs.items()})
    bench.main()
    return bench


def test_the_workspace_holds_the_snapshot_on_its_branch(
    project: Repository, snap: Snap, ground: Ground
) -> None:
    project.commit('first', a='1')
    project.git('remote', 'add', 'origin', 'https://github.com/acme/shop.git')
    project.write(a='2', new='x')
    snapshot = snap(project)
    bench = check_out(ground, snapshot)
    work = bench.workspace
    assert {file.name: file.read_text() for file in work.iterdir() if file.is_file()} == {
        'a': '2', 'new': 'x',
    }  # fmt: skip
    assert git(work, 'status', '--porcelain', '--branch') == '## main...origin/main'
    assert git(work, 'rev-parse', 'HEAD') == snapshot.commit
    assert git(work, 'remote', 'get-url', 'origin') == 'https://github.com/acme/shop.git'
    assert bench.outputs == {'ref': 'refs/heads/main', 'commit': snapshot.commit}


def test_history_ends_where_a_shallow_clone_ends(
    project: Repository, snap: Snap, ground: Ground
) -> None:
    for number in range(4):
        project.commit(a=str(number))
    snapshot = snap(project)
    counts = {
        depth: git(
            check_out(ground, snapshot, fetch_depth=depth).workspace, 'rev-list', '--count', 'HEAD'
        )
        for depth in ('1', '2', '3', '0')
    }
    assert counts == {'1': '1', '2': '2', '3': '3', '0': '4'}


def test_everything_is_there_with_depth_zero(
    project: Repository, snap: Snap, ground: Ground
) -> None:
    project.commit(a='1')
    project.git('tag', '-a', 'v1.0', '-m', 'one')
    project.git('branch', 'other')
    project.commit(a='2')
    work = check_out(ground, snap(project), fetch_depth='0').workspace
    assert git(work, 'describe').startswith('v1.0-1-g')
    assert git(work, 'branch', '--remotes').split() == ['origin/main', 'origin/other']
    assert git(work, 'fsck') == ''


def test_tags_come_alone_when_asked_for(project: Repository, snap: Snap, ground: Ground) -> None:
    project.commit(a='1')
    project.git('tag', 'v1')
    snapshot = snap(project)
    assert git(check_out(ground, snapshot).workspace, 'tag') == ''
    assert git(check_out(ground, snapshot, fetch_tags='true').workspace, 'tag') == 'v1'


@pytest.mark.parametrize('ref', ['other', 'refs/heads/other', 'v1', 'refs/tags/v1', 'commit'])
def test_another_ref_can_be_checked_out(
    project: Repository, snap: Snap, ground: Ground, ref: str
) -> None:
    old = project.commit(a='1')
    project.git('branch', 'other')
    project.git('tag', 'v1')
    project.commit(a='2')
    bench = check_out(ground, snap(project), ref=old if ref == 'commit' else ref)
    assert (bench.workspace / 'a').read_text() == '1'
    assert bench.outputs == {'ref': '' if ref == 'commit' else ref, 'commit': old}
    on_branch = git(bench.workspace, 'rev-parse', '--abbrev-ref', 'HEAD')
    assert on_branch == ('other' if 'other' in ref else 'HEAD')


def test_a_ref_that_is_nowhere_fails_the_step(
    project: Repository, snap: Snap, ground: Ground
) -> None:
    project.commit(a='1')
    with pytest.raises(StepFailed, match="name 'nope' could not be found"):
        check_out(ground, snap(project), ref='nope')
    with pytest.raises(StepFailed, match='cannot be checked out'):
        check_out(ground, snap(project), ref='1' * 40)


def test_the_merge_of_a_pull_request_is_detached(
    project: Repository, snap: Snap, ground: Ground
) -> None:
    project.commit(a='1')
    work = check_out(ground, snap(project), 'refs/pull/7/merge').workspace
    assert git(work, 'rev-parse', '--abbrev-ref', 'HEAD') == 'HEAD'
    assert git(work, 'for-each-ref', '--format=%(refname)') == 'refs/remotes/pull/7/merge'


def test_a_workspace_cannot_harm_the_repository(
    project: Repository, snap: Snap, ground: Ground
) -> None:
    project.commit(a='1')
    project.commit(a='2')
    before = project.inside()
    work = check_out(ground, snap(project), fetch_depth='0').workspace
    git(work, '-c', 'user.name=x', '-c', 'user.email=x', 'commit', '--allow-empty', '-m', 'more')
    git(work, 'gc', '--prune=now', '--quiet')
    git(work, 'repack', '-a', '-d', '--quiet')
    shutil.rmtree(work)
    assert project.inside() == before
    assert project.git('fsck') == ''


def test_a_path_below_the_workspace_is_filled_and_no_other(
    project: Repository, snap: Snap, ground: Ground
) -> None:
    project.commit(a='1')
    bench = check_out(ground, snap(project), path='deep/er')
    assert (bench.workspace / 'deep/er/a').exists()
    with pytest.raises(StepFailed, match='is not under'):
        check_out(ground, snap(project), path='../out')


def test_a_second_checkout_begins_anew_unless_told_to_keep(
    project: Repository, snap: Snap, ground: Ground
) -> None:
    project.commit(a='1')
    ground.sources = SnapshotSources(snap(project), 'refs/heads/main')
    job = ground.job()
    ground.step(USES, {}, job).main()
    (job / 'work/left').write_text('x')
    ground.step(USES, {'clean': 'false'}, job).main()
    assert (job / 'work/left').exists()
    ground.step(USES, {}, job).main()
    assert not (job / 'work/left').exists()
    assert (job / 'work/a').read_text() == '1'


def test_another_repository_comes_by_git_from_its_mirror(
    project: Repository, ground: Ground, tmp_path: Path
) -> None:
    project.commit('one', a='1')
    project.git('tag', 'v1')
    head = project.commit('two', a='2')
    ground.mirrors.append(('acme/other', str(project.top)))
    bench = ground.step(USES, {'repository': 'Acme/Other', 'path': 'other'})
    bench.main()
    work = bench.workspace / 'other'
    assert ((work / 'a').read_text(), bench.outputs['commit']) == ('2', head)
    assert git(work, 'rev-parse', '--abbrev-ref', 'HEAD') == 'main'
    assert git(work, 'rev-list', '--count', 'HEAD') == '1'
    tagged = ground.step(USES, {'repository': 'acme/other', 'ref': 'v1', 'fetch-depth': '0'})
    tagged.main()
    assert (tagged.workspace / 'a').read_text() == '1'
    assert git(tagged.workspace, 'describe', '--tags') == 'v1'
    missing = ground.step(USES, {'repository': 'nobody/nothing'})
    with pytest.raises(StepFailed, match='could not be had'):
        missing.main()


def test_a_sparse_checkout_has_only_what_was_named(
    project: Repository, snap: Snap, ground: Ground
) -> None:
    for folder in ('in', 'out'):
        (project.top / folder).mkdir()
        (project.top / folder / 'f').write_text(folder)
    project.commit(top='1')
    work = check_out(ground, snap(project), sparse_checkout='in').workspace
    assert sorted(entry.name for entry in work.iterdir() if entry.name != '.git') == ['in', 'top']


@pytest.mark.parametrize('mode', ['true', 'recursive', 'false'])
def test_submodules_come_from_the_clones_that_the_user_has(
    project: Repository, snap: Snap, ground: Ground, tmp_path: Path, mode: str
) -> None:
    inner = Repository(tmp_path / 'inner')
    inner.commit(i='1')
    middle = Repository(tmp_path / 'middle')
    middle.git('-c', 'protocol.file.allow=always', 'submodule', 'add', str(inner.top), 'inner')
    middle.commit(m='1')
    project.git('-c', 'protocol.file.allow=always', 'submodule', 'add', str(middle.top), 'middle')
    project.git('-c', 'protocol.file.allow=always', 'submodule', 'update', '--init', '--recursive')
    project.commit(a='1')
    shutil.rmtree(inner.top)  # only the user's clones are left
    shutil.rmtree(middle.top)
    work = check_out(ground, snap(project), submodules=mode).workspace
    assert (work / 'middle/m').exists() == (mode != 'false')
    assert (work / 'middle/inner/i').exists() == (mode == 'recursive')


def test_a_sha256_repository_works(tmp_path: Path, snap: Snap, ground: Ground) -> None:
    project = Repository(tmp_path / 'long', '--object-format=sha256')
    project.commit(a='1')
    project.write(a='2')
    bench = check_out(ground, snap(project))
    assert len(bench.outputs['commit']) == 64
    assert (bench.workspace / 'a').read_text() == '2'


@pytest.mark.parametrize('name', ['x', 'a/b/c', '/x'])
def test_a_bad_repository_name_is_refused(ground: Ground, name: str) -> None:
    with pytest.raises(StepFailed, match='Invalid repository'):
        ground.step(USES, {'repository': name}).main()
