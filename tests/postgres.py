"""A private PostgreSQL for tests: one cluster a session, a database of its own for each test.

It listens on a Unix socket in a directory of its own, and is not careful about the disk.
"""

import contextlib
import functools
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from containers import lack

DEBIAN: Final = '/usr/lib/postgresql'
FAST: Final = """
listen_addresses = ''
fsync = off
full_page_writes = off
synchronous_commit = off
max_connections = 60
shared_buffers = 32MB
autovacuum = off
max_wal_size = 256MB
"""
# For a test that asks what SQLite alone can be asked.
ON_SQLITE: Final = pytest.mark.parametrize('database', ['sqlite'], indirect=True)
_numbers: Final = itertools.count(1)


class Cluster:
    """A server, and databases in it."""

    def __init__(self, directory: Path, settings: str = FAST) -> None:
        """`directory`: empty, with a short name (a socket's path ends at 107 bytes)."""
        self.directory = directory
        self.data = directory / 'data'
        self._run('initdb', '-D', self.data, '-U', 'liftlock', '-A', 'trust', '-E', 'UTF8',
                  '--no-locale', '-N')  # fmt: skip
        with (self.data / 'postgresql.conf').open('a') as file:
            file.write(f"{settings}\nunix_socket_directories = '{directory}'\n")

    def start(self) -> None:
        self._run('pg_ctl', '-D', self.data, '-w', '-l', self.directory / 'log', 'start')

    def stop(self, mode: str = 'immediate') -> None:
        self._run('pg_ctl', '-D', self.data, '-m', mode, '-w', 'stop')

    @property
    def runs(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except (OSError, IndexError):
            return False
        return True

    @property
    def pid(self) -> int:
        """Of the postmaster."""
        return int((self.data / 'postmaster.pid').read_text().split()[0])

    def url(self, name: str) -> str:
        return f'postgresql://liftlock@/{name}?host={self.directory}'

    def ask(self, statement: str, name: str = 'postgres') -> list[Any]:
        import psycopg

        with psycopg.connect(self.url(name), autocommit=True) as sql:
            done = sql.execute(statement.encode())
            return done.fetchall() if done.description else []

    def database(self, template: str = '') -> str:
        """The URL of a new one."""
        name = f'd{os.getpid()}_{next(_numbers)}'
        self.ask(f'CREATE DATABASE {name} TEMPLATE {template or "template0"}')
        return self.url(name)

    def empty(self, url: str) -> None:
        """As it was when its tables were made; whoever is still connected is put out."""
        name = url.partition('?')[0].rpartition('/')[2]
        self.ask(EMPTY, name)

    def _run(self, program: str, *words: object) -> None:
        """As somebody who is not root: PostgreSQL refuses to be."""
        given = [str(_programs() / program), *map(str, words)]
        user = 'postgres' if os.getuid() == 0 else None
        out = self.directory / f'{program}.out'  # a pipe would be kept by the server
        with out.open('w') as sink:
            done = subprocess.run(
                given, stdout=sink, stderr=sink, user=user, group=user, cwd='/', check=False,
                extra_groups=[] if user else None,
            )  # fmt: skip
        assert done.returncode == 0, f'{given}: {out.read_text()}'


@functools.cache
def _programs() -> Path:
    """Where `initdb` is."""
    found = sorted(Path(DEBIAN).glob('*/bin/initdb'), key=lambda path: int(path.parts[-3]))
    there = shutil.which('initdb')
    if not found and not there:
        lack('to run this: install postgresql (apt install postgresql)')
    return (found[-1] if found else Path(str(there)).resolve()).parent


@contextlib.contextmanager
def cluster(settings: str = FAST, place: Path | None = None) -> Iterator[Cluster]:
    """A server that is there for a while, in `place`. Skips where there is no PostgreSQL."""
    _programs()
    if os.getuid() == 0:
        try:
            pwd.getpwnam('postgres')
        except KeyError:
            lack('to run this as root: a user `postgres`, which the package postgresql makes')
    directory = Path(tempfile.mkdtemp(prefix='liftlock-pg-', dir=place))
    if os.getuid() == 0:
        shutil.chown(directory, 'postgres')
    made = None
    try:
        made = Cluster(directory, settings)
        made.start()
        yield made
    finally:
        if made is not None and made.runs:
            os.kill(made.pid, signal.SIGCONT)
            made.stop()
        shutil.rmtree(directory, ignore_errors=True)


EMPTY: Final = """
DO $$
DECLARE one record;
BEGIN
    PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    FOR one IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'schema_version' LOOP
        EXECUTE format('DELETE FROM %I', one.tablename);
    END LOOP;
    FOR one IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP
        PERFORM setval(one.sequencename::regclass, 1, false);
    END LOOP;
END $$"""
_idle: list[str] = []  # URLs
_shared: list[tuple[contextlib.ExitStack, Cluster]] = []


def shared() -> Cluster:
    """The one of this session, started when the first test wants it."""
    if not _shared:
        stack = contextlib.ExitStack()
        started = stack.enter_context(cluster())
        started.ask('CREATE DATABASE template_liftlock')
        _fill(started)
        _shared.append((stack, started))
    return _shared[0][1]


def _fill(started: Cluster) -> None:
    """A template that has the tables: copying it is quicker than making them."""
    from liftlock.store.engines.postgres import open_postgres

    open_postgres(started.url('template_liftlock')).close()


def end() -> None:
    _idle.clear()
    while _shared:
        _shared.pop()[0].close()


@contextlib.contextmanager
def database() -> Iterator[str]:
    """The URL of a store's empty database, for one test. It is emptied and used again: to make one
    takes longer than most tests."""
    url = _idle.pop() if _idle else shared().database('template_liftlock')
    yield url
    shared().empty(url)
    _idle.append(url)


def everything(url: str) -> list[bytes]:
    """All rows of all tables, as text; none where there is no database."""
    if not url:
        return []
    import psycopg

    with psycopg.connect(url) as sql:
        names = sql.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in names]
        return [
            str(row[0]).encode()
            for table in tables
            for row in sql.execute(f'SELECT t::text FROM "{table}" t'.encode())
        ]


def chosen(request: pytest.FixtureRequest) -> Iterator[str]:
    """For a fixture with `params=('sqlite', 'postgres')`: '' or a URL."""
    if request.param == 'sqlite':
        yield ''
    else:
        with database() as url:
            yield url
