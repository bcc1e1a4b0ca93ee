"""Blobs in a bucket: every machine has them, and what nobody refers to goes."""

import asyncio
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

import buckets
from liftlock.errors import UserError
from liftlock.plan import facts as f
from liftlock.plan.trust import Scopes
from liftlock.store import backup, blobs, runs
from liftlock.store import tidy as tidying
from liftlock.store.artifacts import RunArtifacts
from liftlock.store.bucket import Bucket
from liftlock.store.caches import RunCaches
from liftlock.store.database import Store, open_store
from liftlock.store.logs import LogReader, LogWriter
from liftlock.store.paths import RunPaths
from liftlock.store.runs import Draft
from patience import eventually

DRAFT: Final = Draft('o/r', 'ci.yml', 'CI', 't', 'push', 'refs/heads/main', 'abc', 'me')
URL: Final = 's3://blobs/some/where'


@pytest.fixture(scope='module')
def client() -> Iterator[Any]:
    with buckets.bucket() as client:
        yield client


@pytest.fixture
def store(client: Any, database: str, tmp_path: Path) -> Iterator[Store]:
    for one in client.list_objects_v2(Bucket='blobs').get('Contents', ()):
        client.delete_object(Bucket='blobs', Key=one['Key'])
    with closing(open_store(tmp_path / 'one', database, URL)) as opened:
        yield opened


def keys(client: Any) -> list[str]:
    return [one['Key'] for one in client.list_objects_v2(Bucket='blobs').get('Contents', ())]


def kept(store: Store, tmp_path: Path, text: str) -> tuple[int, str]:
    """The run that has an artifact, and its digest."""
    run, _ = runs.submit(store, DRAFT, '0-0', lambda run, number: f'{run}')
    new = blobs.scratch(store.directory)
    new.write_text(text)
    digest = blobs.digest(new)
    RunArtifacts(store, run).adopt('out', new, digest, 1, time.time() + 3600)
    return run, digest


def test_what_one_machine_keeps_another_fetches_and_proves(
    store: Store, client: Any, tmp_path: Path
) -> None:
    _, digest = kept(store, tmp_path, 'hello')
    key = f'some/where/blobs/{digest[:2]}/{digest[2:]}'
    assert keys(client) == [key]
    elsewhere = tmp_path / 'two'
    with closing(open_store(elsewhere, store.database, URL)):
        assert blobs.path(elsewhere, digest).read_text() == 'hello'
        assert blobs.path(elsewhere, 'f' * 64).exists() is False
        blobs.place(elsewhere, digest).unlink()
        client.put_object(Bucket='blobs', Key=key, Body=b'evil')
        with pytest.raises(UserError, match='is not what was written there'):
            blobs.path(elsewhere, digest)
        assert not blobs.place(elsewhere, digest).exists()


def test_caches_are_found_by_a_machine_that_did_not_make_them(store: Store, tmp_path: Path) -> None:
    scopes = Scopes(('refs/heads/main',), 'refs/heads/main')
    archive = tmp_path / 'archive'
    archive.write_text('cached')
    assert asyncio.run(RunCaches(store, 'o/r', scopes).store('k', 'v', archive))
    blobs.place(store.directory, blobs.digest(archive)).unlink()
    hit = asyncio.run(RunCaches(store, 'o/r', scopes).find('k', (), 'v'))
    assert hit is not None
    assert hit[1].read_text() == 'cached'


def test_what_nobody_refers_to_goes_but_not_what_somebody_is_about_to(
    store: Store, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(store, tmp_path, 'used')
    unused = tmp_path / 'file'
    unused.write_text('unused')
    blobs.publish(store.directory, unused, blobs.digest(unused))
    tidying.tidy(store, time.time())
    assert len(keys(client)) == 2
    monkeypatch.setattr(blobs, 'SAFE', -60.0)  # as if a day had gone by
    tidying.tidy(store, time.time())
    assert [key[-62:] for key in keys(client)] == [hashlib.sha256(b'used').hexdigest()[2:]]


def test_a_copy_that_nobody_asks_for_makes_room(store: Store, tmp_path: Path) -> None:
    _, digest = kept(store, tmp_path, 'hello')
    copy = blobs.place(store.directory, digest)
    old = time.time() - blobs.KEPT - 60
    os.utime(copy, (old, old))
    tidying.tidy(store, time.time())
    assert not copy.exists()
    assert blobs.path(store.directory, digest).read_text() == 'hello'


def test_what_was_here_before_there_was_a_bucket_is_put_into_it_before_it_makes_room(
    database: str, client: Any, tmp_path: Path
) -> None:
    """After a move from a directory to a bucket, say, or a restored backup."""
    with closing(open_store(tmp_path / 'moved', database)) as before:
        _, digest = kept(before, tmp_path, 'from before')
        file = blobs.place(before.directory, digest)
        old = time.time() - blobs.KEPT - 60
        os.utime(file, (old, old))
    with closing(open_store(tmp_path / 'moved', database, 's3://none')) as store:
        tidying.tidy(store, time.time())
        assert file.exists(), 'a bucket that cannot be used has nothing'
    with closing(open_store(tmp_path / 'moved', database, URL)) as store:
        tidying.tidy(store, time.time())
        assert f'some/where/blobs/{digest[:2]}/{digest[2:]}' in keys(client)
        tidying.tidy(store, time.time())
        assert not file.exists()
        assert blobs.path(store.directory, digest).read_text() == 'from before'


def test_a_backup_has_what_the_bucket_has_not(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(store, tmp_path, 'in the bucket')
    with monkeypatch.context() as before:
        before.setattr(blobs, 'publish', lambda *given: None)
        _, digest = kept(store, tmp_path, 'only here')
    names = [name for name, file in backup.found(store) if name.startswith('blobs')]
    assert names == [f'blobs/{digest[:2]}/{digest[2:]}']


def lines(store: Store, run: int, attempt: int = 1) -> list[str]:
    return [one.text for one in LogReader(RunPaths(store.directory, run).log('a', attempt)).lines()]


def write(store: Store, run: int, text: str, attempt: int = 1) -> None:
    log = LogWriter(RunPaths(store.directory, run).log('a', attempt))
    log.write(1, text)
    log.close()


def test_old_logs_are_put_away_brought_back_and_forgotten(
    store: Store, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = runs.submit(store, DRAFT, '0-0', lambda run, number: f'{run}')
    write(store, run, 'hello')
    store.append(run, [f.RunFinished('success')])
    day = tidying.PACKED_AFTER
    tidying.tidy(store, time.time())
    assert keys(client) == [], 'not yet'
    tidying.tidy(store, time.time() + day + 60)
    assert keys(client) == [f'some/where/logs/{run}.tar']
    monkeypatch.setattr(blobs, 'KEPT', -60.0)  # as if a week had gone by
    tidying.tidy(store, time.time() + day + 60)
    assert not (store.directory / f'logs/{run}').exists()
    write(store, run, 'again', attempt=2)
    later = time.time() + 2
    os.utime(store.directory / f'logs/{run}/a-2.log', (later, later))
    assert lines(store, run, 2) == ['again']
    assert lines(store, run) == ['hello'], 'and what the first attempt said is brought back'

    def is_put_away() -> bool:
        tidying.tidy(store, time.time() + day + 60)
        return not (store.directory / f'logs/{run}').exists()

    eventually(is_put_away)
    assert (lines(store, run), lines(store, run, 2)) == (['hello'], ['again'])
    tidying.tidy(store, time.time() + runs.KEPT + 60)
    assert keys(client) == []
    assert lines(store, run) == []


def test_a_bucket_that_is_not_there_is_told_plainly(client: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r'cannot use the storage s3://none: .*NoSuchBucket'):
        Bucket('s3://none').put(Path(__file__), 'a')
    assert 'cannot use the storage s3://none: ' in Bucket('s3://none').look()
    assert Bucket(URL).look() == ''
    for wrong in ('gs://ci', 's3://', '/tmp', 's3://blobs?a=b'):
        with pytest.raises(UserError, match='is no place for blobs'):
            open_store(tmp_path, '', wrong)


@pytest.mark.usefixtures('client')
def test_tidying_does_not_fail_for_a_bucket_that_cannot_be_used(tmp_path: Path) -> None:
    with closing(open_store(tmp_path, '', 's3://none')) as store:
        tidying.tidy(store, time.time())
