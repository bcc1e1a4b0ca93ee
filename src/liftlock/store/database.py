"""One store: facts and summaries in SQLite, logs and blobs in files beside it.

Every write is one `BEGIN IMMEDIATE` transaction that ends before anybody awaits anything, so
several processes share a store without ever seeing half of what another did.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from liftlock.errors import UserError
from liftlock.plan.facts import Fact, Stamped
from liftlock.store import blobs, journal, place, schema
from liftlock.store.journal import StaleToken as StaleToken

PATIENCE_MS: Final = 10_000  # for another process' transaction
DAMAGED: Final = ('malformed', 'not a database', 'encrypted', 'disk image')
FULL: Final = ('full', 'disk I/O error')


class Store:
    """An open store. `directory` holds the database, logs, blobs and the jobs' directories."""

    def __init__(self, directory: Path, connection: sqlite3.Connection, lock: int) -> None:
        self.directory = directory
        self._connection = connection
        self._lock = lock

    def append(self, run: int, facts: Sequence[Fact], token: int = 0) -> list[Stamped]:
        """Write facts and what follows from them in one transaction.

        `token` is the claim under which the writer acts; StaleToken if a newer one exists.
        0 is a person, who needs no claim.
        """
        with self.transaction() as sql:
            return journal.append(sql, run, facts, token)

    def facts(self, run: int, after: int = 0) -> list[Stamped]:
        """Facts of the run with a `seq` above `after`, in order."""
        with self.reading() as sql:
            return journal.read(sql, run, after)

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """All or nothing. `durable`: on the disk itself before this returns, so that even a power
        cut does not undo it; otherwise the last moments before one may be lost."""
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
        """What the disk or another program did to the database is no bug: say what it was."""
        try:
            yield self._connection
        except sqlite3.Error as error:
            raise explained(error, self.directory) from error

    def close(self) -> None:
        blobs.release(self.directory)
        self._connection.close()
        os.close(self._lock)


def open_store(directory: Path) -> Store:
    """Open the store there, making it if need be.

    UserError: the file system is a network's, read-only or full; the database is damaged or
    was written by a newer Liftlock; it must be migrated and another process holds it open.
    """
    place.prepare(directory)
    try:
        lock = schema.open_lock(directory / 'open.lock')
    except OSError as error:
        raise UserError(
            f'cannot keep runs in {directory}: {error.strerror}',
            'choose another directory with --state DIR',
        ) from None
    connection: Any = None
    try:
        path = directory / 'liftlock.db'
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite's other files follow it
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
    return Store(directory, connection, lock)


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
