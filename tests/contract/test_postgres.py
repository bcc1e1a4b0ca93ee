"""What happens when PostgreSQL, or the way to it, fails."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

import postgres
from liftlock.errors import UserError
from liftlock.plan import facts as f
from liftlock.store import deliveries, journal, leases, owners, runs, schema
from liftlock.store.database import Store, open_store
from liftlock.store.engines import session as sessions
from liftlock.store.owners import Owner
from liftlock.store.runs import Draft
from liftlock.store.secrets import Safe, Scope
from liftlock.store.sql import CutOff, Unreachable
from patience import eventually
from postgres import Cluster

DRAFT: Final = Draft('o/r', 'ci.yml', 'CI', 'a change', 'push', 'refs/heads/main', 'abc', 'me')
NOTE: Final = "INSERT INTO served (run, who) VALUES (7, 'me')"


@pytest.fixture(params=['postgres'])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    yield from postgres.chosen(request)


@pytest.fixture(scope='module')
def own() -> Iterator[Cluster]:
    """A server that a test may stop."""
    with postgres.cluster() as cluster:
        yield cluster


@pytest.fixture
def mortal(own: Cluster, tmp_path: Path) -> Iterator[Store]:
    """A store on that."""
    opened = open_store(tmp_path / 'state', own.database())
    yield opened
    opened.close()


def submit(store: Store) -> int:
    return runs.submit(store, DRAFT, '0-0', lambda run, number: f'{run}')[0]


def noted(store: Store) -> bool:
    with store.reading() as sql:
        return sql.execute('SELECT who FROM served WHERE run = 7').fetchone() is not None


def since(store: Store) -> str:
    """When its server was started, or came back from a crash."""
    with contextlib.closing(sessions.connect(store.database, 10)) as link:
        return link.since


def cut(store: Store) -> None:
    """End the connection of the store, as the server sees it."""
    with contextlib.closing(store.again()) as other, other.reading() as sql:
        sql.execute(
            'SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity'
            ' WHERE datname = current_database() AND pid <> pg_backend_pid()'
        )


# --- connections that are lost


def test_a_store_goes_on_when_the_server_was_started_again(own: Cluster, mortal: Store) -> None:
    run = submit(mortal)
    own.stop()
    own.start()
    assert len(mortal.facts(run)) == 1
    own.stop('fast')
    own.start()
    mortal.append(run, [f.RunFinished('success')])
    assert [type(one.fact) for one in mortal.facts(run)] == [f.RunSubmitted, f.RunFinished]


def test_a_server_that_is_away_is_waited_for_and_then_told_of(
    own: Cluster, mortal: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(mortal)
    own.stop()
    later = threading.Timer(0.5, own.start)
    later.start()
    assert len(runs.recent(mortal)) == 1
    later.join()
    monkeypatch.setattr(sessions, 'PATIENCE', 0.2)
    own.stop()
    with pytest.raises(UserError, match='cannot reach the database postgresql://liftlock@/'):
        runs.recent(mortal)
    with pytest.raises(UserError, match='cannot reach the database'):
        submit(mortal)
    own.start()
    assert len(runs.recent(mortal)) == 1


def test_a_server_that_ends_while_a_connection_is_made_is_told_of_or_tried_again(
    own: Cluster, mortal: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    execute, cut = sessions.Link.execute, []

    def losing(link: Any, query: Any, *given: Any) -> Any:
        if query == f'SELECT {sessions.SINCE}'.encode() and not cut:
            cut.append(link)
            own.stop('immediate')
            with pytest.raises(psycopg.OperationalError) as lost:
                execute(link, query, *given)
            own.start()
            raise lost.value
        return execute(link, query, *given)

    monkeypatch.setattr(sessions.Link, 'execute', losing)
    mortal.again().close()
    assert cut[0].closed
    cut.clear()
    monkeypatch.setattr(sessions, 'FIRST', 0.0)
    with pytest.raises(Unreachable):
        mortal.again()


def test_a_transaction_that_is_cut_off_writes_nothing_and_says_so(store: Store) -> None:
    def write() -> None:
        with store.transaction() as sql:
            sql.execute(NOTE)
            cut(store)
            sql.execute('SELECT 1')

    with pytest.raises(CutOff, match='was lost, and nothing was written'):
        write()
    assert not noted(store)
    with store.transaction() as sql:
        sql.execute(NOTE)
    assert noted(store)


def test_one_that_is_cut_off_before_its_end_is_no_different(store: Store) -> None:
    def write() -> None:
        with store.transaction() as sql:
            sql.execute(NOTE)
            cut(store)

    with pytest.raises(CutOff):
        write()
    assert not noted(store)


def test_facts_are_written_once_although_the_first_try_was_cut_off(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, append, tries = submit(store), journal.append, []

    def cutting(*given: Any) -> list[f.Stamped]:
        written = append(*given)
        tries.append(1)
        if len(tries) == 1:
            cut(store)
        return written

    monkeypatch.setattr(journal, 'append', cutting)
    store.append(run, [f.RunFinished('success')])
    assert len(tries) == 2
    assert [type(one.fact) for one in store.facts(run)] == [f.RunSubmitted, f.RunFinished]


@pytest.mark.parametrize('committed', [True, False])
def test_when_the_answer_to_a_commit_is_lost_the_server_is_asked_what_became_of_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    import psycopg

    execute = sessions.Link.execute

    def losing(link: Any, query: Any, *given: Any) -> Any:
        if query != b'COMMIT':
            return execute(link, query, *given)
        if committed:
            execute(link, query)
        link.close()
        raise psycopg.OperationalError('consuming input failed: connection reset by peer')

    monkeypatch.setattr(sessions.Link, 'execute', losing)
    told = contextlib.nullcontext() if committed else pytest.raises(CutOff)
    with told, store.transaction() as sql:
        sql.execute(NOTE)
    assert noted(store) is committed


@pytest.mark.parametrize('others', [0, 50])
@pytest.mark.parametrize('whole', [True, False], ids=['the server', 'one of its processes'])
def test_a_server_that_crashed_is_not_believed_to_have_what_it_has_lost(
    own: Cluster, mortal: Store, monkeypatch: pytest.MonkeyPatch, others: int, whole: bool
) -> None:
    """It gives the numbers of lost transactions to `others`."""
    import psycopg

    execute = sessions.Link.execute

    def losing(link: Any, query: Any, *given: Any) -> Any:
        if query != b'COMMIT':
            return execute(link, query, *given)
        monkeypatch.undo()
        if whole:
            own.stop('immediate')
            own.start()
        else:
            os.kill(link.info.backend_pid, signal.SIGKILL)
            eventually(lambda: since(mortal) != link.since)
        link.close()
        other = mortal.again()
        for _ in range(others):
            with other.transaction():
                pass
        other.close()
        raise psycopg.OperationalError('consuming input failed: connection reset by peer')

    monkeypatch.setattr(sessions.Link, 'execute', losing)
    with pytest.raises(Unreachable), mortal.transaction() as sql:
        sql.execute(NOTE)
    assert not noted(mortal)


def test_an_answer_that_never_comes_is_not_waited_for_for_ever(
    own: Cluster, mortal: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, 'ANSWER', 0.3)
    monkeypatch.setitem(sessions.ALIVE, 'connect_timeout', 2)
    monkeypatch.setattr(sessions, 'PATIENCE', 0.2)
    with mortal.reading() as sql:
        (backend,) = sql.execute('SELECT pg_backend_pid()').fetchone()
    for process in (backend, own.pid):
        os.kill(process, signal.SIGSTOP)
    try:
        with pytest.raises(UserError, match='cannot reach the database'):
            runs.recent(mortal)
    finally:
        for process in (backend, own.pid):
            os.kill(process, signal.SIGCONT)
    monkeypatch.setattr(sessions, 'ANSWER', 60.0)
    assert runs.recent(mortal) == []


# --- other writers

PROLOGUE: Final = """
import os, signal, sys, time
from pathlib import Path
from liftlock.store import runs
from liftlock.store.database import open_store
from liftlock.store.engines import session
from liftlock.store.owners import Owner
"""
FREEZE: Final = """
session.SETTINGS = session.SETTINGS.replace("timeout = '10s'", "timeout = '1s'")
store = open_store(Path(sys.argv[1]), sys.argv[2])
try:
    with store.transaction() as sql:
        sql.execute("INSERT INTO served (run, who) VALUES (7, 'me')")
        print('frozen', flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)
except Exception as error:
    print(type(error).__name__, flush=True)
"""


@contextlib.contextmanager
def child(store: Store, script: str) -> 'Iterator[subprocess.Popen[str]]':
    command = [sys.executable, '-c', PROLOGUE + script, str(store.directory), store.database]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: 'subprocess.Popen[str]') -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_writer_that_is_frozen_holds_up_nobody_for_long(store: Store) -> None:
    with child(store, FREEZE) as process:
        assert line(process) == 'frozen'
        run = submit(store)
        assert not noted(store)
        process.send_signal(signal.SIGCONT)
        assert line(process) == 'CutOff'
    assert [one.id for one in runs.recent(store)] == [run]


def test_who_follows_the_facts_misses_none_of_them(store: Store) -> None:
    many, seen, over = 40, [], threading.Event()

    def write() -> None:
        with contextlib.closing(store.again()) as mine:
            run = submit(mine)
            for _ in range(many):
                mine.append(run, [f.JobQueued('a', 'A', ())])

    def follow() -> None:
        with contextlib.closing(store.again()) as mine:
            last = 0
            while True:
                ended = over.is_set()
                with mine.reading() as sql:
                    query = 'SELECT seq FROM facts WHERE seq > ? ORDER BY seq'
                    found = [seq for (seq,) in sql.execute(query, (last,))]
                seen.extend(found)
                last = seen[-1] if seen else 0
                if ended:
                    return

    follower = threading.Thread(target=follow)
    writers = [threading.Thread(target=write) for _ in range(4)]
    for thread in (follower, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    over.set()
    follower.join()
    assert seen == list(range(1, 4 * (many + 1) + 1))


# --- schemas


def test_many_processes_make_the_tables_of_an_empty_database_at_once(tmp_path: Path) -> None:
    url = postgres.shared().database()
    script = f'{PROLOGUE}open_store(Path(sys.argv[1]), sys.argv[2])'
    command = [sys.executable, '-c', script, str(tmp_path / 'state'), url]
    children = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(5)]
    for process in children:
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    with contextlib.closing(open_store(tmp_path / 'state', url)) as opened:
        submit(opened)


def test_an_older_process_goes_on_beside_a_newer_schema_but_none_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.shared().database()
    with contextlib.closing(open_store(tmp_path, url)) as old:
        run = submit(old)
        read = schema.read
        added = (
            "ALTER TABLE runs ADD COLUMN added TEXT NOT NULL DEFAULT ''; CREATE TABLE more (a TEXT)"
        )
        with monkeypatch.context() as newer:
            newer.setattr(schema, 'MIGRATIONS', (*schema.MIGRATIONS, 'next.sql'))
            newer.setattr(schema, 'read', lambda name: added if name == 'next.sql' else read(name))
            open_store(tmp_path, url).close()
        old.append(run, [f.RunFinished('success')])
        assert submit(old) == run + 1
        with contextlib.closing(old.again()) as again:
            assert len(runs.recent(again)) == 2
        with pytest.raises(UserError, match='written by a newer Liftlock'):
            open_store(tmp_path, url)


def test_a_database_with_tables_of_something_else_is_refused(tmp_path: Path) -> None:
    url = postgres.shared().database()
    name = url.partition('?')[0].rpartition('/')[2]
    postgres.shared().ask('CREATE TABLE runs (id INTEGER)', name)
    with pytest.raises(UserError, match='holds tables of something else'):
        open_store(tmp_path, url)


# --- what a person can put right


@pytest.mark.parametrize(
    ('change', 'said', 'hint'),
    [
        (('/d', '/none-d'), 'does not exist', 'create it'),
        (('liftlock@', 'nobody@'), 'role "nobody" does not exist', 'create the user'),
        (('host=/', 'host=/nowhere/'), 'No such file', 'is PostgreSQL running there'),
        (('postgresql:', 'sqlite:'), 'is no address of a database', 'for example'),
    ],
)
def test_what_cannot_be_reached_is_told_plainly(
    database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: tuple[str, str],
    said: str,
    hint: str,
) -> None:
    monkeypatch.setattr(sessions, 'FIRST', 0.1)
    with pytest.raises(UserError, match=said) as told:
        open_store(tmp_path, database.replace(*change))
    assert hint in told.value.hint


def test_a_read_only_database_is_told_plainly(store: Store) -> None:
    with store.reading() as sql:
        sql.execute('SET default_transaction_read_only = on')
    with pytest.raises(UserError, match='it is read-only'):
        submit(store)


def test_a_database_that_is_not_in_utf8_is_refused(tmp_path: Path) -> None:
    cluster = postgres.shared()
    cluster.ask("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    with pytest.raises(UserError, match='is encoded in LATIN1'):
        open_store(tmp_path, cluster.url('latin'))


def test_a_nul_in_a_text_is_written_as_what_can_be_written(store: Store) -> None:
    draft = DRAFT._replace(title='a\0b')
    runs.submit(store, draft, '0-0', lambda run, number: 'x')
    assert [one.title for one in runs.recent(store)] == ['a\ufffdb']


@pytest.mark.parametrize('name', ['Prod\u200buction', '\uff50roduction'])
def test_a_name_that_only_looks_the_same_is_not_the_same(store: Store, name: str) -> None:
    safe = Safe(store)
    place = deliveries.environment(store, 'o/r', 'production')
    assert deliveries.environment(store, 'o/r', 'PRODUCTION') == place
    with pytest.raises(UserError, match='can hardly be told from "production"'):
        deliveries.environment(store, 'o/r', name)
    safe.set(Scope('o/r', 'production'), 'TOKEN', 'x', 'me')
    safe.set(Scope('o/r', 'Production'), 'TOKEN', 'y', 'me')
    for act in (
        lambda: safe.set(Scope('o/r', name), 'TOKEN', 'z', 'you'),
        lambda: safe.remove(Scope('o/r', name), 'TOKEN', 'you'),
    ):
        with pytest.raises(UserError, match='can hardly be told from'):
            act()
    assert safe.of('o/r', 'production') == {'TOKEN': 'y'}


# --- who lives

HOLD: Final = """
store = open_store(Path(sys.argv[1]), sys.argv[2])
owner = Owner(store)
print(owner.name, flush=True)
while not owner.lost:
    time.sleep(0.02)
print('lost', flush=True)
"""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (('BEAT', 0.1), ('BACK', 0.5), ('GRACE', 1.0), ('SURE', 0.3)):
        monkeypatch.setattr(leases, name, seconds)


@pytest.mark.usefixtures('quick')
def test_who_is_frozen_is_given_up_and_does_not_come_back(store: Store) -> None:
    script = f'from liftlock.store import leases; leases.BEAT = 0.1\n{HOLD}'
    with child(store, script) as process:
        name = line(process)
        assert not owners.dead(store, name)
        process.send_signal(signal.SIGSTOP)
        eventually(lambda: owners.dead(store, name))
        process.send_signal(signal.SIGCONT)
        assert owners.dead(store, name), 'what was given up stays so'
        assert line(process) == 'lost', 'it hears of it'


@pytest.mark.usefixtures('quick')
def test_who_lives_is_alive_when_the_server_was_started_again(own: Cluster, mortal: Store) -> None:
    owner = Owner(mortal)
    other = '1-gone'
    with mortal.transaction() as sql:
        sql.execute(leases.ENTER, (other, 'somewhere', 1))
    own.stop()
    own.start()
    eventually(lambda: owners.dead(mortal, other))
    assert not owners.dead(mortal, owner.name)
    owner.release()
    assert owners.dead(mortal, owner.name)


def test_a_directory_of_another_store_is_refused_before_numbers_meet(
    database: str, tmp_path: Path
) -> None:
    """As of who has said `--database` for the first time, and restored nothing."""
    (tmp_path / 'state/logs/1').mkdir(parents=True)
    with pytest.raises(UserError, match='holds runs that the database does not know') as caught:
        open_store(tmp_path / 'state', database)
    assert 'liftlock restore' in caught.value.hint
    with contextlib.closing(open_store(tmp_path / 'empty', database)) as opened:
        submit(opened)
    with contextlib.closing(open_store(tmp_path / 'state', database)):
        pass  # it has runs, whose logs these may be
