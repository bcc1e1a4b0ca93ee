"""Who was wrong at the door, and when: what servers on one database count together.

Of an address or a name only a SHA-256 sum is kept: where a name belongs, somebody types a password
now and then.
"""

from collections.abc import Collection
from typing import Final

from liftlock.store.access import digest
from liftlock.store.database import Store

MOST: Final = 20_000  # that are kept; the oldest go


def add(store: Store, names: Collection[str], now: float, forget: float) -> list[int]:
    """One failure under each name, by which numbers; those from before `forget` go."""
    insert = 'INSERT INTO failures (whose, at) VALUES (?, ?) RETURNING id'
    with store.transaction() as sql:
        made = [sql.execute(insert, (digest(name), now)).fetchone()[0] for name in names]
        sql.execute('DELETE FROM failures WHERE at < ?', (forget,))
        sql.execute('DELETE FROM failures WHERE id <= (SELECT MAX(id) FROM failures) - ?', (MOST,))
    return made


def since(store: Store, name: str, start: float) -> list[float]:
    """When, the first one first."""
    query = 'SELECT at FROM failures WHERE whose = ? AND at > ? ORDER BY at'
    with store.reading() as sql:
        return [at for (at,) in sql.execute(query, (digest(name), start))]


def forgive(store: Store, numbers: Collection[int], name: str = '') -> None:
    """Those with the numbers, and all under the name."""
    with store.transaction() as sql:
        for number in numbers:
            sql.execute('DELETE FROM failures WHERE id = ?', (number,))
        if name:
            sql.execute('DELETE FROM failures WHERE whose = ?', (digest(name),))
