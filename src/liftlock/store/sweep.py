"""What is no longer needed in the bucket goes, and what is old enough is put into it.

A bucket that cannot be used now is nobody's failure: an hour later it is tried again.
"""

import contextlib
from collections.abc import Mapping
from pathlib import Path

from liftlock.errors import UserError
from liftlock.store import attic, blobs, references
from liftlock.store.bucket import Bucket
from liftlock.store.database import Store


def sweep(store: Store, bucket: Bucket, ended: str, overdue: str, now: float, day: float) -> None:
    """`ended` and `overdue` are queries of runs: by `:now`, and of those whose logs are over."""
    with contextlib.suppress(UserError):
        there = dict(blobs.there(bucket))
        _remove_blobs(store, bucket, there, now)
        _make_room(store, bucket, there, now)
        _put_logs_away(store, bucket, ended, now - day)
        _remove_logs(store, bucket, overdue, now)


def _remove_blobs(store: Store, bucket: Bucket, there: Mapping[str, float], now: float) -> None:
    wanted = references.used(store)
    for digest, written in there.items():
        if digest in wanted or written >= now - blobs.SAFE:
            continue
        key = blobs.key(digest)
        with store.transaction() as sql:
            if not references.is_used(sql, digest) and bucket.written(key) == written:
                bucket.remove(key)  # nobody is about to refer to it: he would have written it


def _make_room(store: Store, bucket: Bucket, there: Mapping[str, float], now: float) -> None:
    """Copies go for which nobody has asked for long. What was here before there was a bucket, or
    was restored, is put into it first."""
    for digest, file in blobs.here(store.directory):
        with contextlib.suppress(FileNotFoundError):  # another machine makes room, too
            if digest not in there:
                bucket.put(file, blobs.key(digest))
            elif _is_stale(file, now):
                with store.transaction():  # nobody can adopt it meanwhile
                    if _is_stale(file, now):
                        file.unlink()


def _is_stale(file: Path, now: float) -> bool:
    return file.stat().st_mtime < now - blobs.KEPT


def _put_logs_away(store: Store, bucket: Bucket, ended: str, moment: float) -> None:
    folder = store.directory / attic.FOLDER
    if not folder.is_dir():
        return
    here = {int(path.name) for path in folder.iterdir() if path.name.isdecimal()}
    with store.reading() as sql:
        over = here & {row[0] for row in sql.execute(ended, {'now': moment})}
    there = attic.kept(bucket) if over else {}
    for run in sorted(over):
        attic.put_away(store.directory, bucket, run, there.get(run, 0.0))
        with store.transaction() as sql:  # nobody can begin it again meanwhile
            if sql.execute(f'{ended} AND id = :run', {'now': moment, 'run': run}).fetchone():
                attic.remove_copy(store.directory, run, there.get(run, 0.0))


def _remove_logs(store: Store, bucket: Bucket, overdue: str, now: float) -> None:
    with store.reading() as sql:
        over = {row[0] for row in sql.execute(overdue, {'now': now})}
    for run in attic.kept(bucket):
        if run in over:
            with store.transaction() as sql:
                if sql.execute(f'{overdue} AND id = :run', {'now': now, 'run': run}).fetchone():
                    bucket.remove(attic.key(run))
