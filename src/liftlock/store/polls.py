"""What was seen of repositories that are looked at now and then."""

from collections.abc import Mapping
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.store.database import Store


class Poll(NamedTuple):
    """`looked` is 0 before the first look; `round` counts those that have found something."""

    repository: int
    round: int = 0
    due: float = 0.0
    looked: float = 0.0
    failures: int = 0
    trouble: str = ''


COLUMNS: Final = 'repository, round, due, looked, failures, trouble'
PUT: Final = """
INSERT INTO polls (repository, round, due, looked, failures, trouble) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (repository) DO UPDATE SET round = excluded.round, due = excluded.due,
    looked = excluded.looked, failures = excluded.failures, trouble = excluded.trouble"""


def of(store: Store, repository: int) -> Poll:
    query = f'SELECT {COLUMNS} FROM polls WHERE repository = ?'  # noqa: S608 - our own words
    with store.reading() as sql:
        row = sql.execute(query, (repository,)).fetchone()
    return Poll(repository) if row is None else Poll(*row)


def refs(store: Store, repository: int) -> dict[str, str]:
    query = 'SELECT ref, sha FROM polled_refs WHERE repository = ?'
    with store.reading() as sql:
        return dict(sql.execute(query, (repository,)).fetchall())


def saw(store: Store, poll: Poll, seen: Mapping[str, str] | None = None) -> None:
    """Write down how a look went and, if something is different, the refs that were seen."""
    with store.transaction() as sql:
        sql.execute(PUT, poll)
        if seen is not None:
            sql.execute('DELETE FROM polled_refs WHERE repository = ?', (poll.repository,))
            sql.executemany(
                'INSERT INTO polled_refs (repository, ref, sha) VALUES (?, ?, ?)',
                [(poll.repository, ref, sha) for ref, sha in seen.items()],
            )


def arrived(store: Store, repository: int, ref: str, sha: str) -> bool:
    """Whether such a push has been taken in already, brought by a webhook, say: the newest event of
    that ref tells."""
    query = """
        SELECT head FROM intakes WHERE repository = ? AND ref = ? AND event = 'push'
        ORDER BY id DESC LIMIT 1"""
    with store.reading() as sql:
        row = sql.execute(query, (repository, ref)).fetchone()
    return row is not None and row[0] == sha
