"""Up to which fact somebody who follows all runs has looked: what comes of facts is lost by nobody.

Whoever follows does what is due, in a way that may be done twice, and then moves on; or moves on in
the transaction in which he writes down what is due.
"""

from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.store.database import Store
from liftlock.store.sql import Sql

MOST: Final = 500  # facts at a time

# What changes how a run or one of its jobs stands. Steps are many, and change neither.
STANDING: Final = (
    'RunSubmitted',
    'RunRestarted',
    'RunFinished',
    'JobQueued',
    'JobClaimed',
    'JobSkipped',
    'JobFinished',
    'JobLost',
)


class News(NamedTuple):
    """`seq` is up to where to move on; `facts` are (run, kind) in order."""

    seq: int
    facts: tuple[tuple[int, str], ...]

    @property
    def runs(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(run for run, _ in self.facts))


def news(store: Store, name: str) -> News | None:
    """What this follower has not seen; None if there is nothing. Who follows for the first time
    begins with the present."""
    with store.reading() as sql:
        row = sql.execute('SELECT seq FROM followers WHERE name = ?', (name,)).fetchone()
        (last,) = sql.execute('SELECT COALESCE(MAX(seq), 0) FROM facts').fetchone()
    if row is None:
        begin(store, name, last)
        return None
    if row[0] >= last:
        return None
    upto = min(last, row[0] + MOST)
    query = 'SELECT run, kind FROM facts WHERE seq > ? AND seq <= ? ORDER BY seq'
    with store.reading() as sql:
        found = sql.execute(query, (row[0], upto)).fetchall()
    return News(upto, tuple((run, kind) for run, kind in found if kind in STANDING))


def seen(store: Store, name: str) -> int:
    """Up to which fact it has looked; 0 if never."""
    with store.reading() as sql:
        row = sql.execute('SELECT seq FROM followers WHERE name = ?', (name,)).fetchone()
    return int(row[0]) if row else 0


def begin(store: Store, name: str, seq: int) -> None:
    with store.transaction() as sql:
        sql.execute(
            'INSERT INTO followers (name, seq) VALUES (?, ?) ON CONFLICT (name) DO NOTHING',
            (name, seq),
        )


def move(sql: Sql, name: str, seq: int) -> None:
    """Inside a transaction of the caller's."""
    sql.execute('UPDATE followers SET seq = ? WHERE name = ? AND seq < ?', (seq, name, seq))
