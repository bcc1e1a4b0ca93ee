"""Tasks of workers, on each database: who has one, and who is refused."""

import contextlib
import errno
import shutil
import threading
from pathlib import Path
from typing import BinaryIO
from unittest.mock import ANY

import pytest

from liftlock.engine.spread.watchman import Watchman
from liftlock.engine.spread.yard import Limits, Silence, Yard
from liftlock.errors import UserError
from liftlock.plan import facts as f
from liftlock.store import logs, tasks, workers
from liftlock.store.database import StaleToken, Store
from liftlock.store.paths import RunPaths
from liftlock.store.tasks import Draft, Task
from liftlock.store.workers import Card

DRAFT = Draft(1, 'build', 1, 'Build', 'o/r', ('ubuntu-latest',), 10)


@pytest.fixture
def task(store: Store) -> Task:
    """One that `me` has claimed."""
    with store.transaction() as sql:
        tasks.add(sql, DRAFT)
        (made,) = tasks.waiting(sql)
        tasks.assign(sql, made.id, 'me')
        claimed = tasks.claim(sql, made.id, 'me')
    assert claimed is not None
    return claimed


def told(store: Store) -> list[f.Fact]:
    with store.transaction() as sql:
        return [one.fact for one in tasks.told(sql, 1)]


def say(store: Store, task: Task, who: str, first: int, *facts: f.Fact, over: bool = False) -> None:
    with store.transaction() as sql:
        tasks.report(sql, task.id, who, first, facts, over=over)


ONE, TWO = f.StepStarted('build', 1, '', 'one'), f.StepStarted('build', 2, '', 'two')
END = f.JobFinished('build', 'success', {})


def test_a_task_is_added_once_however_often_it_is_offered(store: Store) -> None:
    with store.transaction() as sql:
        tasks.add(sql, DRAFT)
        tasks.add(sql, DRAFT)
        assert len(tasks.waiting(sql)) == 1


def test_only_the_worker_to_whom_it_was_assigned_may_claim_it(store: Store) -> None:
    with store.transaction() as sql:
        tasks.add(sql, DRAFT)
        (made,) = tasks.waiting(sql)
        assert tasks.claim(sql, made.id, 'me') is None
        tasks.assign(sql, made.id, 'me')
        assert tasks.claim(sql, made.id, 'another') is None
        assert tasks.claim(sql, made.id, 'me') is not None


def test_a_fact_is_taken_in_once_however_often_it_is_told(store: Store, task: Task) -> None:
    say(store, task, 'me', 1, ONE)
    say(store, task, 'me', 1, ONE, TWO)
    say(store, task, 'me', 3, END, over=True)
    say(store, task, 'me', 3, END, over=True)
    assert told(store) == [ONE, TWO, END]


def test_a_worker_that_lost_a_task_is_refused(store: Store, task: Task) -> None:
    say(store, task, 'me', 1, ONE)
    with store.transaction() as sql:
        tasks.end(sql, task.id)
    with pytest.raises(StaleToken):
        say(store, task, 'me', 2, END, over=True)
    with pytest.raises(StaleToken):
        say(store, task, 'another', 2, END, over=True)
    assert told(store) == [ONE]


def test_what_nobody_has_begun_is_withdrawn(store: Store) -> None:
    with store.transaction() as sql:
        tasks.add(sql, DRAFT)
        (made,) = tasks.waiting(sql)
        tasks.tell(sql, 1, made.id, [f.JobBlocked('build', 'waits')])
        assert tasks.withdraw(sql, 1, 'build')
    assert told(store) == []
    assert tasks.of_run(store, 1) == []


def test_what_somebody_has_begun_is_asked_to_stop(store: Store, task: Task) -> None:
    with store.transaction() as sql:
        assert not tasks.withdraw(sql, 1, 'build')
        assert tasks.ask_to_stop(sql, 1, 'build', 'enough', forced=False) == ['me']
    (found,) = tasks.of_worker(store, 'me')
    assert (found.stop, found.forced) == ('enough', False)


def test_a_task_of_which_nothing_was_told_may_be_given_to_others(store: Store, task: Task) -> None:
    with store.transaction() as sql:
        assert tasks.give_back(sql, task.id)
        assert [one.id for one in tasks.waiting(sql)] == [task.id]
    with pytest.raises(StaleToken):
        say(store, task, 'me', 1, ONE)


def test_a_job_that_waits_for_its_machine_takes_no_room_there(store: Store, task: Task) -> None:
    workers.register(store, Card('me', 'here', 1, '1', 'x86_64', slots=1))
    assert workers.listed(store)[0].busy == 1
    say(store, task, 'me', 1, f.JobBlocked('build', 'waits for port 5432'))
    assert workers.listed(store)[0].busy == 0
    say(store, task, 'me', 2, ONE)
    assert workers.listed(store)[0].busy == 1


def test_a_worker_that_was_given_up_cannot_come_back(store: Store) -> None:
    workers.register(store, Card('me', 'here', 1, '1', 'x86_64', slots=1))
    assert workers.renew(store, 'me') == 'ready'
    with store.transaction() as sql:
        assert not workers.bury(sql, 'me', 0), 'it was heard of since'
        assert workers.bury(sql, 'me', 1)
    assert workers.renew(store, 'me') == ''
    assert not workers.lives(store, 'me')


def test_a_role_has_one_holder_and_passes_on_when_that_one_is_gone(store: Store) -> None:
    for name in ('a', 'b'):
        workers.register(store, Card(name, name, 1, '1', 'x86_64'))
    assert workers.elected(store, 'dispatch', 'a')
    assert not workers.elected(store, 'dispatch', 'b')
    assert workers.elected(store, 'dispatch', 'a')
    with store.transaction() as sql:
        workers.bury(sql, 'a', 0)
    assert workers.elected(store, 'dispatch', 'b')
    assert not workers.elected(store, 'dispatch', 'a')


def test_a_sealed_log_keeps_what_it_has_and_takes_no_more(tmp_path: Path) -> None:
    name = tmp_path / 'build-1'
    zombie = logs.LogWriter(name, lambda: None)
    zombie.write(1, 'before')
    zombie.flush()
    logs.Sealing(name).seal()
    zombie.write(1, 'after')
    zombie.close()
    assert [line.text for line in logs.LogReader(name).lines()] == ['before']


def test_a_log_that_was_sealed_before_it_was_begun_cannot_be_begun(tmp_path: Path) -> None:
    name = tmp_path / 'build-1'
    logs.Sealing(name).seal()
    zombie = logs.LogWriter(name, lambda: None)
    zombie.write(1, 'after')
    with pytest.raises(Exception, match='File exists'):
        zombie.flush()
    assert list(logs.LogReader(name).lines()) == []


def test_a_log_that_cannot_be_sealed_now_is_sealed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = tmp_path / 'build-1'
    zombie = logs.LogWriter(name, lambda: None)
    zombie.write(1, 'before')
    zombie.flush()
    with monkeypatch.context() as patched:
        patched.setattr(shutil, 'copyfileobj', full)
        with pytest.raises(UserError, match='cannot close the log'):
            logs.Sealing(name).seal()
    logs.Sealing(name).seal()
    assert [line.text for line in logs.LogReader(name).lines()] == ['before']
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith('.')] == []


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, 'No space left on device')


def test_who_is_killed_between_the_copy_and_the_seal_has_lost_nothing(tmp_path: Path) -> None:
    name = tmp_path / 'build[a]-1'
    zombie = logs.LogWriter(name, lambda: None)
    zombie.write(1, 'before')
    zombie.flush()
    logs.Sealing(name).copy()  # and is killed
    zombie.write(1, 'meanwhile')
    zombie.flush()
    second = logs.Sealing(name)
    second.copy()
    zombie.write(2, 'late')
    zombie.flush()
    second.seal()
    zombie.write(2, 'too late')
    zombie.close()
    lines = [(line.step, line.text) for line in logs.LogReader(name).lines()]
    assert lines == [(1, 'before'), (1, 'meanwhile'), (2, 'late')]
    assert sorted(file.suffix for file in tmp_path.iterdir()) == ['.idx', '.log']


@pytest.mark.parametrize('lives', [False, True])
def test_nobody_waits_while_a_log_is_copied_on_a_slow_disk(
    store: Store, task: Task, monkeypatch: pytest.MonkeyPatch, *, lives: bool
) -> None:
    def slow(source: BinaryIO, target: BinaryIO, size: int) -> None:
        text = source.read()
        target.write(text)
        if text:
            write()

    def write() -> None:
        """Somebody else, on his own connection; if he has to wait, we do."""
        writing = threading.Thread(target=other)
        writing.start()
        writing.join(5.0)
        assert not writing.is_alive(), 'the writers are held up'

    def other() -> None:
        with contextlib.closing(store.again()) as beside:
            workers.renew(beside, 'me' if lives else 'somebody')

    for one in ('me', 'somebody'):
        workers.register(store, Card(one, 'here', 1, '1', 'x86_64', slots=1))
    say(store, task, 'me', 1, ONE)
    name = RunPaths(store.directory, 1).log('build', 1)
    zombie = logs.LogWriter(name, lambda: None)
    zombie.write(1, 'before')
    zombie.flush()
    watchman = Watchman(Yard(store, Silence(), Limits(grace=-1.0)), lambda: 'somebody')
    monkeypatch.setattr(shutil, 'copyfileobj', slow)
    watchman.look()
    monkeypatch.undo()
    zombie.write(1, 'after')
    zombie.close()
    assert told(store) == [ONE] if lives else [ONE, f.JobLost('build', ANY)]
    lines = [line.text for line in logs.LogReader(name).lines()]
    assert lines == (['before', 'after'] if lives else ['before'])
    assert sorted(file.name for file in name.parent.iterdir()) == ['build-1.idx', 'build-1.log']
