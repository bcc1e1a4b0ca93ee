"""SQLite: a file in the store's directory.

Every write is one `BEGIN IMMEDIATE` transaction that ends before anybody awaits anything, so
several processes share a store without ever seeing half of what another did.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from liftlock.errors import UserError
from liftlock.store import place, schema
from liftlock.store.sql import Sql

PATIENCE_MS: Final = 10_000  # for another process' transaction
DAMAGED: Final = ('malformed', 'not a database', 'encrypted', 'disk image')
FULL: Final = ('full', 'disk I/O error')


class Sqlite:
    """Satisfies `Engine`."""

    made = 1
    since = 0.0

    def __init__(self, directory: Path, connection: sqlite3.Connection, lock: int) -> None:
        self._directory = directory
        self._connection = connection
        self._lock = lock

    @contextmanager
    def transaction(self, durable: bool) -> Iterator[sqlite3.Connection]:
        sql = self._connection
        with self.reading():
            if durable:  # cannot be said once the transaction has begun
                sql.execute('PRAGMA synchronous = FULL')
            try:
                sql.execute('BEGIN IMMEDIATE')
                yield sql
                sql.execute('COMMIT')
            except BaseException:
                if sql.in_transaction:  # a full disk has already rolled back
                    sql.execute('ROLLBACK')
                raise
            finally:
                if durable:
                    sql.execute('PRAGMA synchronous = NORMAL')

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._connection
        except sqlite3.Error as error:
            raise explained(error, self._directory) from error

    def tables(self) -> dict[str, tuple[str, ...]]:
        query = """
            SELECT t.name, c.name FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c
            WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' ORDER BY t.name, c.cid"""
        found: dict[str, tuple[str, ...]] = {}
        with self.reading() as sql:
            for table, column in sql.execute(query):
                found[table] = (*found.get(table, ()), column)
        return found

    @contextmanager
    def frozen(self) -> Iterator[Callable[[str], Iterator[Any]]]:
        with self.reading() as sql:
            sql.execute('BEGIN')
            try:
                yield sql.execute
            finally:
                sql.execute('ROLLBACK')

    def counters(self) -> dict[str, int]:
        with self.reading() as sql:
            return dict(sql.execute('SELECT name, seq FROM sqlite_sequence').fetchall())

    def count_on(self, sql: Sql, counters: Mapping[str, int]) -> None:
        known = {name for (name,) in sql.execute('SELECT name FROM sqlite_sequence')}
        for table, last in counters.items():
            if table in known:
                sql.execute('UPDATE sqlite_sequence SET seq = ? WHERE name = ?', (last, table))
            else:
                sql.execute('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)', (table, last))

    def close(self) -> None:
        self._connection.close()
        os.close(self._lock)


def open_sqlite(directory: Path) -> Sqlite:
    """Open the database there, making it if need be. UserError."""
    place.refuse_network(directory)
    try:
        lock = schema.open_lock(directory / 'open.lock')
    except OSError as error:
        raise place.unusable(directory, error) from None
    connection: Any = None
    try:
        path = directory / 'liftlock.db'
        _create(path)
        connection = sqlite3.connect(path, timeout=PATIENCE_MS / 1000, isolation_level=None)
        connection.execute('PRAGMA synchronous = NORMAL')
        schema.bring_up(connection, lock, directory / schema.WANTED)
    except BaseException as error:
        if connection is not None:
            connection.close()
        os.close(lock)
        if isinstance(error, OSError):
            error = sqlite3.OperationalError(f'unable to open database file: {error.strerror}')
        if isinstance(error, sqlite3.Error):
            raise explained(error, directory) from error
        raise
    return Sqlite(directory, connection, lock)


def explained(error: sqlite3.Error, directory: Path) -> UserError | sqlite3.Error:
    """SQLite's error as a person can act on it; the error itself where it is a bug of ours."""
    said = str(error)
    if any(word in said for word in DAMAGED):
        return UserError(
            f'the database of the store in {directory} is damaged ({said})',
            f'move it away (mv {directory} {directory}.damaged) to begin with an empty one',
        )
    if any(word in said for word in FULL):
        return UserError(f'cannot write to the store in {directory}: {said}', 'free some space')
    if 'readonly' in said or 'unable to open' in said:
        return UserError(
            f'cannot write to the store in {directory}: {said}',
            'make it writable, or choose another directory with --state DIR',
        )
    if 'locked' in said:
        return UserError(
            f'the store in {directory} was locked for {PATIENCE_MS // 1000} s by another process',
            'end that process, or choose another store with --state DIR',
        )
    return error


def _create(path: Path) -> None:
    """Closed to others; SQLite's further files follow it. Only where there is none: closing a file
    gives up all locks that this process has on it, and with those gone another process takes itself
    for the last one and removes the log that connections here still write to."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
