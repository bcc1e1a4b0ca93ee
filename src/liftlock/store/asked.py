"""What programs have asked for under a key of theirs: asked again, nothing is done twice.

The row is written in the transaction in which the thing itself is done, or before it; so after a
`kill -9` either both are there or neither, or it is known that nobody knows.
"""

from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.store.database import Store

LASTING: Final = 86400.0  # seconds that a key is known


class Earlier(NamedTuple):
    """What was asked under the key before. `status` 0: nobody knows what became of it."""

    digest: str
    status: int
    answer: str


def begin(store: Store, who: str, key: str, digest: str, now: float) -> Earlier | None:
    """Take the key, or tell for what it was taken."""
    with store.transaction(durable=True) as sql:
        sql.execute('DELETE FROM asked WHERE at < ?', (now - LASTING,))
        row = sql.execute(
            'SELECT digest, status, answer FROM asked WHERE who = ? AND "key" = ?', (who, key)
        ).fetchone()
        if row is not None:
            return Earlier(*row)
        sql.execute(
            'INSERT INTO asked (who, "key", digest, at) VALUES (?, ?, ?, ?)',
            (who, key, digest, now),
        )
    return None


def answered(store: Store, who: str, key: str, status: int, answer: str) -> None:
    with store.transaction(durable=True) as sql:
        sql.execute(
            'UPDATE asked SET status = ?, answer = ? WHERE who = ? AND "key" = ?',
            (status, answer, who, key),
        )


def forget(store: Store, who: str, key: str) -> None:
    """It was refused: nothing has been done."""
    with store.transaction() as sql:
        sql.execute('DELETE FROM asked WHERE who = ? AND "key" = ?', (who, key))
