"""PostgreSQL: any number of machines on one store.

Writers take turns, as on SQLite: each transaction begins by taking one lock of the whole database,
which the server frees when it ends, after what it wrote can be seen. So everything else in this
room is written for one writer, and is right on both. A writer that is frozen, or cut off, with the
lock in its hand is put out by the server (`session.IDLE`).

Migrations are one such transaction. Processes of an older Liftlock go on beside a newer schema:
columns and tables are only ever added.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import psycopg

from liftlock.errors import UserError
from liftlock.store import dialect, schema
from liftlock.store.engines import address, refusals
from liftlock.store.engines.session import Session
from liftlock.store.sql import Sql

OLDEST = 130000  # has the numbers of transactions that `Session` asks for
# Ours alone: the queue of workers has its own beside them.
TABLES: Final = """
SELECT c.table_name::text, c.column_name::text
FROM information_schema.columns AS c JOIN information_schema.tables AS t
  ON t.table_schema = c.table_schema AND t.table_name = c.table_name
WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
  AND c.table_name <> 'schema_version' AND NOT starts_with(c.table_name, 'procrastinate')
ORDER BY c.table_name, c.ordinal_position"""
COUNTERS: Final = """
SELECT c.table_name::text, pg_get_serial_sequence(quote_ident(c.table_name), c.column_name)
FROM information_schema.columns AS c
WHERE c.table_schema = current_schema() AND c.is_identity = 'YES'"""
LONGEST = 6 * 3600.0  # seconds for a migration of large tables
VERSION = 'SELECT COALESCE(MAX(version), 0) FROM schema_version'


class Postgres:
    """Satisfies `Engine`."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def made(self) -> int:
        return self.session.made

    @property
    def since(self) -> float:
        return self.session.remade

    @contextmanager
    def transaction(self, durable: bool) -> Iterator[Session]:
        """Always durable: what was committed would otherwise be lost when the server is killed,
        and its clients would go on as if it had been written."""
        with self.reading() as session:
            session.begin()
            try:
                yield session
            except BaseException as error:
                lost = session.is_gone(error)
                session.rollback()
                if lost and isinstance(error, psycopg.Error | UserError):
                    raise refusals.cut_off(session.url) from error
                raise
            session.commit()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        try:
            yield self.session
        except psycopg.Error as error:
            raise self.session.explained(error) from error

    def tables(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        with self.reading() as sql:
            for table, column in sql.execute(TABLES):
                found[table] = (*found.get(table, ()), column)
        return found

    @contextmanager
    def frozen(self) -> Iterator[Callable[[str], Iterator[Any]]]:
        link = self.session.link

        def rows(text: str) -> Iterator[Any]:
            with link.cursor(name='whole') as cursor:  # of the server: not all is fetched at once
                cursor.itersize = 2000
                yield from cursor.execute(text.encode())

        with self.reading():
            link.execute(b'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
            try:
                link.execute(b'SET LOCAL idle_in_transaction_session_timeout = 0')
                yield rows
            finally:
                self.session.rollback()

    def counters(self) -> dict[str, int]:
        found: dict[str, int] = {}
        with self.reading() as sql:
            for table, sequence in sql.execute(COUNTERS).fetchall():
                query = f'SELECT last_value FROM {sequence} WHERE is_called'  # noqa: S608
                for (last,) in sql.execute(query):
                    found[table] = last
        return found

    def count_on(self, sql: Sql, counters: Mapping[str, int]) -> None:
        for table, sequence in sql.execute(COUNTERS).fetchall():
            if table in counters:
                sql.execute('SELECT setval(?, ?)', (sequence, counters[table]))

    def close(self) -> None:
        self.session.close()


def open_postgres(url: str, *, upgraded: bool = False) -> Postgres:
    """Open the database, and bring it to this version's schema. `upgraded`: it may be newer.

    UserError.
    """
    engine = Postgres(Session(address.checked(url)))
    try:
        _check(engine)
        _bring_up(engine, upgraded)
    except BaseException:
        engine.close()
        raise
    return engine


def _check(engine: Postgres) -> None:
    where, link = address.shown(engine.session.url), engine.session.link
    if link.info.server_version < OLDEST:
        raise UserError(
            f'the PostgreSQL of {where} is too old ({link.info.server_version // 10000})',
            f'Liftlock needs {OLDEST // 10000} or newer',
        )
    encoding = link.info.parameter_status('server_encoding')
    if encoding != 'UTF8':
        raise UserError(
            f'the database {where} is encoded in {encoding}',
            "make one in UTF-8: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
        )


def _bring_up(engine: Postgres, upgraded: bool) -> None:
    version = _version(engine)
    if version > len(schema.MIGRATIONS) and not upgraded:
        raise schema.newer(version)
    if version >= len(schema.MIGRATIONS):
        return
    try:
        with engine.transaction(durable=True) as session:
            _migrate(session, _version(engine))  # another process may have been quicker
    except psycopg.Error as error:
        raise refusals.of_schema(error, engine.session.url) from error


def _version(engine: Postgres) -> int:
    with engine.reading() as sql:
        if sql.execute("SELECT to_regclass('schema_version')").fetchone() == (None,):
            return 0
        version: int = sql.execute(VERSION).fetchone()[0]
    return version


def _migrate(session: Session, version: int) -> None:
    session.link.patience = LONGEST
    if version == 0:
        session.script(dialect.COLLATION)
        session.script('CREATE TABLE schema_version (version BIGINT PRIMARY KEY)')
    for number, name in enumerate(schema.MIGRATIONS[version:], version + 1):
        session.script(dialect.script(schema.read(name)))
        session.execute('INSERT INTO schema_version (version) VALUES (?)', (number,))
    session.link.patience = 0.0
