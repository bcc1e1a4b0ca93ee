"""Bring a database to the schema of this version, while nobody else has it open.

Whoever has a store open holds a shared lock on `open.lock` beside it; migrating takes the lock
alone. The kernel frees it when a process ends, however it ends. Who waits for it says so by a
file, `open.wanted`: a process that holds the store open for days heeds that, and lets go.
"""

import fcntl
import os
import sqlite3
import time
from pathlib import Path
from typing import Final

from liftlock.errors import UserError

MIGRATIONS: Final = (
    '0001_runs.sql',
    '0002_reports.sql',
    '0003_mime.sql',
    '0004_attestations.sql',
    '0005_retention.sql',
    '0006_deliveries.sql',
    '0007_secrets.sql',
    '0008_server.sql',
    '0009_scopes.sql',
    '0010_people.sql',
    '0011_intake.sql',
    '0012_triggers.sql',
    '0013_workers.sql',
    '0014_owners.sql',
    '0015_doors.sql',
)
PATIENCE: Final = 10.0  # seconds; making a fresh database takes some milliseconds
WANTED: Final = 'open.wanted'


def bring_up(database: sqlite3.Connection, lock: int, wanted: Path) -> None:
    """Migrate if need be; on return the shared lock is held on the descriptor `lock`."""
    fcntl.flock(lock, fcntl.LOCK_SH)
    if _version(database) == len(MIGRATIONS):
        return
    try:
        _bring_up(database, lock, wanted)
    finally:
        wanted.unlink(missing_ok=True)


def _bring_up(database: sqlite3.Connection, lock: int, wanted: Path) -> None:
    end = time.monotonic() + PATIENCE
    while (version := _version(database)) != len(MIGRATIONS):
        if version > len(MIGRATIONS):
            raise newer(version)
        if _locked_alone(lock):
            _migrate(database)
            fcntl.flock(lock, fcntl.LOCK_SH)
        elif time.monotonic() > end:
            raise UserError(
                'this store must be brought to a newer schema, but another liftlock has it open',
                'let it finish (or end it) and try again',
            )
        else:
            # Two that want the lock alone would wait for each other's shared one for ever.
            wanted.touch(0o600)
            fcntl.flock(lock, fcntl.LOCK_UN)
            time.sleep(0.01)
            fcntl.flock(lock, fcntl.LOCK_SH)


def _locked_alone(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _version(database: sqlite3.Connection) -> int:
    version: int = database.execute('PRAGMA user_version').fetchone()[0]
    return version


def _migrate(database: sqlite3.Connection) -> None:
    version = _version(database)  # another process may have been quicker
    if version == 0:
        database.execute('PRAGMA journal_mode = WAL')
    for number, name in enumerate(MIGRATIONS[version:], version + 1):
        script = read(name)
        database.executescript(f'BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;')


def read(name: str) -> str:
    return Path(__file__).with_name('migrations').joinpath(name).read_text(encoding='utf-8')


def newer(version: int) -> UserError:
    return UserError(
        f'this store was written by a newer Liftlock (schema {version}, '
        f'this one knows {len(MIGRATIONS)})',
        'upgrade liftlock, or choose another store with --state DIR or --database URL',
    )


def open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
