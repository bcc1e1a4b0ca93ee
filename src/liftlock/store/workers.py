"""Machines that carry out jobs: who is there, who is silent, and who does what only one may do.

A worker counts its `beat` up. Whoever watches it measures with a clock of its own for how long the
number has stood still, so that no two clocks are ever compared.
"""

import json
import time
from collections.abc import Sequence
from math import inf
from typing import Any, Final

from liftlock.language.records import NamedTuple
from liftlock.store.database import Store
from liftlock.store.sql import Sql

READY: Final = 'ready'
DRAINING: Final = 'draining'
RESTING: Final = 'resting'
GONE: Final = 'gone'


class Worker(NamedTuple):
    """`busy` counts tasks that take room there. `seen`: when it was last heard of, by a clock."""

    id: str
    machine: str
    pid: int
    version: str
    arch: str
    labels: tuple[str, ...]
    picky: bool
    slots: int
    state: str
    reason: str
    beat: int
    started: float
    seen: float
    busy: int


class Card(NamedTuple):
    """What a process says of itself."""

    id: str
    machine: str
    pid: int
    version: str
    arch: str
    labels: tuple[str, ...] = ()
    picky: bool = False
    slots: int = 0


WORKERS: Final = """
SELECT id, machine, pid, version, arch, labels, picky, slots, state, reason, beat, started, seen,
       (SELECT COUNT(*) FROM tasks
        WHERE tasks.worker = workers.id AND tasks.state IN ('assigned', 'running')
          AND tasks.waits = 0)
FROM workers """
REGISTER: Final = """
INSERT INTO workers (id, machine, pid, version, arch, labels, picky, slots, state, started, seen)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'ready', ?, ?)"""
RENEW: Final = """
UPDATE workers SET beat = beat + 1, seen = ? WHERE id = ? AND state <> 'gone' RETURNING state"""
ELECT: Final = """
INSERT INTO roles (role, holder) VALUES (?, ?)
ON CONFLICT (role) DO UPDATE SET holder = excluded.holder
WHERE roles.holder NOT IN (SELECT id FROM workers WHERE state <> 'gone')"""


def register(store: Store, card: Card) -> None:
    now = time.time()
    labels = json.dumps([label.lower() for label in card.labels])
    row = (*card[:5], labels, int(card.picky), card.slots, now, now)
    with store.transaction() as sql:
        sql.execute(REGISTER, row)


def renew(store: Store, worker: str) -> str:
    """Say that it lives; its state, and '' if others have given it up.

    One statement by itself, which waits for no other writer: one that is cut off with the lock in
    its hand must not have everybody else's word missed, too."""
    with store.reading() as sql:
        row = sql.execute(RENEW, (time.time(), worker)).fetchone()
    return str(row[0]) if row else ''


def turn(sql: Sql, worker: str, state: str, reason: str = '') -> bool:
    """Into another state; False if it is gone."""
    done = sql.execute(
        "UPDATE workers SET state = ?, reason = ? WHERE id = ? AND state <> 'gone'",
        (state, reason, worker),
    )
    return bool(done.rowcount)


def bury(sql: Sql, worker: str, beat: int) -> bool:
    """Give it up, unless it has been heard of since: then False."""
    done = sql.execute(
        "UPDATE workers SET state = 'gone' WHERE id = ? AND beat = ? AND state <> 'gone'",
        (worker, beat),
    )
    return bool(done.rowcount)


def listed(store: Store) -> list[Worker]:
    """Those that are not gone, by machine."""
    with store.reading() as sql:
        return among(sql)


def among(sql: Sql) -> list[Worker]:
    rows = sql.execute(WORKERS + "WHERE state <> 'gone' ORDER BY machine, started, id")
    return [_worker(row) for row in rows]


def _worker(row: Sequence[Any]) -> Worker:
    given = [*row[:5], tuple(json.loads(row[5])), bool(row[6]), *row[7:]]
    return Worker._make(given)


def lives(store: Store, worker: str) -> bool:
    with store.reading() as sql:
        row = sql.execute('SELECT state FROM workers WHERE id = ?', (worker,)).fetchone()
    return row is not None and row[0] != GONE


def elected(store: Store, role: str, worker: str) -> bool:
    """Whether this process has the role now: nobody else who lives has it."""
    with store.reading() as sql:
        row = sql.execute('SELECT holder FROM roles WHERE role = ?', (role,)).fetchone()
        holder = row[0] if row else ''
    if holder and holder != worker and lives(store, holder):
        return False
    if holder == worker:
        return lives(store, worker)
    with store.transaction() as sql:
        sql.execute(ELECT, (role, worker))
        return bool(
            sql.execute(
                'SELECT 1 FROM roles JOIN workers ON workers.id = holder'
                " WHERE role = ? AND holder = ? AND state <> 'gone'",
                (role, worker),
            ).fetchone()
        )


def holder(store: Store, role: str, silence: float = inf) -> str:
    """The id of who has the role and lives; '' if nobody does. Where nobody watches any more who
    lives, those that were silent for so many seconds do not, as far as clocks agree."""
    query = """
        SELECT holder FROM roles JOIN workers ON workers.id = holder
        WHERE role = ? AND state <> 'gone' AND seen > ?"""
    with store.reading() as sql:
        row = sql.execute(query, (role, time.time() - silence)).fetchone()
    return str(row[0]) if row else ''


def forget(store: Store, kept: float) -> None:
    """Workers that are gone, and were last seen more than `kept` seconds ago; and what they may
    have left, if nobody has come to that machine since."""
    before = time.time() - kept
    with store.transaction() as sql:
        sql.execute("DELETE FROM workers WHERE state = 'gone' AND seen < ?", (before,))
        sql.execute(
            'DELETE FROM remains WHERE run IN'
            " (SELECT id FROM runs WHERE status = 'completed' AND finished < ?)",
            (before,),
        )
