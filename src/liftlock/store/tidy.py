"""What is no longer needed goes: expired artifacts, reports and logs, unreferenced blobs, old
workspaces, what forges have sent.

An artifact that is deployed, or to which an environment can go back, is needed however old it is.
Nothing here is urgent, so it happens after a run and at most once an hour.
"""

import time
from pathlib import Path
from typing import Final

from liftlock.store import blobs, logs, references
from liftlock.store.database import Store

HOUR: Final = 3600.0
WORK_KEPT: Final = 7 * 24 * HOUR  # for `rerun --from-step`
PACKED_AFTER: Final = 24 * HOUR
GONE: Final = '.gone'
EXPIRED: Final = """
DELETE FROM artifacts WHERE expires <= ? AND NOT EXISTS (
    SELECT 1 FROM returnable WHERE returnable.artifact = artifacts.digest)"""
HOOKS_KEPT: Final = 30 * 24 * HOUR  # to be looked at, and replayed
INTAKES_KEPT: Final = 90 * 24 * HOUR  # why something ran
OLD_HOOKS: Final = "DELETE FROM hooks WHERE at <= ? AND status != 'waiting'"
OLD_DECISIONS: Final = """
DELETE FROM decisions WHERE intake IN (
    SELECT id FROM intakes WHERE at <= ? AND status NOT IN ('begun', 'held'))"""
OLD_INTAKES: Final = "DELETE FROM intakes WHERE at <= ? AND status NOT IN ('begun', 'held')"
OLD_LOGS: Final = """
SELECT id FROM runs WHERE status = 'completed' AND finished + logs_kept < :now"""
ENDED: Final = """
SELECT id FROM runs WHERE status = 'completed' AND finished < :now"""


def due(store: Store) -> bool:
    """Whether it is time; then nobody else is told so for an hour."""
    mark = store.directory / 'tidied'
    try:
        late = time.time() - mark.stat().st_mtime > HOUR
    except FileNotFoundError:
        late = False
        mark.touch(0o600)
    if late:
        mark.touch(0o600)
    return late


def tidy(store: Store, now: float) -> None:
    with store.transaction() as sql:
        sql.execute(EXPIRED, (now,))
        sql.execute('DELETE FROM reports WHERE expires <= ?', (now,))
        sql.execute(OLD_HOOKS, (now - HOOKS_KEPT,))
        old = (now - INTAKES_KEPT,)
        sql.execute(OLD_DECISIONS, old)
        sql.execute(OLD_INTAKES, old)
    _remove_unreferenced(store)
    blobs.forget_unfinished(store.directory)
    _remove_old(store, 'logs', OLD_LOGS, now)
    _remove_old(store, 'work', ENDED, now - WORK_KEPT)
    for run in _finished_before(store, now - PACKED_AFTER):
        for name in (store.directory / 'logs' / str(run)).glob('*.log'):
            logs.compress(name.with_suffix(''))
    bucket = blobs.bucket_of(store.directory)
    if bucket is not None:
        from liftlock.store import sweep

        sweep.sweep(store, bucket, ENDED, OLD_LOGS, now, PACKED_AFTER)


def _remove_old(store: Store, folder: str, old: str, now: float) -> None:
    """Directories of runs that ended long ago. A run may start again at any moment: so it is
    looked at once more while nobody can write, and its directory renamed before it is removed.
    """
    directory = store.directory / folder
    if not directory.is_dir():
        return
    for leftover in directory.glob(f'*{GONE}'):
        remove_tree(leftover)
    there = {int(path.name) for path in directory.iterdir() if path.name.isdecimal()}
    with store.reading() as sql:
        overdue = {row[0] for row in sql.execute(old, {'now': now})}
    for run in sorted(there & overdue):
        path = directory / str(run)
        gone = path.with_name(f'{run}{GONE}')
        with store.transaction() as sql:
            if sql.execute(f'{old} AND id = :run', {'now': now, 'run': run}).fetchone():
                path.rename(gone)
        remove_tree(gone)


def remove_tree(path: Path) -> None:
    """Remove a directory, also where a job left read-only ones in it (as Go's module cache)."""
    import shutil

    for folder in path.rglob('*/'):
        if not folder.is_symlink():
            folder.chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)


def _remove_unreferenced(store: Store) -> None:
    wanted = references.used(store)
    for digest, file in blobs.here(store.directory):
        if digest not in wanted:
            with store.transaction() as sql:  # nobody can adopt it meanwhile
                if not references.is_used(sql, digest):
                    file.unlink(missing_ok=True)


def _finished_before(store: Store, moment: float) -> list[int]:
    with store.reading() as sql:
        rows = sql.execute(
            "SELECT id FROM runs WHERE status = 'completed' AND finished < ?"
            ' ORDER BY id DESC LIMIT 200',
            (moment,),
        )
        return [run for (run,) in rows]
