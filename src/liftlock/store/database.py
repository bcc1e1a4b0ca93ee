"""One store: facts and summaries in a database, logs and blobs in files beside it.

The database is SQLite in the store's directory, or PostgreSQL wherever it is; the modules of this
room write one SQL for both (`dialect`). Writers take turns on either: what a transaction reads is
true until it ends, `seq` grows in the order in which facts become visible, and who asks for what is
newer than the last one misses none. A transaction ends before anybody awaits anything.

A store belongs to the thread that opened it; `again` opens the same one for another.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from liftlock.errors import UserError
from liftlock.plan.facts import Fact, Stamped
from liftlock.store import blobs, journal, place
from liftlock.store.journal import StaleToken as StaleToken
from liftlock.store.sql import CutOff, Engine, Sql


class Store:
    """An open store. `directory` holds logs, blobs and the jobs' directories, and SQLite's
    database; `database` is the URL of another one, or ''. `bucket` is that of
    where blobs are kept; '' is here."""

    def __init__(
        self, directory: Path, engine: Engine, database: str = '', bucket: str = ''
    ) -> None:
        self.directory = directory
        self.database = database
        self.bucket = bucket
        self.engine = engine
        self._within: Sql | None = None  # the transaction that is under way

    def append(self, run: int, facts: Sequence[Fact], token: int = 0) -> list[Stamped]:
        """Write facts and what follows from them in one transaction.

        `token` is the claim under which the writer acts; StaleToken if a newer one exists.
        0 is a person, who needs no claim.
        """
        try:
            return self._append(run, facts, token)
        except CutOff:  # nothing was written, and nothing else was begun: once more
            return self._append(run, facts, token)

    def _append(self, run: int, facts: Sequence[Fact], token: int) -> list[Stamped]:
        with self.transaction() as sql:
            return journal.append(sql, run, facts, token)

    def facts(self, run: int, after: int = 0) -> list[Stamped]:
        """Facts of the run with a `seq` above `after`, in order."""
        with self.reading() as sql:
            return journal.read(sql, run, after)

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[Sql]:
        """All or nothing. `durable`: on the disk itself before this returns, so that even a power
        cut does not undo it; otherwise SQLite may lose the last moments before one.

        Within another one it is a part of that: undone alone if it fails, and kept with it."""
        if self._within is not None:
            with _part(self._within):
                yield self._within
            return
        with self.engine.transaction(durable) as sql:
            self._within = sql
            try:
                yield sql
            finally:
                self._within = None

    @contextmanager
    def reading(self) -> Iterator[Sql]:
        """What the disk or another program did to the database is no bug: say what it was."""
        with self.engine.reading() as sql:
            yield sql

    def again(self) -> 'Store':
        """The same store, for another thread. One that was upgraded since is not refused: what is
        added to a schema does not disturb who knows the older one."""
        if self.database:
            return _on_postgres(self.directory, self.database, self.bucket, upgraded=True)
        return open_store(self.directory, bucket=self.bucket)

    def close(self) -> None:
        blobs.release(self.directory)
        self.engine.close()


@contextmanager
def _part(sql: Sql) -> Iterator[None]:
    sql.execute('SAVEPOINT part')
    try:
        yield
    except BaseException:
        with suppress(Exception):  # a full disk has already rolled back all of it
            sql.execute('ROLLBACK TO SAVEPOINT part')
            sql.execute('RELEASE SAVEPOINT part')
        raise
    sql.execute('RELEASE SAVEPOINT part')


def open_store(directory: Path, database: str = '', bucket: str = '') -> Store:
    """Open the store there, making it if need be. `database` and `bucket` are URLs; '' is in there.

    UserError: the directory or the database cannot be used or reached, or they are of two stores;
    the database was written by a newer Liftlock; it must be migrated and another process holds it
    open.
    """
    place.prepare(directory)
    if bucket:
        blobs.keep_in(directory, bucket)
    if database:
        store = _on_postgres(directory, database, bucket)
        _refuse_files_of_another(store)
        return store
    from liftlock.store.engines.sqlite import open_sqlite

    return Store(directory, open_sqlite(directory), '', bucket)


def _refuse_files_of_another(store: Store) -> None:
    """Numbers of runs begin anew in a new database: they would meet those of who was here."""
    with store.reading() as sql:
        if sql.execute('SELECT 1 FROM runs LIMIT 1').fetchone() is not None:
            return
    logs = store.directory / 'logs'
    if logs.is_dir() and any(one.name.isdecimal() for one in logs.iterdir()):
        store.close()
        raise UserError(
            f'{store.directory} holds runs that the database does not know',
            'move a store by: liftlock backup, liftlock restore; or name an empty --state DIR',
        )


def _on_postgres(directory: Path, database: str, bucket: str, *, upgraded: bool = False) -> Store:
    from liftlock.store.engines.postgres import open_postgres

    return Store(directory, open_postgres(database, upgraded=upgraded), database, bucket)
