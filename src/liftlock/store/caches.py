"""Caches of one repository, as one run may see them.

A cache belongs to the ref that made it; which of them a run finds, and where it keeps its own, is
decided by `plan.trust`. A key is written once; old ones make room when the repository has too much.
"""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from liftlock.errors import UserError
from liftlock.plan.trust import Scopes
from liftlock.store import blobs
from liftlock.store.database import Store
from liftlock.store.sql import Sql

LIMIT: Final = 10 * 1024**3  # bytes a repository, as on GitHub

EXACT: Final = """
SELECT id, key, digest FROM caches
WHERE repository = ? AND ref = ? AND version = ? AND key = ?"""
PREFIX: Final = """
SELECT id, key, digest FROM caches
WHERE repository = ? AND ref = ? AND version = ? AND substr(key, 1, length(?)) = ?
ORDER BY created DESC, id DESC LIMIT 1"""
INSERT: Final = """
INSERT INTO caches (repository, ref, key, version, digest, size, created, used)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id"""
DENIED: Final = 'cache write denied: who starts such a run could poison the caches of others'


class RunCaches:
    """Satisfies `Caches` of the runner and of the toolkit."""

    def __init__(
        self, store: Store, repository: str, scopes: Scopes, *, limit: int = LIMIT
    ) -> None:
        self._store = store
        self._repository = repository
        self._scopes = scopes
        self._limit = limit

    @property
    def writable(self) -> bool:
        return bool(self._scopes.writes)

    async def find(
        self, key: str, restore_keys: Sequence[str], version: str
    ) -> tuple[str, Path] | None:
        """The matching key and its archive: exact key first, then the newest by prefix."""
        with self._store.reading() as sql:
            candidates = [*self._candidates(sql, key, restore_keys, version)]
        for identity, found, digest in candidates:
            file = await asyncio.to_thread(blobs.path, self._store.directory, digest)
            if file.exists():
                with self._store.transaction() as sql:
                    sql.execute('UPDATE caches SET used = ? WHERE id = ?', (time.time(), identity))
                return found, file
        return None

    async def store(self, key: str, version: str, archive: Path) -> bool:
        """Keep the archive; False if the key exists already. UserError if this run may not."""
        if not self.writable:
            raise UserError(DENIED)
        if self.taken(key, version):
            return False
        new = blobs.scratch(self._store.directory)
        try:
            digest = await asyncio.to_thread(_copy, archive, new)
            await asyncio.to_thread(blobs.publish, self._store.directory, new, digest)
            return self.adopt(key, version, new, digest) is not None
        finally:
            new.unlink(missing_ok=True)

    def taken(self, key: str, version: str) -> bool:
        """Whether the run could not keep this key, because it is there."""
        with self._store.reading() as sql:
            where = (self._repository, self._scopes.writes, version, key)
            return sql.execute(EXACT, where).fetchone() is not None

    def adopt(self, key: str, version: str, new: Path, digest: str) -> int | None:
        """Keep a scratch file, which moves to its place; its id, or None if the key is taken."""
        size, now = new.stat().st_size, time.time()
        row = (self._repository, self._scopes.writes, key, version, digest, size, now, now)
        blobs.publish(self._store.directory, new, digest)
        with self._store.transaction() as sql:
            made = sql.execute(INSERT, row).fetchone()
            if made is None:
                return None
            blobs.adopt(self._store.directory, new, digest)
            self._make_room(sql)
        return int(made[0])

    def _candidates(
        self, sql: Sql, key: str, restore_keys: Sequence[str], version: str
    ) -> Iterator[tuple[int, str, str]]:
        for scope in self._scopes.reads:
            where = (self._repository, scope, version)
            yield from sql.execute(EXACT, (*where, key)).fetchall()
            for prefix in (key, *restore_keys):
                yield from sql.execute(PREFIX, (*where, prefix, prefix)).fetchall()

    def _make_room(self, sql: Sql) -> None:
        """Drop what was not used for longest. Pull requests have half of the room between them:
        none can push out what the branches share. The files go when the store is tidied."""
        total = proposed = 0
        rows = sql.execute(
            "SELECT id, size, ref LIKE 'refs/pull/%' FROM caches WHERE repository = ?"
            ' ORDER BY used DESC, id DESC',
            (self._repository,),
        ).fetchall()
        for identity, size, of_pull_request in rows:
            proposed += size * of_pull_request
            total += size
            if total > self._limit or (of_pull_request and proposed > self._limit // 2):
                total -= size
                proposed -= size * of_pull_request
                sql.execute('DELETE FROM caches WHERE id = ?', (identity,))


def _copy(archive: Path, new: Path) -> str:
    """A hard link where possible: archives are large, and nobody writes to them any more."""
    try:
        os.link(archive, new)
    except OSError:
        import shutil

        shutil.copyfile(archive, new)
    return blobs.digest(new)
