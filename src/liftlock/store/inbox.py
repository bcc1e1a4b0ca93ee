"""What others want of a run that somebody carries out. The owner alone makes facts of it."""

from liftlock.plan import wire
from liftlock.plan.facts import Fact, Stamped
from liftlock.store import journal
from liftlock.store.database import Store
from liftlock.store.sql import Sql


def send(store: Store, run: int, fact: Fact) -> None:
    with store.transaction() as sql:
        put(sql, run, fact)


def put(sql: Sql, run: int, fact: Fact) -> None:
    """Inside a transaction of the caller's."""
    sql.execute('INSERT INTO inbox (run, body) VALUES (?, ?)', (run, wire.dump(fact)))


def receive(store: Store, run: int, token: int) -> list[Stamped]:
    """Take everything out and append it to the run's facts."""
    with store.reading() as sql:
        if sql.execute('SELECT 1 FROM inbox WHERE run = ?', (run,)).fetchone() is None:
            return []
    with store.transaction() as sql:
        rows = sql.execute('DELETE FROM inbox WHERE run = ? RETURNING id, body', (run,)).fetchall()
        return journal.append(sql, run, [wire.load(body) for _, body in sorted(rows)], token)
