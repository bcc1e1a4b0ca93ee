"""Snapshots that no run needs go; what a run may yet read stays. Real git, real objects."""

import fcntl
import os
import time
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from e2e.actions.ground import Repository
from liftlock.errors import UserError
from liftlock.runner import git, pruning
from liftlock.runner.snapshot import Snapshot, open_snapshot

DAY = 86400.0
Snap = Callable[..., Snapshot]


def age(taken: Snapshot, days: float = 40) -> None:
    moment = time.time() - days * DAY
    os.utime(taken.store / pruning.REFS / taken.commit, (moment, moment))


def prune(state: Path, needed: Collection[Snapshot] = ()) -> None:
    wanted = {(str(one.store), one.commit) for one in needed}
    pruning.prune(state / 'sources', lambda: wanted, time.time() - 30 * DAY)


def objects(taken: Snapshot) -> set[str]:
    files = (taken.store / 'objects').glob('[0-9a-f][0-9a-f]/*')
    return {file.parent.name + file.name for file in files}


def read(taken: Snapshot, path: str) -> str:
    answer = git.ask('cat-file', 'blob', f'{taken.commit}:{path}', cwd=taken.store)
    assert answer.code == 0, answer.error
    return answer.text


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / 'state'


def test_an_old_snapshot_goes_and_a_newer_one_keeps_all_it_has(
    project: Repository, snap: Snap, state: Path
) -> None:
    project.commit(a='1', b='1')
    project.write(a='2', c='shared')
    first = snap(project)
    project.write(a='3')
    second = snap(project)
    before = objects(first)
    age(first)
    prune(state)
    assert read(second, 'a') == '3'
    assert read(second, 'c') == 'shared'
    assert git.ask('fsck', '--connectivity-only', second.commit, cwd=second.store).code == 0
    gone = before - objects(second)
    assert first.commit in gone
    with pytest.raises(UserError, match='is gone'):
        open_snapshot(first.store, first.commit)


def test_what_a_run_needs_stays_however_old(project: Repository, snap: Snap, state: Path) -> None:
    project.commit(a='1')
    project.write(a='2')
    needed = snap(project)
    project.write(a='3')
    other = snap(project)
    age(needed)
    age(other)
    prune(state, [needed])
    assert read(needed, 'a') == '2'
    assert open_snapshot(needed.store, needed.commit).commit == needed.commit
    assert not (other.store / pruning.REFS / other.commit).exists()


def test_taking_and_opening_make_a_snapshot_young_again(
    project: Repository, snap: Snap, state: Path
) -> None:
    project.commit(a='1')
    project.write(a='2')
    for again in (lambda one: snap(project), lambda one: open_snapshot(one.store, one.commit)):
        taken = snap(project)
        age(taken)
        again(taken)
        prune(state)
        assert read(taken, 'a') == '2'


def test_a_store_without_snapshots_goes_as_a_whole(
    project: Repository, snap: Snap, state: Path
) -> None:
    project.commit(a='1')
    clean = snap(project)
    age(clean)
    prune(state)
    assert not clean.store.exists()
    assert snap(project).store.exists()


def test_while_somebody_takes_a_snapshot_nothing_goes(
    project: Repository, snap: Snap, state: Path
) -> None:
    project.commit(a='1')
    project.write(a='2')
    taken = snap(project)
    age(taken)
    with pruning.sharing(state / 'sources'):
        prune(state)
        assert read(taken, 'a') == '2'
    prune(state)
    assert not taken.store.exists()


def test_a_snapshot_waits_for_whoever_prunes(project: Repository, snap: Snap, state: Path) -> None:
    project.commit(a='1')
    snap(project)
    with (state / 'sources/lock').open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with (state / 'sources/lock').open() as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
    assert snap(project).commit


def test_the_first_commit_that_never_was_is_a_snapshot_too(
    project: Repository, snap: Snap, state: Path
) -> None:
    project.write(a='1')
    first = snap(project)
    project.write(a='2')
    second = snap(project)
    age(first)
    prune(state)
    assert read(second, 'a') == '2'
    assert first.commit not in objects(second)


def test_nothing_goes_where_the_users_history_has_been_lost(
    project: Repository, snap: Snap, state: Path
) -> None:
    project.commit(a='1')
    project.write(a='2')
    first = snap(project)
    project.write(a='3')
    second = snap(project)
    age(first)
    before = objects(second)
    (project.top / '.git').rename(project.top / '.gone')
    prune(state)
    assert objects(second) == before


def test_where_nothing_is_old_nobody_is_asked(project: Repository, snap: Snap, state: Path) -> None:
    project.commit(a='1')
    snap(project)

    def needed() -> set[tuple[str, str]]:
        raise AssertionError('reading all requests takes time')

    pruning.prune(state / 'sources', needed, time.time() - 30 * DAY)
    pruning.prune(state / 'nowhere', needed, time.time())
