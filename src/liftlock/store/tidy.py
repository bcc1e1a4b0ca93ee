"""What is no longer needed goes: expired artifacts, reports and logs, unreferenced blobs, old
workspaces.

An artifact that is deployed, or to which an environment can go back, is needed however old it is.
Nothing here is urgent, so it happens after a run and at most once an hour.
"""

import time
from pathlib import Path
from typing import Final

from liftlock.store import blobs, logs
from liftlock.store.database import Store

HOUR: Final = 3600.0
WORK_KEPT: Final = 7 * 24 * HOUR  # for `rerun --from-step`
PACKED_AFTER: Final = 24 * HOUR
GONE: Final = '.gone'
EXPIRED: Final = """
DELETE FROM artifacts WHERE expires <= ? AND NOT EXISTS (
    SELECT 1 FROM returnable WHERE returnable.artifact = artifacts.digest)"""
OLD_LOGS: Final = """
SELECT id FROM runs WHERE status = 'completed' AND finished + logs_kept < :now"""
ENDED: Final = """
SELECT id FROM runs WHERE status = 'completed' AND finished < :now"""


def due(store: Store) -> bool:
    mark = store.directory / 'tidied'
    try:
        return time.time() - mark.stat().st_mtime > HOUR
    except FileNotFoundError:
        mark.touch(0o600)
        return False


def tidy(store: Store, now: float) -> None:
    (store.directory / 'tidied').touch(0o600)
    with store.transaction() as sql:
        sql.execute(EXPIRED, (now,))
        sql.execute('DELETE FROM reports WHERE expires <= ?', (now,))
    _remove_unreferenced(store)
    blobs.forget_unfinished(store.directory)
    _remove_old(store, 'logs', OLD_LOGS, now)
    _remove_old(store, 'work', ENDED, now - WORK_KEPT)
    for run in _finished_before(store, now - PACKED_AFTER):
        for name in (store.directory / 'logs' / str(run)).glob('*.log'):
            logs.compress(name.with_suffix(''))


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
    for file in (store.directory / 'blobs').glob('[0-9a-f][0-9a-f]/*'):
        digest = file.parent.name + file.name
        with store.transaction() as sql:  # nobody can adopt it meanwhile
            used = sql.execute(
                'SELECT 1 FROM artifacts WHERE digest = :digest'
                ' UNION ALL SELECT 1 FROM caches WHERE digest = :digest'
                ' UNION ALL SELECT 1 FROM reports WHERE digest = :digest'
                ' UNION ALL SELECT 1 FROM attestations WHERE digest = :digest'
                ' UNION ALL SELECT 1 FROM returnable WHERE artifact = :digest LIMIT 1',
                {'digest': digest},
            ).fetchone()
            if not used:
                blobs.path(store.directory, digest).unlink(missing_ok=True)


def _finished_before(store: Store, moment: float) -> list[int]:
    with store.reading() as sql:
        rows = sql.execute(
            "SELECT id FROM runs WHERE status = 'completed' AND finished < ?"
            ' ORDER BY id DESC LIMIT 200',
            (moment,),
        )
        return [run for (run,) in rows]
