"""Events that were taken in, and for each workflow why it did or did not run."""

import json
import time
from collections.abc import Sequence
from typing import Any, Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.store.database import Store


class Intake(NamedTuple):
    """status: begun, held (a person must approve), done, failed, rejected

    `delivery` names what brought the event: `hook:12:push`, say. `head` is the commit that people
    know: that of a pull request is its head, where `sha` is what it would be merged. `author` and
    `number` are those of a pull request from outside. `approved` is by whom.
    """

    id: int
    repository: int
    delivery: str
    event: str
    ref: str
    sha: str
    head: str
    actor: str
    at: float
    status: str
    said: str
    author: str
    number: int
    approved: str


class Tried(NamedTuple):
    """One filter of a workflow: `found` is a sentence, '' where there was nothing to say."""

    filter: str
    passed: bool
    found: str


class Decision(NamedTuple):
    """decision: started, skipped, refused (it has mistakes), held (somebody must approve)"""

    workflow: str  # path of the file
    name: str
    decision: str
    reason: str
    filters: tuple[Tried, ...] = ()
    run: int = 0


class Draft(NamedTuple):
    """What is known before anything is fetched; `body` is the event as JSON."""

    repository: int
    delivery: str
    event: str
    ref: str
    actor: str
    body: str


ROWS: Final = """
SELECT id, repository, delivery, event, ref, sha, head, actor, at, status, said, author, number,
       approved
FROM intakes """


def begin(store: Store, draft: Draft) -> Intake:
    """Write it down, or find it: the same delivery is taken in once, unless it has failed."""
    with store.transaction() as sql:
        sql.execute(
            'INSERT INTO intakes (repository, delivery, event, ref, sha, head, actor, body, at,'
            " status) VALUES (?, ?, ?, ?, '', '', ?, ?, ?, 'begun')"
            " ON CONFLICT (repository, delivery) DO UPDATE SET status = 'begun', said = '',"
            " body = excluded.body WHERE intakes.status = 'failed'",
            (*draft, time.time()),
        )
        row = sql.execute(
            ROWS + 'WHERE repository = ? AND delivery = ?', (draft.repository, draft.delivery)
        ).fetchone()
    return Intake(*row)


def found(store: Store, number: int, intake: Intake, body: str) -> None:
    """What fetching has told: the commits, and the event as it is now."""
    with store.transaction() as sql:
        sql.execute(
            'UPDATE intakes SET event = ?, ref = ?, sha = ?, head = ?, actor = ?, author = ?,'
            ' number = ?, body = ? WHERE id = ?',
            (
                intake.event,
                intake.ref,
                intake.sha,
                intake.head,
                intake.actor,
                intake.author,
                intake.number,
                body,
                number,
            ),
        )


def decide(store: Store, number: int, decisions: Sequence[Decision]) -> None:
    """Write down, or anew, what became of workflows."""
    with store.transaction() as sql:
        for one in decisions:
            row = (number, *one[:4], json.dumps(one.filters), one.run)
            sql.execute(
                'INSERT INTO decisions (intake, workflow, name, decision, reason, filters, run)'
                ' VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (intake, workflow) DO UPDATE SET'
                ' name = excluded.name, decision = excluded.decision, reason = excluded.reason,'
                ' filters = excluded.filters, run = excluded.run',
                row,
            )


def end(store: Store, number: int, status: str, said: str = '') -> None:
    """`held` keeps the event; whatever else it becomes, it is needed no more."""
    with store.transaction() as sql:
        sql.execute(
            "UPDATE intakes SET status = ?, said = ?, body = CASE WHEN ? = 'held' THEN body"
            " ELSE '' END WHERE id = ?",
            (status, said, status, number),
        )


def of(store: Store, number: int) -> Intake:
    with store.reading() as sql:
        row = sql.execute(ROWS + 'WHERE id = ?', (number,)).fetchone()
    if row is None:
        raise UserError(f'there is no intake {number}')
    return Intake(*row)


def body(store: Store, number: int) -> str:
    """The event as JSON, as long as something is to be done with it."""
    with store.reading() as sql:
        row = sql.execute('SELECT body FROM intakes WHERE id = ?', (number,)).fetchone()
    return '' if row is None else str(row[0])


def left(store: Store) -> list[Intake]:
    """Those that somebody began and did not end, oldest first."""
    return _select(store, "WHERE status = 'begun' ORDER BY id")


def count_held(store: Store) -> int:
    """How many wait for a person; asked on every page, so the index that knows them must serve."""
    query = "SELECT COUNT(*) FROM intakes WHERE status IN ('begun', 'held') AND status = 'held'"
    with store.reading() as sql:
        return int(sql.execute(query).fetchone()[0])


def held(store: Store) -> list[Intake]:
    """Those that wait for a person, oldest first."""
    return _select(store, "WHERE status = 'held' ORDER BY id")


def listed(store: Store, repository: int, limit: int = 50, before: int = 0) -> list[Intake]:
    """Newest first; of all repositories if it is 0."""
    return _select(
        store,
        'WHERE ? IN (0, repository) AND (? = 0 OR id < ?) ORDER BY id DESC LIMIT ?',
        (repository, before, before, limit),
    )


def of_commit(store: Store, repository: int, commit: str) -> list[Intake]:
    """Those of a commit, which may be cut short; newest first, of all repositories if it is 0."""
    return _select(
        store,
        'WHERE ? IN (0, repository) AND (head LIKE ? OR sha LIKE ?) ORDER BY id DESC LIMIT 50',
        (repository, f'{commit.lower()}%', f'{commit.lower()}%'),
    )


def of_delivery(store: Store, repository: int, prefix: str) -> list[Intake]:
    """Those that one delivery brought: `hook:12:`, say."""
    return _select(
        store,
        'WHERE repository = ? AND substr(delivery, 1, ?) = ? ORDER BY id',
        (repository, len(prefix), prefix),
    )


def newest(store: Store) -> int:
    with store.reading() as sql:
        return int(sql.execute('SELECT COALESCE(MAX(id), 0) FROM intakes').fetchone()[0])


def pushed(store: Store, after: int) -> set[int]:
    """The repositories to whose default branch something was pushed by later intakes than that, as
    far as they have been taken in."""
    query = """
        SELECT DISTINCT i.repository FROM intakes i JOIN repositories r ON r.id = i.repository
        WHERE i.id > ? AND i.status <> 'begun' AND i.event = 'push'
            AND i.ref = 'refs/heads/' || r.branch"""
    with store.reading() as sql:
        return {row[0] for row in sql.execute(query, (after,)).fetchall()}


def decisions(store: Store, number: int) -> list[Decision]:
    """In the order of their files."""
    with store.reading() as sql:
        rows = sql.execute(
            'SELECT workflow, name, decision, reason, filters, run FROM decisions'
            ' WHERE intake = ? ORDER BY workflow',
            (number,),
        ).fetchall()
    return [
        Decision(path, name, decision, why, tuple(Tried(*one) for one in json.loads(tried)), run)
        for path, name, decision, why, tried, run in rows
    ]


def behind(store: Store, run: int) -> Intake | None:
    """What has caused the run: known from its first fact on, and until it is old."""
    with store.reading() as sql:
        row = sql.execute('SELECT cause FROM runs WHERE id = ?', (run,)).fetchone()
    kind, number, *_ = f'{row[0]}::'.split(':') if row else ('', '')
    known = kind == 'intake' and number.isdecimal()
    found = _select(store, 'WHERE id = ?', (int(number),)) if known else []
    return found[0] if found else None


# --- whose pull requests run


def approve(store: Store, number: int, by: str) -> None:
    """UserError if nobody is asked for it any more."""
    with store.transaction(durable=True) as sql:
        done = sql.execute(
            "UPDATE intakes SET approved = ?, status = 'begun' WHERE id = ? AND status = 'held'"
            ' RETURNING id',
            (by, number),
        ).fetchone()
    if done is None:
        raise UserError('nobody waits for this approval any more', 'load the page again')


def supersede(store: Store, intake: Intake, said: str) -> None:
    """What waits for an earlier head of the same pull request is asked for no more."""
    with store.transaction() as sql:
        sql.execute(
            "UPDATE intakes SET status = 'rejected', said = ?, body = ''"
            " WHERE repository = ? AND number = ? AND status = 'held' AND id < ? AND head != ?",
            (said, intake.repository, intake.number, intake.id, intake.head),
        )


def waiting(store: Store, intake: Intake) -> list[Intake]:
    """Others that wait for an approval of this very head of this pull request."""
    return _select(
        store,
        "WHERE repository = ? AND number = ? AND head = ? AND status = 'held' AND id != ?"
        ' ORDER BY id',
        (intake.repository, intake.number, intake.head, intake.id),
    )


def unapproved(store: Store, intake: Intake) -> bool:
    """Whether this very head was held before, and nobody has let it through."""
    with store.reading() as sql:
        row = sql.execute(
            'SELECT 1 FROM intakes WHERE repository = ? AND number = ? AND head = ? AND id < ?'
            " AND status IN ('held', 'rejected') LIMIT 1",
            (intake.repository, intake.number, intake.head, intake.id),
        ).fetchone()
    return row is not None


def approved(store: Store, intake: Intake) -> str:
    """Who approved this very head of this pull request; '' if nobody."""
    with store.reading() as sql:
        row = sql.execute(
            'SELECT approved FROM intakes WHERE repository = ? AND number = ? AND head = ?'
            " AND approved != '' ORDER BY id DESC LIMIT 1",
            (intake.repository, intake.number, intake.head),
        ).fetchone()
    return '' if row is None else str(row[0])


def trust(store: Store, repository: int, author: str, by: str) -> None:
    """From now on the author's pull requests run without being asked about."""
    with store.transaction(durable=True) as sql:
        sql.execute(
            'INSERT INTO known_authors (repository, author, "by", at) VALUES (?, ?, ?, ?)'
            ' ON CONFLICT (repository, author) DO NOTHING',
            (repository, author, by, time.time()),
        )


def distrust(store: Store, repository: int, author: str) -> None:
    with store.transaction(durable=True) as sql:
        sql.execute(
            'DELETE FROM known_authors WHERE repository = ? AND author = ?', (repository, author)
        )


def trusted(store: Store, repository: int) -> list[tuple[str, str, float]]:
    """(author, by whom, since when)"""
    with store.reading() as sql:
        rows = sql.execute(
            'SELECT author, "by", at FROM known_authors WHERE repository = ? ORDER BY author',
            (repository,),
        )
        return [tuple(row) for row in rows.fetchall()]


def _select(store: Store, rest: str, given: tuple[Any, ...] = ()) -> list[Intake]:
    with store.reading() as sql:
        return [Intake(*row) for row in sql.execute(ROWS + rest, given).fetchall()]
