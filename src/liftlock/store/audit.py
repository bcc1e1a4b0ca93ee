"""What was done by people, in order: appended, never changed, and chained by hashes."""

import hashlib
import json
import time
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.store.database import Store


class Entry(NamedTuple):
    """`what` is a past participle, `about` what it was done to, `address` where from."""

    seq: int
    at: float
    who: str
    what: str
    about: str
    detail: str
    address: str
    hash: str


ENTRIES: Final = 'SELECT seq, at, who, what, about, detail, address, hash FROM audit '


def write(
    store: Store, who: str, what: str, about: str = '', detail: str = '', address: str = ''
) -> None:
    with store.transaction(durable=True) as sql:
        row = sql.execute('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1').fetchone()
        last, before = row or (0, '')
        said = (last + 1, time.time(), who, what, about, detail, address)
        sql.execute(
            'INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)', (*said, _hash(before, said))
        )


def listed(store: Store, before: int = 0, limit: int = 100) -> list[Entry]:
    """Newest first; with `before` only what came before that one."""
    with store.reading() as sql:
        rows = sql.execute(
            ENTRIES + 'WHERE ? = 0 OR seq < ? ORDER BY seq DESC LIMIT ?', (before, before, limit)
        )
        return [Entry(*row) for row in rows]


def broken(store: Store) -> int:
    """The `seq` of the first entry that is not what it was when it was written, or before which
    one is missing; 0 if all is well. That the newest ones were cut off cannot be seen here."""
    before, expected = '', 1
    with store.reading() as sql:
        for row in sql.execute(ENTRIES + 'ORDER BY seq'):
            if row[0] != expected or row[-1] != _hash(before, row[:-1]):
                return int(row[0])
            before, expected = row[-1], expected + 1
    return 0


def _hash(before: str, said: tuple[object, ...]) -> str:
    return hashlib.sha256((before + json.dumps(said)).encode()).hexdigest()
