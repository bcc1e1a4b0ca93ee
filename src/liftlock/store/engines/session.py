"""A connection to PostgreSQL that takes our SQL, and is made again when it was lost.

What goes wrong, and what then happens:

- Lost while nothing was begun: it is made again, for `PATIENCE` seconds, and what was asked is
  asked again. Outside of transactions things are only read, or written so that twice is once.
- Lost in the middle of a transaction: the server undoes it. CutOff, and nobody tries again but who
  knows that nothing else hangs on it.
- Lost while COMMIT was under way: its answer is unknown, so the server is asked by the number of
  the transaction once it can be reached. Committed: all is well. Undone: CutOff. If it cannot be
  found out (it cannot be reached, or has crashed and may have given the number twice), an error
  says that it is not known.
- No answer for `ANSWER` seconds: as lost.
"""

import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

import psycopg
from psycopg import Connection
from psycopg.abc import PQGen
from psycopg.adapt import Dumper, Loader

from liftlock.store import dialect
from liftlock.store.engines import refusals
from liftlock.store.sql import Parameters, Rows

FIRST: Final = 3.0  # seconds for a server that cannot be reached at first: its address may be wrong
PATIENCE: Final = 10.0  # seconds for one that could be
ANSWER: Final = 60.0  # seconds for an answer
LOCK: Final = 20  # seconds for other writers
IDLE: Final = 10  # seconds until a writer that does nothing is put out: it may be frozen
WRITER: Final = (0x4C49, 0x4654)  # the lock that writers hold; of this database
SETTINGS: Final = f"""
SET lock_timeout = '{LOCK}s';
SET idle_in_transaction_session_timeout = '{IDLE}s';
SET default_transaction_isolation = 'read committed';
SET client_min_messages = 'warning';
SELECT set_config('synchronous_commit', 'on', false)
WHERE current_setting('synchronous_commit') = 'off'"""
BEGIN: Final = f"""
BEGIN; SELECT pg_advisory_xact_lock({WRITER[0]}, {WRITER[1]}); SELECT pg_current_xact_id()::text"""
# Another one after a crash, also of a single process of the server: that resets the statistics.
SINCE: Final = (
    "pg_postmaster_start_time()::text || ' '"
    " || coalesce(pg_stat_get_bgwriter_stat_reset_time()::text, '')"
)
OUTCOME: Final = f'SELECT pg_xact_status(%s::xid8), {SINCE}'
# So that a peer that is gone without a word is noticed within half a minute.
NAME: Final = 'liftlock'  # as the database server lists our connections
ALIVE: Final[dict[str, Any]] = {
    'connect_timeout': 5,
    'keepalives': 1,
    'keepalives_idle': 10,
    'keepalives_interval': 5,
    'keepalives_count': 3,
    'tcp_user_timeout': 25_000,
}


class Link(Connection[Any]):
    """A connection that does not wait for ever."""

    patience = 0.0  # seconds for an answer; 0: `ANSWER`
    since = ''  # when the server was started, or came back from a crash

    def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:
        patience = timeout or self.patience or ANSWER
        try:
            return super().wait(gen, interval, patience)
        except psycopg.errors._WaitTimeout:
            self.close()
            raise psycopg.OperationalError(f'no answer for {patience:.0f} s') from None


class Truth(Dumper):
    """Booleans are numbers in our tables, as in SQLite."""

    oid = 20  # of int8

    def dump(self, obj: Any) -> bytes:
        return b'1' if obj else b'0'


class Number(Loader):
    """Sums and averages of whole numbers."""

    def load(self, data: Any) -> int | float:
        text = bytes(data)
        return int(text) if text.lstrip(b'-').isdigit() else float(text)


class Session:
    """Satisfies `Sql`. `link` is psycopg's connection, for who must have one."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.made = 1  # so many connections
        self.remade = 0.0  # when that was done again last, on the monotonic clock
        self._thread = threading.get_ident()
        self._begun = ''  # the number of the transaction that is under way
        self._link = connect(url, FIRST)

    @property
    def link(self) -> Link:
        assert threading.get_ident() == self._thread, 'a store belongs to the thread that opened it'
        if self._link.closed and not self._begun:
            self._link = connect(self.url, PATIENCE)
            self.made += 1
            self.remade = time.monotonic()
        return self._link

    def execute(self, text: str, parameters: Parameters = (), /) -> Rows:
        return self._ask(dialect.statement(text), parameters)

    def executemany(self, text: str, parameters: Iterable[Sequence[Any]], /) -> object:
        rows = list(parameters)
        cursor = self.link.cursor()
        try:
            cursor.executemany(dialect.statement(text), rows)
        except psycopg.DataError as error:
            if not refusals.is_nul(error):
                raise
            cursor.executemany(dialect.statement(text), [_without_nul(row) for row in rows])
        return cursor

    def script(self, text: str) -> None:
        """Statements in PostgreSQL's own words."""
        self.link.execute(text.encode())

    def _ask(self, text: str, parameters: Parameters) -> Rows:
        try:
            return self.link.execute(text.encode(), parameters)
        except psycopg.DataError as error:
            if not refusals.is_nul(error):
                raise
            return self.link.execute(text.encode(), _without_nul(parameters))
        except psycopg.Error as error:
            if self._begun or not self.is_gone(error):
                raise
            return self.link.execute(text.encode(), parameters)

    # --- transactions

    def begin(self) -> None:
        try:
            self._begin()
        except psycopg.Error as error:
            gone = self.is_gone(error)
            self.rollback()
            if not gone:
                raise
            self._begin()  # nothing was begun on the connection that is gone

    def _begin(self) -> None:
        found = self.link.execute(BEGIN.encode())
        while found.nextset():
            pass
        (self._begun,) = found.fetchone() or ('',)

    def commit(self) -> None:
        number, self._begun = self._begun, ''
        try:
            done = self._link.execute(b'COMMIT')
        except psycopg.Error as error:
            if not self.is_gone(error):
                raise
            if self._has(number):
                return
            raise refusals.cut_off(self.url) from error
        assert done.statusmessage == 'COMMIT', 'an error of the database was not heeded'

    def _has(self, number: str) -> bool:
        """Whether the transaction was committed whose COMMIT nobody answered.

        A server that crashed gives numbers again which it had not written to its disk. So one that
        it does not know was not committed; one that it says was may be somebody else's.
        """
        end, known = time.monotonic() + PATIENCE, self._link.since
        while time.monotonic() < end:
            try:
                asked = self.link.execute(OUTCOME.encode(), (number,)).fetchone()
            except psycopg.errors.InvalidParameterValue:  # it is in the future
                return False
            status, since = asked or ('', '')
            if status != 'in progress':
                if status == 'committed' and since != known:
                    break
                return bool(status == 'committed')
            time.sleep(0.05)
        raise refusals.unknown_outcome(self.url)

    def rollback(self) -> None:
        self._begun = ''
        if self._link.closed:
            return
        try:
            self._link.execute(b'ROLLBACK')
        except psycopg.Error:
            self._link.close()

    def explained(self, error: psycopg.Error) -> Exception:
        """As a person can act on it; the error itself where it is a bug of ours."""
        return refusals.explained(error, self.url, lost=self._link.closed)

    def is_gone(self, error: BaseException) -> bool:
        """Whether there is no connection any more. The server may have said so with its last words,
        before the connection itself is seen to be closed."""
        if isinstance(error, psycopg.Error) and refusals.is_last_word(error):
            self._link.close()
        return self._link.closed

    def close(self) -> None:
        self._link.close()


def connect(url: str, patience: float) -> Link:
    """UserError if it cannot be done within so many seconds, or never will."""
    end = time.monotonic() + patience
    while True:
        try:
            return _connected(url)
        except psycopg.Error as error:
            if time.monotonic() > end or not refusals.may_pass(error):
                raise refusals.explained(error, url, lost=True) from None
            time.sleep(0.1)


def _connected(url: str) -> Link:
    link = Link.connect(url, autocommit=True, application_name=NAME, **ALIVE)
    try:
        link.adapters.register_dumper(bool, Truth)
        link.adapters.register_loader('numeric', Number)
        link.execute(SETTINGS.encode())
        (link.since,) = link.execute(f'SELECT {SINCE}'.encode()).fetchone() or ('',)
    except psycopg.Error:
        link.close()
        raise
    return link


def _without_nul(parameters: Parameters) -> Parameters:
    """PostgreSQL has no NUL in texts."""

    def clean(value: Any) -> Any:
        return value.replace('\0', '\ufffd') if isinstance(value, str) else value

    if isinstance(parameters, Sequence):
        return [clean(value) for value in parameters]
    return {name: clean(value) for name, value in parameters.items()}
