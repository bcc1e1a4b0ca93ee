"""Attempts at jobs that workers carry out: waiting, assigned, running, over.

What is written here is written in one transaction with what follows from it: a task with the fact
that its job is ready, the report that a job is over with the end of its task. All functions that
take `sql` work inside a transaction of the caller's.
"""

import json
import time
from collections.abc import Iterable, Sequence
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.plan import wire
from liftlock.plan.facts import Fact, JobBlocked, JobFinished, JobLost, JobSkipped, StepStarted
from liftlock.store.database import StaleToken, Store
from liftlock.store.sql import Sql


class Task(NamedTuple):
    """state: waiting, assigned, running, over. `unserved`: seconds for which no worker has served
    its labels. `step` is where the job goes on, if it does, in the directory of the attempt
    `work`. `sealed` are secrets given by hand."""

    id: int
    run: int
    job: str
    attempt: int
    name: str
    repository: str
    labels: tuple[str, ...]
    priority: int
    skippable: bool
    step: str
    work: int
    sealed: str
    state: str
    worker: str
    reason: str
    unserved: float
    stop: str
    forced: bool
    created: float
    claimed: float


class Draft(NamedTuple):
    """What is told of a task before it has an id."""

    run: int
    job: str
    attempt: int
    name: str
    repository: str
    labels: tuple[str, ...]
    priority: int
    skippable: bool = False
    step: str = ''
    work: int = 0
    sealed: str = ''


class Report(NamedTuple):
    """What a worker tells, until somebody has made a fact of it."""

    id: int
    task: int
    fact: Fact


ENDS: Final = (JobFinished, JobLost, JobSkipped)  # no task is left after one of these
FIELDS: Final = """
SELECT id, run, job, attempt, name, repository, labels, priority, skippable, step,
       work, sealed, state, worker, reason, unserved, stop, forced, created, claimed
FROM tasks """
ADD: Final = """
INSERT INTO tasks (run, job, attempt, name, repository, labels, priority, skippable,
                   step, work, sealed, state, created)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?)
ON CONFLICT (run, job, attempt) DO NOTHING"""
HAS: Final = "WHERE worker = ? AND state IN ('assigned', 'running') ORDER BY id"
HELD: Final = 'SELECT run, state, heard FROM tasks WHERE id = ? AND worker = ?'


def add(sql: Sql, draft: Draft) -> None:
    """Let the job wait for a worker, unless it does already: whoever takes a run up asks again."""
    labels = json.dumps(draft.labels)
    row = (*draft[:5], labels, draft.priority, int(draft.skippable), *draft[8:], time.time())
    sql.execute(ADD, row)


def of_run(store: Store, run: int) -> list[Task]:
    with store.reading() as sql:
        return _read(sql, 'WHERE run = ? ORDER BY id', (run,))


def of_worker(store: Store, worker: str) -> list[Task]:
    """What it has, or is to take."""
    with store.reading() as sql:
        return held_by(sql, worker)


def held_by(sql: Sql, worker: str) -> list[Task]:
    return _read(
        sql, "WHERE worker = ? AND state IN ('assigned', 'running') ORDER BY id", (worker,)
    )


def waiting(sql: Sql) -> list[Task]:
    """Highest priority first, and of the same one the oldest."""
    return _read(sql, "WHERE state = 'waiting' ORDER BY priority DESC, id", ())


def queue(store: Store) -> list[Task]:
    """All that is not over, as it stands in line; for people."""
    with store.reading() as sql:
        return _read(sql, "WHERE state <> 'over' ORDER BY claimed, priority DESC, id", ())


def assign(sql: Sql, task: int, worker: str) -> None:
    sql.execute(
        "UPDATE tasks SET state = 'assigned', worker = ?, reason = '', unserved = 0"
        " WHERE id = ? AND state = 'waiting'",
        (worker, task),
    )


def give_back(sql: Sql, task: int) -> bool:
    """Let others have it, if its worker has told nothing of it yet."""
    done = sql.execute(
        "UPDATE tasks SET state = 'waiting', worker = '', claimed = 0"
        " WHERE id = ? AND heard = 0 AND state IN ('assigned', 'running')",
        (task,),
    )
    return bool(done.rowcount)


def explain(sql: Sql, task: int, reason: str) -> None:
    sql.execute('UPDATE tasks SET reason = ? WHERE id = ?', (reason, task))


def age(sql: Sql, task: int, seconds: float) -> None:
    sql.execute('UPDATE tasks SET unserved = unserved + ? WHERE id = ?', (seconds, task))


def claim(sql: Sql, task: int, worker: str) -> Task | None:
    """Take an assigned task. None if it is somebody else's by now, or nobody's."""
    done = sql.execute(
        "UPDATE tasks SET state = 'running', claimed = ?"
        " WHERE id = ? AND worker = ? AND (state = 'assigned' OR state = 'running' AND heard <= 1)",
        (time.time(), task, worker),
    )
    return _read(sql, 'WHERE id = ?', (task,))[0] if done.rowcount else None


def report(
    sql: Sql, task: int, worker: str, first: int, facts: Sequence[Fact], *, over: bool
) -> int:
    """What the worker tells: facts that it counts from `first`, so that none is taken in twice
    if it does not know whether the last time succeeded. The run's id.

    StaleToken if the task is no longer the worker's.
    """
    row = sql.execute(HELD, (task, worker)).fetchone()
    last = first + len(facts) - 1
    if row is None or (row[1] != 'running' and not (row[1] == 'over' and row[2] >= last)):
        raise StaleToken(f'task {task} is no longer that of {worker}')
    run, state, heard = row
    if state == 'running':
        tell(sql, run, task, facts[max(heard - first + 1, 0) :])
        sql.execute(
            'UPDATE tasks SET heard = ?, state = ?, waits = COALESCE(?, waits) WHERE id = ?',
            (last, 'over' if over else 'running', _waits(facts), task),
        )
    return int(run)


def _waits(facts: Sequence[Fact]) -> int | None:
    """Whether the job waits for something of its machine; None: as before."""
    for fact in reversed(facts):
        if isinstance(fact, JobBlocked | StepStarted):
            return int(isinstance(fact, JobBlocked))
    return None


def tell(sql: Sql, run: int, task: int, facts: Iterable[Fact]) -> None:
    for fact in facts:
        sql.execute(
            'INSERT INTO task_reports (run, task, body) VALUES (?, ?, ?)',
            (run, task, wire.dump(fact)),
        )


def end(sql: Sql, task: int) -> None:
    """It is over, whoever had it: what that one still tells is refused."""
    sql.execute("UPDATE tasks SET state = 'over', worker = '' WHERE id = ?", (task,))


def has_told(store: Store, run: int) -> bool:
    with store.reading() as sql:
        row = sql.execute('SELECT 1 FROM task_reports WHERE run = ? LIMIT 1', (run,)).fetchone()
    return row is not None


def told(sql: Sql, run: int) -> list[Report]:
    rows = sql.execute('SELECT id, task, body FROM task_reports WHERE run = ? ORDER BY id', (run,))
    return [Report(id, task, wire.load(body)) for id, task, body in rows]


def take_in(sql: Sql, reports: Iterable[Report], over: Iterable[int]) -> None:
    """These have become facts; and these tasks are done with."""
    for one in reports:
        sql.execute('DELETE FROM task_reports WHERE id = ?', (one.id,))
    for task in over:
        sql.execute('DELETE FROM tasks WHERE id = ?', (task,))


def withdraw(sql: Sql, run: int, job: str) -> bool:
    """Take a task out that nobody has begun; whether nobody will say any more how it ended."""
    rows = sql.execute(
        "DELETE FROM tasks WHERE run = ? AND job = ? AND state IN ('waiting', 'assigned')"
        ' RETURNING id',
        (run, job),
    ).fetchall()
    for (task,) in rows:
        sql.execute('DELETE FROM task_reports WHERE task = ?', (task,))
    if rows:
        return True
    left = sql.execute('SELECT 1 FROM tasks WHERE run = ? AND job = ?', (run, job)).fetchone()
    return left is None


def ask_to_stop(sql: Sql, run: int, job: str, reason: str, *, forced: bool) -> list[str]:
    """The workers that are to hear of it."""
    rows = sql.execute(
        "UPDATE tasks SET stop = ?, forced = ? WHERE run = ? AND job = ? AND state = 'running'"
        ' RETURNING worker',
        (reason or 'cancelled', int(forced), run, job),
    ).fetchall()
    return [row[0] for row in rows]


def revoke(sql: Sql, run: int) -> list[str]:
    """Take everything from whoever works on the run; the workers that are to hear of it."""
    sql.execute('DELETE FROM task_reports WHERE run = ?', (run,))
    rows = sql.execute('DELETE FROM tasks WHERE run = ? RETURNING worker', (run,)).fetchall()
    return [row[0] for row in rows if row[0]]


def leave_remains(sql: Sql, machine: str, task: Task) -> None:
    sql.execute(
        'INSERT INTO remains (machine, run, job, attempt) VALUES (?, ?, ?, ?)'
        ' ON CONFLICT (machine, run, job, attempt) DO NOTHING',
        (machine, task.run, task.job, task.attempt),
    )


def remains(store: Store, machine: str) -> list[tuple[int, str, int]]:
    """(run, job, attempt) of what may still run on that machine."""
    with store.reading() as sql:
        rows = sql.execute('SELECT run, job, attempt FROM remains WHERE machine = ?', (machine,))
        return [(run, job, attempt) for run, job, attempt in rows]


def clear_remains(store: Store, machine: str, found: Iterable[tuple[int, str, int]]) -> None:
    with store.transaction() as sql:
        for one in found:
            sql.execute(
                'DELETE FROM remains WHERE machine = ? AND run = ? AND job = ? AND attempt = ?',
                (machine, *one),
            )


def _read(sql: Sql, where: str, given: Sequence[object]) -> list[Task]:
    return [_task(row) for row in sql.execute(FIELDS + where, given)]


def _task(row: Sequence[object]) -> Task:
    labels, skippable, forced = tuple(json.loads(str(row[6]))), bool(row[8]), bool(row[17])
    given = [*row[:6], labels, row[7], skippable, *row[9:17], forced, *row[18:]]
    return Task._make(given)
