"""How much waits, and for how long: what whoever watches a server wants to know of its store."""

from collections.abc import Mapping
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.store.database import Store


class Backlog(NamedTuple):
    """`oldest` is when the first of them should have been done; 0.0 if there is none."""

    number: int
    oldest: float = 0.0

    def late(self, now: float) -> float:
        """Seconds."""
        return max(0.0, now - self.oldest) if self.number else 0.0


class Finished(NamedTuple):
    """A job, or a deployment, that has ended. `seconds` is how long it took."""

    conclusion: str
    seconds: float


HOOKS: Final = "SELECT COUNT(*), MIN(at) FROM hooks WHERE status = 'waiting'"
INTAKES: Final = "SELECT COUNT(*), MIN(at) FROM intakes WHERE status = 'begun'"
LETTERS: Final = """
SELECT COUNT(*), MIN(due) FROM commit_statuses WHERE told < revision AND given_up = 0"""
GIVEN_UP: Final = 'SELECT COUNT(*) FROM commit_statuses WHERE told < revision AND given_up = 1'
SLOTS: Final = "SELECT COUNT(*), MIN(at) FROM slots WHERE state = 'due'"
TASKS: Final = "SELECT COUNT(*), MIN(created) FROM tasks WHERE state = 'waiting'"
QUEUED: Final = """
SELECT COUNT(*), MIN(r.created) FROM jobs AS j JOIN runs AS r ON r.id = j.run
WHERE r.status != 'completed' AND j.state = 'queued'"""


def hooks(store: Store) -> Backlog:
    """Webhooks that were taken in and not looked at."""
    return _backlog(store, HOOKS)


def intakes(store: Store) -> Backlog:
    """Events of which runs are still to be made."""
    return _backlog(store, INTAKES)


def letters(store: Store) -> Backlog:
    """Commit statuses that forges are to be told."""
    return _backlog(store, LETTERS)


def given_up(store: Store) -> int:
    """Commit statuses that no forge would hear."""
    with store.reading() as sql:
        return int(sql.execute(GIVEN_UP).fetchone()[0])


def slots(store: Store) -> Backlog:
    """Slots of schedules that are to start something."""
    return _backlog(store, SLOTS)


def tasks(store: Store) -> Backlog:
    """Jobs that wait for a worker of a database that many share."""
    return _backlog(store, TASKS)


def queued(store: Store) -> Backlog:
    """Jobs that could run and do not yet."""
    return _backlog(store, QUEUED)


def workers(store: Store) -> Mapping[str, int]:
    """How many take jobs, by state."""
    query = 'SELECT state, COUNT(*) FROM workers WHERE slots > 0 GROUP BY state'
    with store.reading() as sql:
        return dict(sql.execute(query).fetchall())


def hooks_by_status(store: Store) -> Mapping[str, int]:
    with store.reading() as sql:
        return dict(sql.execute('SELECT status, COUNT(*) FROM hooks GROUP BY status').fetchall())


def deployments(store: Store) -> Mapping[tuple[str, str], int]:
    """How many there are, by status and conclusion."""
    query = 'SELECT status, conclusion, COUNT(*) FROM deployments GROUP BY status, conclusion'
    with store.reading() as sql:
        return {(status, conclusion): count for status, conclusion, count in sql.execute(query)}


def finished_jobs(store: Store, seq: int, since: float) -> list[Finished]:
    """Jobs that ran and ended after `since`, of runs of which there are facts above `seq`."""
    query = """
        SELECT conclusion, finished - started FROM jobs
        WHERE run IN (SELECT DISTINCT run FROM facts WHERE seq > ?)
        AND state = 'done' AND started > 0 AND finished > ?"""
    with store.reading() as sql:
        return [Finished(*row) for row in sql.execute(query, (seq, since))]


def _backlog(store: Store, query: str) -> Backlog:
    with store.reading() as sql:
        count, oldest = sql.execute(query).fetchone()
    return Backlog(count, oldest or 0.0)
