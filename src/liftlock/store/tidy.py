"""What is no longer needed goes: expired artifacts and reports, unreferenced blobs, old workspaces.

Nothing here is urgent, so it happens after a run and at most once an hour.
"""

import time
from pathlib import Path
from typing import Final

from liftlock.store import blobs, logs
from liftlock.store.database import Store
from liftlock.store.paths import RunPaths

HOUR: Final = 3600.0
WORK_KEPT: Final = 7 * 24 * HOUR  # for `rerun --from-step`
PACKED_AFTER: Final = 24 * HOUR


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
        sql.execute('DELETE FROM artifacts WHERE expires <= ?', (now,))
        sql.execute('DELETE FROM reports WHERE expires <= ?', (now,))
    _remove_unreferenced(store)
    blobs.forget_unfinished(store.directory)
    rows = _finished_before(store, now - PACKED_AFTER)
    for run, finished in rows:
        for name in (store.directory / 'logs' / str(run)).glob('*.log'):
            logs.compress(name.with_suffix(''))
        if finished < now - WORK_KEPT:
            remove_tree(RunPaths(store.directory, run).works)


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
                ' UNION ALL SELECT 1 FROM attestations WHERE digest = :digest LIMIT 1',
                {'digest': digest},
            ).fetchone()
            if not used:
                blobs.path(store.directory, digest).unlink(missing_ok=True)


def _finished_before(store: Store, moment: float) -> list[tuple[int, float]]:
    with store.reading() as sql:
        return sql.execute(
            "SELECT id, finished FROM runs WHERE status = 'completed' AND finished < ?"
            ' ORDER BY id DESC LIMIT 200',
            (moment,),
        ).fetchall()
