"""What forges are to be told of commits: an outbox in which only the newest letter counts.

A status that changes is a new revision of its row, due at once. A revision is told when the forge
has accepted it; who is killed in between tells it again. What fails is tried again later and later,
and given up after a day: a page then says so.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.plan.statuses import REPORTED, Status
from liftlock.store import followers
from liftlock.store.database import Store
from liftlock.store.sql import Sql

FOLLOWER: Final = 'statuses'
RECENT: Final = 200  # events


class Commit(NamedTuple):
    repository: int
    sha: str


class Letter(NamedTuple):
    """A status as it is to be told now. `tries` have failed, the `first` of them then."""

    id: int
    commit: Commit
    status: Status
    revision: int
    tries: int
    first: float


class Row(NamedTuple):
    """A status as a page shows it."""

    id: int
    repository: int
    sha: str
    context: str
    state: str
    description: str
    path: str
    revision: int
    told: int
    changed: float
    tries: int
    due: float
    trouble: str
    given_up: int


class Counted(NamedTuple):
    """A workflow that was looked at for an event of the commit. `run` is 0 where none came of it;
    `decision` is started, refused or held."""

    run: int
    workflow: str
    event: str
    ref: str
    decision: str
    reason: str
    conclusion: str


COLUMNS: Final = """
id, repository, sha, context, state, description, path, revision, told, changed, tries, due,
trouble, given_up"""
PUT: Final = """
INSERT INTO commit_statuses (repository, sha, context, state, description, path, changed, due)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (repository, sha, context) DO UPDATE SET
    state = excluded.state, description = excluded.description, path = excluded.path,
    revision = commit_statuses.revision + 1, changed = excluded.changed, due = excluded.due,
    tries = 0, first = 0, given_up = 0, trouble = ''
WHERE commit_statuses.state != excluded.state
   OR commit_statuses.description != excluded.description
   OR commit_statuses.path != excluded.path"""
_EVENTS: Final = ', '.join(f"'{name}'" for name in sorted(REPORTED))


def put(
    store: Store,
    found: Sequence[tuple[Commit, tuple[Status, ...]]],
    now: float,
    seq: int = 0,
) -> None:
    """Write down what is to be told, and with it up to which fact that was found."""
    with store.transaction() as sql:
        for commit, statuses in found:
            sql.executemany(PUT, [(*commit, *status, now, now) for status in statuses])
        if seq:
            followers.move(sql, FOLLOWER, seq)


def due(store: Store, now: float, limit: int = 500) -> list[Letter]:
    """Oldest first. Of repositories that are gone nothing is told."""
    query = """
        SELECT s.id, s.repository, s.sha, s.context, s.state, s.description, s.path, s.revision,
               s.tries, s.first
        FROM commit_statuses s JOIN repositories r ON r.id = s.repository
        WHERE s.told < s.revision AND s.given_up = 0 AND s.due <= ? ORDER BY s.due, s.id LIMIT ?"""
    with store.reading() as sql:
        rows = sql.execute(query, (now, limit)).fetchall()
    return [
        Letter(row[0], Commit(row[1], row[2]), Status(*row[3:7]), row[7], row[8], row[9])
        for row in rows
    ]


def next_due(store: Store) -> float | None:
    query = """
        SELECT MIN(s.due) FROM commit_statuses s JOIN repositories r ON r.id = s.repository
        WHERE s.told < s.revision AND s.given_up = 0"""
    with store.reading() as sql:
        found = sql.execute(query).fetchone()[0]
    return None if found is None else float(found)


def told(store: Store, letter: Letter) -> None:
    """The forge has accepted it. What has changed meanwhile stays due."""
    with store.transaction() as sql:
        sql.execute(
            "UPDATE commit_statuses SET told = ?, tries = 0, first = 0, trouble = ''"
            ' WHERE id = ? AND told < ?',
            (letter.revision, letter.id, letter.revision),
        )


def failed(store: Store, letter: Letter, why: str, now: float, due: float | None) -> None:
    """`due` is when to try again; None: never."""
    with store.transaction() as sql:
        sql.execute(
            'UPDATE commit_statuses SET tries = tries + 1, trouble = ?, due = ?, given_up = ?,'
            ' first = CASE WHEN first = 0 THEN ? ELSE first END WHERE id = ? AND revision = ?',
            (why, due or now, int(due is None), now, letter.id, letter.revision),
        )


def again(store: Store, repository: int, now: float) -> int:
    """Try anew what has failed, at once; how many these are."""
    with store.transaction() as sql:
        done = sql.execute(
            'UPDATE commit_statuses SET due = ?, given_up = 0, tries = 0, first = 0'
            ' WHERE repository = ? AND told < revision',
            (now, repository),
        )
        return done.rowcount


# --- which commits are to be looked at, and what counts for them


def of_runs(store: Store, runs: Iterable[int]) -> list[Commit]:
    """The commits for which these runs count."""
    query = f"""
        SELECT DISTINCT i.repository, i.head FROM decisions d JOIN intakes i ON i.id = d.intake
        WHERE d.run = ? AND i.event IN ({_EVENTS})"""  # noqa: S608 - our own words
    found: dict[Commit, None] = {}
    with store.reading() as sql:
        for run in runs:
            for row in sql.execute(query, (run,)).fetchall():
                found[Commit(*row)] = None
    return list(found)


def unsettled(store: Store) -> list[Commit]:
    """Commits of which nothing is told yet, among those of the newest events; and those of which it
    was told that somebody has still to decide."""
    new = f"""
        SELECT DISTINCT i.repository, i.head
        FROM intakes i JOIN repositories r ON r.id = i.repository
        WHERE r.active = 1 AND r.forge != '' AND r.token IS NOT NULL
          AND i.id > (SELECT COALESCE(MAX(id), 0) FROM intakes) - {RECENT}
          AND i.event IN ({_EVENTS}) AND i.head != '' AND NOT EXISTS (
            SELECT 1 FROM commit_statuses s WHERE s.repository = i.repository AND s.sha = i.head)"""  # noqa: S608 - our own words
    open_ones = """
        SELECT DISTINCT repository, sha FROM commit_statuses
        WHERE state = 'pending' AND path = ''"""
    with store.reading() as sql:
        rows = [*sql.execute(new).fetchall(), *sql.execute(open_ones).fetchall()]
    return [Commit(*row) for row in rows]


def intakes(store: Store, commit: Commit) -> list[tuple[str, str]]:
    """How far the events of the commit are (begun, held, done, failed, rejected), and why."""
    query = f"""
        SELECT status, said FROM intakes WHERE repository = ? AND head = ? AND event IN ({_EVENTS})
        ORDER BY id"""  # noqa: S608
    with store.reading() as sql:
        return [(row[0], row[1]) for row in sql.execute(query, commit).fetchall()]


def counted(store: Store, commit: Commit) -> list[Counted]:
    query = f"""
        SELECT d.run, d.name, i.event, i.ref, d.decision, d.reason, COALESCE(r.conclusion, '')
        FROM intakes i JOIN decisions d ON d.intake = i.id LEFT JOIN runs r ON r.id = d.run
        WHERE i.repository = ? AND i.head = ? AND i.event IN ({_EVENTS})
          AND d.decision IN ('started', 'refused', 'held') ORDER BY i.id, d.run"""  # noqa: S608
    with store.reading() as sql:
        return [Counted(*row) for row in sql.execute(query, commit).fetchall()]


def contexts(store: Store, commit: Commit) -> dict[str, str]:
    """What is to be told of the commit, by context: its state."""
    query = 'SELECT context, state FROM commit_statuses WHERE repository = ? AND sha = ?'
    with store.reading() as sql:
        return dict(sql.execute(query, commit).fetchall())


# --- for people


def listed(store: Store, *, troubled: bool = False, limit: int = 100) -> list[Row]:
    """Newest first; `troubled`: what could not be told yet, or never."""
    which = "WHERE told < revision AND trouble != ''" if troubled else ''
    query = f'SELECT {COLUMNS} FROM commit_statuses {which} ORDER BY changed DESC, id DESC LIMIT ?'  # noqa: S608
    with store.reading() as sql:
        return [Row(*row) for row in sql.execute(query, (limit,)).fetchall()]


def forget(sql: Sql, before: float) -> None:
    """What was told long ago is not told again."""
    sql.execute('DELETE FROM commit_statuses WHERE changed < ? AND told = revision', (before,))
