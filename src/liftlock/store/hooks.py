"""What forges have sent: written down before it is answered, processed afterwards.

A delivery is known by its repository and the id that the forge gave it. What was refused is told
without its body, has no such id (whoever guesses ids must not shut out who is expected), and only
the last of it are kept.
"""

import json
import time
from collections.abc import Mapping
from typing import Any, Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.store.database import Store

KEPT_REFUSALS: Final = 50  # of a repository


class Hook(NamedTuple):
    """One delivery. status: waiting, done, ignored, failed, refused. `said` is why."""

    id: int
    repository: int
    delivery: str
    event: str
    at: float
    address: str
    status: str
    said: str
    finished: float
    replays: int


class Sent(NamedTuple):
    """What came, in words. `headers` hold no signature and no token."""

    repository: int
    delivery: str
    event: str
    headers: Mapping[str, str]
    body: str
    address: str


ROWS: Final = """
SELECT id, repository, delivery, event, at, address, status, said, finished, replays
FROM hooks """
INSERT: Final = """
INSERT INTO hooks (repository, delivery, once, event, headers, body, at, address, status, said,
                   replays)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) """


def receive(store: Store, sent: Sent) -> tuple[Hook, bool]:
    """Write it down, on the disk itself; and whether it is new. One that has failed is waited for
    again: forges send the same id when somebody asks them to send it anew."""
    once = f'{sent.repository}:{sent.delivery}'
    with store.transaction(durable=True) as sql:
        row = (*_head(sent, once), sent.body, time.time(), sent.address, 'waiting', '', 0)
        new = sql.execute(INSERT + 'ON CONFLICT (once) DO NOTHING RETURNING id', row).fetchone()
        if new is None:
            new = sql.execute(
                "UPDATE hooks SET status = 'waiting', said = '' WHERE once = ?"
                " AND status = 'failed' RETURNING id",
                (once,),
            ).fetchone()
        found = sql.execute(ROWS + 'WHERE once = ?', (once,)).fetchone()
    return Hook(*found), new is not None


def refuse(store: Store, sent: Sent, said: str) -> None:
    """Note that somebody came who could not prove who he is."""
    with store.transaction() as sql:
        row = (*_head(sent, None), '', time.time(), sent.address, 'refused', said, 0)
        sql.execute(INSERT, row)
        sql.execute(
            "DELETE FROM hooks WHERE repository = ? AND status = 'refused' AND id NOT IN ("
            " SELECT id FROM hooks WHERE repository = ? AND status = 'refused'"
            ' ORDER BY id DESC LIMIT ?)',
            (sent.repository, sent.repository, KEPT_REFUSALS),
        )


def replay(store: Store, number: int) -> Hook:
    """The same once more, as a delivery of its own. UserError where the body is not there."""
    was, headers, body = of(store, number), *content(store, number)
    if not body:
        raise UserError('what it held is not kept, so it cannot be replayed')
    sent = Sent(was.repository, was.delivery, was.event, headers, body, was.address)
    with store.transaction(durable=True) as sql:
        row = (*_head(sent, None), body, time.time(), was.address, 'waiting', '', number)
        (new,) = sql.execute(INSERT + 'RETURNING id', row).fetchone()
    return of(store, new)


def end(store: Store, number: int, status: str, said: str = '') -> None:
    with store.transaction() as sql:
        sql.execute(
            'UPDATE hooks SET status = ?, said = ?, finished = ? WHERE id = ?',
            (status, said, time.time(), number),
        )


def waiting(store: Store) -> list[int]:
    """Repositories for which something waits, whoever has waited longest first."""
    query = """
        SELECT repository FROM hooks WHERE status = 'waiting'
        GROUP BY repository ORDER BY MIN(id)"""
    with store.reading() as sql:
        return [row[0] for row in sql.execute(query).fetchall()]


def next_of(store: Store, repository: int) -> Hook | None:
    """The one that has waited longest."""
    query = ROWS + "WHERE status = 'waiting' AND repository = ? ORDER BY id LIMIT 1"
    with store.reading() as sql:
        row = sql.execute(query, (repository,)).fetchone()
    return None if row is None else Hook(*row)


def of(store: Store, number: int) -> Hook:
    with store.reading() as sql:
        row = sql.execute(ROWS + 'WHERE id = ?', (number,)).fetchone()
    if row is None:
        raise UserError(f'there is no delivery {number}')
    return Hook(*row)


def delivered(store: Store, repository: int, delivery: str) -> Hook | None:
    """The one with the id that its sender gave it."""
    with store.reading() as sql:
        row = sql.execute(ROWS + 'WHERE once = ?', (f'{repository}:{delivery}',)).fetchone()
    return None if row is None else Hook(*row)


def content(store: Store, number: int) -> tuple[dict[str, str], str]:
    """Headers and body."""
    with store.reading() as sql:
        row = sql.execute('SELECT headers, body FROM hooks WHERE id = ?', (number,)).fetchone()
    if row is None:
        raise UserError(f'there is no delivery {number}')
    return json.loads(row[0]), str(row[1])


def listed(
    store: Store, *, repository: int = 0, status: str = '', before: int = 0, limit: int = 50
) -> list[Hook]:
    """Newest first."""
    query = """
        WHERE (:repository = 0 OR repository = :repository)
          AND (:status = '' OR status = :status) AND (:before = 0 OR id < :before)
        ORDER BY id DESC LIMIT :limit"""
    given: dict[str, Any] = {
        'repository': repository,
        'status': status,
        'before': before,
        'limit': limit,
    }
    with store.reading() as sql:
        return [Hook(*row) for row in sql.execute(ROWS + query, given).fetchall()]


def _head(sent: Sent, once: str | None) -> tuple[Any, ...]:
    return sent.repository, sent.delivery, once, sent.event, json.dumps(dict(sent.headers))
