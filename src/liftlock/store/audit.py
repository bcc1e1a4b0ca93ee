"""What was done by people, in order: appended, never changed, and chained by hashes."""

import hashlib
import json
import time
from collections.abc import Iterator
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


class Wanted(NamedTuple):
    """What is looked for; '' and 0.0 for anything."""

    who: str = ''
    what: str = ''
    text: str = ''
    since: float = 0.0


EVERYTHING: Final = Wanted()
PAGE: Final = 1000  # entries read at once
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


def listed(
    store: Store, before: int = 0, limit: int = 100, wanted: Wanted = EVERYTHING
) -> list[Entry]:
    """Newest first; with `before` only what came before that one."""
    query = (
        ENTRIES
        + """
        WHERE (:before = 0 OR seq < :before)
        AND (:who = '' OR LOWER(who) = :who) AND (:what = '' OR what = :what)
        AND (:text = '' OR LOWER(about || ' ' || detail) LIKE :like ESCAPE '!')
        AND at >= :since ORDER BY seq DESC LIMIT :limit"""
    )
    text = wanted.text.lower()
    given = {
        'before': before,
        'limit': limit,
        'who': wanted.who.lower(),
        'what': wanted.what,
        'text': text,
        'like': '%' + text.replace('!', '!!').replace('%', '!%').replace('_', '!_') + '%',
        'since': wanted.since,
    }
    with store.reading() as sql:
        return [Entry(*row) for row in sql.execute(query, given)]


def after(store: Store, seq: int = 0) -> Iterator[Entry]:
    """Those behind that one, oldest first."""
    while rows := _page(store, seq):
        yield from rows
        seq = rows[-1].seq


def entry(store: Store, seq: int) -> Entry | None:
    with store.reading() as sql:
        row = sql.execute(ENTRIES + 'WHERE seq = ?', (seq,)).fetchone()
    return Entry(*row) if row else None


def kinds(store: Store) -> list[str]:
    """What has been done at least once."""
    with store.reading() as sql:
        return [what for (what,) in sql.execute('SELECT DISTINCT what FROM audit ORDER BY what')]


def broken(store: Store) -> int:
    """The `seq` of the first entry that is not what it was when it was written, or before which
    one is missing; 0 if all is well. That the newest ones were cut off cannot be seen here."""
    hashed, expected = '', 1
    for one in after(store):
        if one.seq != expected or one.hash != _hash(hashed, tuple(one)[:-1]):
            return one.seq
        hashed, expected = one.hash, expected + 1
    return 0


def _page(store: Store, seq: int) -> list[Entry]:
    with store.reading() as sql:
        rows = sql.execute(ENTRIES + 'WHERE seq > ? ORDER BY seq LIMIT ?', (seq, PAGE))
        return [Entry(*row) for row in rows]


def _hash(before: str, said: tuple[object, ...]) -> str:
    return hashlib.sha256((before + json.dumps(said)).encode()).hexdigest()
