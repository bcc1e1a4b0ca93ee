"""Caches of one repository, as one ref may see them.

A cache belongs to the ref that made it. A run finds those of its own ref, then of the base of its
pull request, then of the default branch: never those of other branches, so that nobody's branch
can poison another's. A key is written once; old ones make room when the repository has too much.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from liftlock.store import blobs
from liftlock.store.database import Store

LIMIT: Final = 10 * 1024**3  # bytes a repository, as on GitHub

EXACT: Final = """
SELECT id, key, digest FROM caches
WHERE repository = ? AND ref = ? AND version = ? AND key = ?"""
PREFIX: Final = """
SELECT id, key, digest FROM caches
WHERE repository = ? AND ref = ? AND version = ? AND substr(key, 1, length(?)) = ?
ORDER BY created DESC, id DESC LIMIT 1"""


class RefCaches:
    """Satisfies the runner's `Caches`."""

    def __init__(
        self,
        store: Store,
        repository: str,
        ref: str,
        *,
        base_ref: str = '',
        default_branch: str = 'main',
        limit: int = LIMIT,
    ) -> None:
        """`base_ref` and `default_branch` are names of branches, `ref` is a full ref."""
        self._store = store
        self._repository = repository
        self._ref = ref
        bases = [f'refs/heads/{name}' for name in (base_ref, default_branch) if name]
        self._scopes = tuple(dict.fromkeys((ref, *bases)))
        self._limit = limit

    async def find(
        self, key: str, restore_keys: Sequence[str], version: str
    ) -> tuple[str, Path] | None:
        """The matching key and its archive: exact key first, then the newest by prefix."""
        with self._store.transaction() as sql:
            for identity, found, digest in self._candidates(sql, key, restore_keys, version):
                file = blobs.path(self._store.directory, digest)
                if file.exists():
                    sql.execute('UPDATE caches SET used = ? WHERE id = ?', (time.time(), identity))
                    return found, file
        return None

    async def store(self, key: str, version: str, archive: Path) -> bool:
        """Keep the archive; False if the key exists already."""
        if self._taken(key, version):
            return False
        new = blobs.scratch(self._store.directory)
        try:
            digest = await asyncio.to_thread(_copy, archive, new)
            return self._insert(key, version, digest, new)
        finally:
            new.unlink(missing_ok=True)

    def _candidates(
        self, sql: sqlite3.Connection, key: str, restore_keys: Sequence[str], version: str
    ) -> Iterator[tuple[int, str, str]]:
        for scope in self._scopes:
            where = (self._repository, scope, version)
            yield from sql.execute(EXACT, (*where, key)).fetchall()
            for prefix in (key, *restore_keys):
                yield from sql.execute(PREFIX, (*where, prefix, prefix)).fetchall()

    def _taken(self, key: str, version: str) -> bool:
        with self._store.reading() as sql:
            where = (self._repository, self._ref, version, key)
            return sql.execute(EXACT, where).fetchone() is not None

    def _insert(self, key: str, version: str, digest: str, new: Path) -> bool:
        size, now = new.stat().st_size, time.time()
        row = (self._repository, self._ref, key, version, digest, size, now, now)
        with self._store.transaction() as sql:
            done = sql.execute(
                'INSERT OR IGNORE INTO caches'
                ' (repository, ref, key, version, digest, size, created, used)'
                ' VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
                row,
            )
            if done.rowcount == 0:
                return False
            blobs.adopt(self._store.directory, new, digest)
            self._make_room(sql)
        return True

    def _make_room(self, sql: sqlite3.Connection) -> None:
        """Drop what was not used for longest. The files go when the store is tidied."""
        total = 0
        rows = sql.execute(
            'SELECT id, size FROM caches WHERE repository = ? ORDER BY used DESC, id DESC',
            (self._repository,),
        ).fetchall()
        for identity, size in rows:
            total += size
            if total > self._limit:
                sql.execute('DELETE FROM caches WHERE id = ?', (identity,))


def _copy(archive: Path, new: Path) -> str:
    """A hard link where possible: archives are large, and nobody writes to them any more."""
    try:
        os.link(archive, new)
    except OSError:
        import shutil

        shutil.copyfile(archive, new)
    return blobs.digest(new)
