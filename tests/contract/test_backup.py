"""A store in one file, and made of it again, on whichever database."""

import contextlib
import io
import tarfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

import postgres
from liftlock.errors import UserError
from liftlock.plan import facts as f
from liftlock.store import access, backup, blobs, restoring, runs, schema
from liftlock.store.artifacts import RunArtifacts
from liftlock.store.database import Store, open_store
from liftlock.store.logs import LogReader, LogWriter
from liftlock.store.paths import RunPaths
from liftlock.store.runs import Draft
from liftlock.store.secrets import Safe, Scope

DRAFT: Final = Draft('o/r', 'ci.yml', 'CI', 'Grüße', 'push', 'refs/heads/main', 'abc', 'me')


@pytest.fixture(params=['to sqlite', 'to postgres'])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(postgres.database()) if 'postgres' in request.param else ''
        yield stack.enter_context(closing(open_store(tmp_path / 'empty', url)))


@pytest.fixture
def full(store: Store) -> Store:
    """With something of everything that is kept."""
    run, _ = runs.submit(store, DRAFT, '0-0', lambda run, number: 'request')
    store.append(run, [f.JobQueued('a', 'A', ()), f.RunFinished('success')])
    Safe(store).set(Scope('o/r', 'production'), 'TOKEN', 'x', 'me')
    access.create(store, 'mona', 'admin')
    for name in ('out', 'gone'):
        new = blobs.scratch(store.directory)
        new.write_text(name)
        RunArtifacts(store, run).adopt(name, new, blobs.digest(new), 1, time.time() + 60)
    RunArtifacts(store, run).remove('gone')
    log = LogWriter(RunPaths(store.directory, run).log('a', 1))
    log.write(1, 'hello')
    log.close()
    (store.directory / 'sources/x.git/refs').mkdir(parents=True)
    (store.directory / 'sources/x.git/HEAD').write_text('ref: refs/heads/main')
    return store


def written(store: Store, **wish: bool) -> bytes:
    sink = io.BytesIO()
    backup.write(store, sink, **wish)
    return sink.getvalue()


def rows(store: Store) -> dict[str, list[Any]]:
    found = {}
    with store.reading() as sql:
        for table, columns in store.engine.tables().items():
            if table not in backup.LEFT_OUT:
                named = ', '.join(f'"{column}"' for column in sorted(columns))
                found[table] = sorted(sql.execute(f'SELECT {named} FROM "{table}"').fetchall())
    return found


def test_everything_comes_back_and_numbers_go_on(full: Store, empty: Store) -> None:
    told = restoring.read(empty, io.BytesIO(written(full)))
    assert rows(empty) == rows(full)
    assert told.rows == sum(map(len, rows(full).values()))
    assert sum(map(len, rows(full).values())) == 10
    (run,) = runs.recent(empty)
    (line,) = LogReader(RunPaths(empty.directory, run.id).log('a', 1)).lines()
    assert line.text == 'hello'
    (out,) = RunArtifacts(empty, run.id).current()
    assert blobs.path(empty.directory, out.digest).read_text() == 'out'
    assert (empty.directory / 'sources/x.git/refs').is_dir()
    assert not (empty.directory / 'secrets.key').exists()
    assert runs.submit(empty, DRAFT, '0-0', lambda run, number: 'next')[0] == run.id + 1
    new = blobs.scratch(empty.directory)
    new.write_text('new')
    made = RunArtifacts(empty, run.id).adopt('new', new, blobs.digest(new), 1, time.time() + 60)
    assert made == out.id + 2, 'no number is given again, not that of one that is gone either'


def test_the_tables_alone_are_enough_for_who_says_so(full: Store, empty: Store) -> None:
    told = restoring.read(empty, io.BytesIO(written(full, database_only=True)))
    assert told.files == 0
    assert rows(empty) == rows(full)
    assert not (empty.directory / 'logs').exists()


def test_a_store_that_holds_anything_is_left_as_it_is(full: Store) -> None:
    before = rows(full)
    with pytest.raises(UserError, match='is not empty: its table access_tokens has rows'):
        restoring.read(full, io.BytesIO(written(full)))
    assert rows(full) == before


def test_files_without_a_database_are_something_too(full: Store, empty: Store) -> None:
    (empty.directory / 'logs/7').mkdir(parents=True)
    (empty.directory / 'logs/7/a-1.log').write_text('precious')
    with pytest.raises(UserError, match=r'is not empty: .*/logs/7/a-1\.log is there'):
        restoring.read(empty, io.BytesIO(written(full)))


@pytest.mark.parametrize('part', [0.3, 0.6, 0.95])
def test_a_backup_that_was_cut_off_is_refused_and_leaves_nothing(
    full: Store, empty: Store, part: float
) -> None:
    whole = written(full)
    with pytest.raises(UserError, match=r'the backup is (damaged|not whole)'):
        restoring.read(empty, io.BytesIO(whole[: int(len(whole) * part)]))
    assert not any(rows(empty).values())
    assert not (empty.directory / 'logs').exists()


def test_a_blob_that_was_changed_is_noticed(full: Store, empty: Store) -> None:
    whole = written(full)
    assert whole.count(b'out\0') == 1
    with pytest.raises(UserError, match=r'the blob .* is another one'):
        restoring.read(empty, io.BytesIO(whole.replace(b'out\0', b'evi\0')))
    assert not any(rows(empty).values())


@pytest.mark.parametrize(
    ('name', 'kind'),
    [
        ('files/logs/../../../evil', tarfile.REGTYPE),
        ('/etc/evil', tarfile.REGTYPE),
        ('files/work/evil', tarfile.REGTYPE),
        ('secrets.key', tarfile.REGTYPE),
        ('files/logs/1/evil', tarfile.SYMTYPE),
        ('files/logs/1/evil', tarfile.LNKTYPE),
    ],
)
@pytest.mark.parametrize('database', ['sqlite'], indirect=True)
def test_nothing_leads_out_of_the_store(store: Store, name: str, kind: bytes) -> None:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode='w') as archive:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, '/etc/passwd'
        archive.addfile(member)
    with pytest.raises(UserError, match='this is no backup of a store'):
        restoring.read(store, io.BytesIO(sink.getvalue()))


def test_an_older_schema_is_read_and_a_newer_one_refused(
    full: Store, empty: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = written(full)
    with monkeypatch.context() as older:
        older.setattr(schema, 'MIGRATIONS', schema.MIGRATIONS[:-1])
        with pytest.raises(UserError, match='written by a newer Liftlock'):
            restoring.read(empty, io.BytesIO(whole))
        older_one = written(full)
    assert restoring.read(empty, io.BytesIO(older_one)).schema == len(schema.MIGRATIONS) - 1
    assert rows(empty) == rows(full)
