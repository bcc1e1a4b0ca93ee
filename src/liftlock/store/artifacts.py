"""Artifacts of runs: zip archives, content-addressed, gone after their time.

A name is unique within one attempt of a run (`actions/upload-artifact` v4), or has several parts
that are unpacked one over the other (v3, which merged uploads of the same name).
"""

import asyncio
import json
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.store import archive, blobs
from liftlock.store.database import Store

DAY: Final = 86400.0
DEFAULT_DAYS: Final = 90


class Artifact(NamedTuple):
    """One upload. `digest` is that of the zip, `expires` seconds since 1970."""

    id: int
    run: int
    attempt: int
    name: str
    digest: str
    size: int
    files: int
    created: float
    expires: float


class RunArtifacts:
    """Those of one run. Satisfies the runner's `Artifacts`."""

    def __init__(self, store: Store, run: int) -> None:
        self._store = store
        self._run = run

    async def store(
        self,
        name: str,
        files: Sequence[tuple[str, Path]],
        *,
        merge: bool,
        overwrite: bool,
        retention_days: int,
        compression: int,
    ) -> tuple[str, int, str]:
        """Keep these (path in the artifact, file); return its id, size in bytes and sha256.

        UserError if the name is taken, or a file cannot be read. 0 days are the default's 90.
        """
        if not merge and not overwrite:
            self._refuse_taken(name)
        new = blobs.scratch(self._store.directory)
        try:
            digest = await asyncio.to_thread(_pack, files, new, compression)
            size = new.stat().st_size
            lasts = (retention_days or DEFAULT_DAYS) * DAY
            row = (name, digest, size, len(files), time.time(), time.time() + lasts)
            identity = self._insert(row, new, merge=merge, overwrite=overwrite)
        except OSError as error:
            raise UserError(f'cannot store the artifact "{name}": {error}') from None
        finally:
            new.unlink(missing_ok=True)
        return str(identity), size, digest

    async def names(self) -> Sequence[str]:
        return sorted({one.name for one in listed(self._store, self._run)})

    async def fetch(self, name: str, directory: Path) -> int:
        """Unpack into the directory, safely; return the number of files."""
        parts = [one for one in listed(self._store, self._run) if one.name == name]
        if not parts:
            raise UserError(f'there is no artifact "{name}"')
        latest = max(one.attempt for one in parts)
        count = 0
        for part in parts:
            if part.attempt == latest:
                zipped = blobs.path(self._store.directory, part.digest)
                count += await asyncio.to_thread(archive.unpack, zipped, directory)
        return count

    def _insert(
        self,
        row: tuple[str, str, int, int, float, float],
        new: Path,
        *,
        merge: bool,
        overwrite: bool,
    ) -> int:
        with self._store.transaction() as sql:
            if overwrite:
                sql.execute('DELETE FROM artifacts WHERE run = ? AND name = ?', (self._run, row[0]))
            elif not merge:
                self._refuse_taken(row[0])
            identity = sql.execute(
                'INSERT INTO artifacts (run, attempt, name, digest, size, files, created, expires)'
                ' SELECT id, attempt, ?, ?, ?, ?, ?, ? FROM runs WHERE id = ?',
                (*row, self._run),
            ).lastrowid
            blobs.adopt(self._store.directory, new, row[1])
        assert identity is not None
        return identity

    def _refuse_taken(self, name: str) -> None:
        with self._store.reading() as sql:
            taken = sql.execute(
                'SELECT 1 FROM artifacts JOIN runs ON run = runs.id'
                ' WHERE run = ? AND artifacts.name = ? AND artifacts.attempt = runs.attempt',
                (self._run, name),
            ).fetchone()
        if taken:
            raise UserError(
                f'an artifact with the name "{name}" already exists in this run',
                'give each upload a name of its own, or set `overwrite: true`',
            )


def listed(store: Store, run: int) -> list[Artifact]:
    """Those that are still kept, oldest first."""
    with store.reading() as sql:
        rows = sql.execute(
            'SELECT id, run, attempt, name, digest, size, files, created, expires FROM artifacts'
            ' WHERE run = ? AND expires > ? ORDER BY id',
            (run, time.time()),
        )
        return [Artifact(*row) for row in rows]


def forget(store: Store, run: int, kept: Collection[str]) -> None:
    """Drop those of the current attempt whose names are not kept: a lost job stored them, and
    will store them again."""
    with store.transaction() as sql:
        sql.execute(
            'DELETE FROM artifacts WHERE run = ? AND attempt = (SELECT attempt FROM runs WHERE'
            ' id = ?) AND name NOT IN (SELECT value FROM json_each(?))',
            (run, run, json.dumps(sorted(kept))),
        )


def _pack(files: Sequence[tuple[str, Path]], new: Path, compression: int) -> str:
    archive.pack(files, new, compression)
    return blobs.digest(new)
