"""Artifacts of runs: zip archives, or single files as they are; content-addressed, gone after
their time.

A name is unique within one attempt of a run (`actions/upload-artifact` v4), or has several parts
that are unpacked one over the other (v3, which merged uploads of the same name).
"""

import asyncio
import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.store import archive, blobs, packing
from liftlock.store.database import Store
from liftlock.store.packing import Opening, open_plainly

DAY: Final = 86400.0
ZIP: Final = 'application/zip'
LONGEST: Final = 255  # bytes of a name
_ODD: Final = frozenset('":<>|*?\r\n\\/\0')

INSERT: Final = """
INSERT INTO artifacts (run, attempt, name, digest, size, files, created, expires, mime)
SELECT id, attempt, ?, ?, ?, ?, ?, ?, ? FROM runs WHERE id = ?
RETURNING id"""


class Artifact(NamedTuple):
    """One upload. `digest` is that of its bytes, `expires` seconds since 1970."""

    id: int
    run: int
    attempt: int
    name: str
    digest: str
    size: int
    files: int
    created: float
    expires: float
    mime: str = ZIP


class Taken(UserError):
    """There is an artifact of this name already."""


class RunArtifacts:
    """Those of one run. Satisfies `Artifacts` of the runner and of the toolkit."""

    def __init__(self, store: Store, run: int) -> None:
        self._store = store
        self._run = run

    # --- kept by name

    async def store(
        self,
        name: str,
        files: Sequence[tuple[str, Path]],
        *,
        merge: bool,
        overwrite: bool,
        retention_days: int,
        compression: int,
        opening: Opening = open_plainly,
    ) -> tuple[str, int, str]:
        """Keep these (path in the artifact, file); return its id, size in bytes and sha256.

        UserError if the name is taken, or a file cannot be read. 0 days are the run's default.
        """

        def pack(new: Path) -> str:
            packing.pack(files, new, compression, opening)
            return blobs.digest(new)

        def keep(new: Path, digest: str) -> int:
            expires = time.time() + (retention_days * DAY or self.lasting())
            return self.adopt(
                name, new, digest, len(files), expires, merge=merge, overwrite=overwrite
            )

        if not merge and not overwrite:
            self.refuse_taken(name)
        return await self._keep(name, pack, keep)

    async def store_file(
        self,
        file: Path,
        mime: str,
        *,
        overwrite: bool,
        retention_days: int,
        opening: Opening = open_plainly,
    ) -> tuple[str, int, str]:
        """Keep one file as it is, under its own name; as `store` otherwise."""

        def copy(new: Path) -> str:
            with opening(file) as source:
                _copy(Path(f'/proc/self/fd/{source.fileno()}'), new)
            return blobs.digest(new)

        def keep(new: Path, digest: str) -> int:
            expires = time.time() + (retention_days * DAY or self.lasting())
            return self.adopt(file.name, new, digest, 1, expires, mime=mime, overwrite=overwrite)

        if not overwrite:
            self.refuse_taken(file.name)
        return await self._keep(file.name, copy, keep)

    def lasting(self) -> float:
        """Seconds that artifacts of this run are kept unless they are told otherwise."""
        with self._store.reading() as sql:
            row = sql.execute('SELECT artifacts_kept FROM runs WHERE id = ?', (self._run,))
            kept: float = row.fetchone()[0]
        return kept

    async def _keep(
        self, name: str, make: Callable[[Path], str], keep: Callable[[Path, str], int]
    ) -> tuple[str, int, str]:
        new = self.scratch()
        try:
            digest = await asyncio.to_thread(make, new)
            size = new.stat().st_size
            await asyncio.to_thread(blobs.publish, self._store.directory, new, digest)
            return str(keep(new, digest)), size, digest
        except OSError as error:
            raise UserError(f'cannot store the artifact "{name}": {error}') from None
        finally:
            new.unlink(missing_ok=True)

    async def names(self) -> Mapping[str, str]:
        """With the id of each; of several parts that of the last."""
        found = {one.name: str(one.id) for one in self.current()}
        return {name: found[name] for name in sorted(found)}

    async def fetch(self, name: str, directory: Path) -> int:
        """Unpack into the directory, safely; return the number of files."""
        parts = [one for one in self.current() if one.name == name]
        if not parts:
            raise UserError(f'there is no artifact "{name}"')
        return await asyncio.to_thread(self._unpack, parts, directory)

    def _unpack(self, parts: Sequence[Artifact], directory: Path) -> int:
        files = 0
        for part in parts:
            blob = self.file(part.digest)
            if part.mime == ZIP:
                files += archive.unpack(blob, directory)
            else:
                directory.mkdir(parents=True, exist_ok=True)
                (directory / part.name).unlink(missing_ok=True)  # never write through a link
                _copy(blob, directory / part.name)
                files += 1
        return files

    # --- kept by their bytes

    def scratch(self) -> Path:
        """A fresh file name, for bytes that `adopt` shall keep."""
        return blobs.scratch(self._store.directory)

    def current(self) -> list[Artifact]:
        """What can be had by name: of each one the newest attempt's, all parts of it in order."""
        found = listed(self._store, self._run)
        latest: dict[str, int] = {}
        for one in found:
            latest[one.name] = max(one.attempt, latest.get(one.name, 0))
        return [one for one in found if one.attempt == latest[one.name]]

    def file(self, digest: str) -> Path:
        return blobs.path(self._store.directory, digest)

    def adopt(
        self,
        name: str,
        new: Path,
        digest: str,
        files: int,
        expires: float,
        *,
        mime: str = ZIP,
        merge: bool = False,
        overwrite: bool = False,
    ) -> int:
        """Keep a scratch file, which moves to its place; its id. UserError; Taken."""
        refuse_name(name)
        blobs.publish(self._store.directory, new, digest)
        row = (name, digest, new.stat().st_size, files, time.time(), expires, mime)
        with self._store.transaction() as sql:
            if overwrite:
                sql.execute('DELETE FROM artifacts WHERE run = ? AND name = ?', (self._run, name))
            elif not merge:
                self.refuse_taken(name)
            (identity,) = sql.execute(INSERT, (*row, self._run)).fetchone()
            blobs.adopt(self._store.directory, new, digest)
        return int(identity)

    def remove(self, name: str) -> int:
        """Drop all artifacts of this name; the id of the newest, 0 if there was none."""
        where = 'FROM artifacts WHERE run = ? AND name = ?'
        with self._store.transaction() as sql:
            (newest,) = sql.execute(f'SELECT MAX(id) {where}', (self._run, name)).fetchone()
            sql.execute(f'DELETE {where}', (self._run, name))
        return int(newest or 0)

    def refuse_taken(self, name: str) -> None:
        """Raises Taken where this attempt of the run has such an artifact."""
        with self._store.reading() as sql:
            taken = sql.execute(
                'SELECT 1 FROM artifacts JOIN runs ON run = runs.id'
                ' WHERE run = ? AND artifacts.name = ? AND artifacts.attempt = runs.attempt',
                (self._run, name),
            ).fetchone()
        if taken:
            raise Taken(
                f'an artifact with the name "{name}" already exists in this run',
                'give each upload a name of its own, or set `overwrite: true`',
            )


def refuse_name(name: str) -> None:
    """Raises UserError for a name that could not be that of a directory everywhere."""
    odd = sorted(_ODD & set(name))
    if name in ('', '.', '..') or len(name.encode('utf-8', 'replace')) > LONGEST or odd:
        why = f': it contains {odd[0]!r}' if odd else ''
        raise UserError(f'the artifact name {name[:LONGEST]!r} is not valid{why}')


def listed(store: Store, run: int) -> list[Artifact]:
    """Those that are still kept, oldest first."""
    with store.reading() as sql:
        rows = sql.execute(
            'SELECT id, run, attempt, name, digest, size, files, created, expires, mime'
            ' FROM artifacts WHERE run = ? AND expires > ? ORDER BY id',
            (run, time.time()),
        )
        return [Artifact(*row) for row in rows]


def find(store: Store, identity: int) -> Artifact | None:
    """The one with this id, if it is still kept."""
    with store.reading() as sql:
        row = sql.execute(
            'SELECT id, run, attempt, name, digest, size, files, created, expires, mime'
            ' FROM artifacts WHERE id = ? AND expires > ?',
            (identity, time.time()),
        ).fetchone()
    return Artifact(*row) if row else None


def forget(store: Store, run: int, kept: Collection[str]) -> None:
    """Drop those of the current attempt whose names are not kept: a lost job stored them, and
    will store them again."""
    with store.transaction() as sql:
        sql.execute(
            'DELETE FROM artifacts WHERE run = ? AND attempt = (SELECT attempt FROM runs WHERE'
            ' id = ?) AND name NOT IN (SELECT value FROM json_each(?))',
            (run, run, json.dumps(sorted(kept))),
        )


def forget_named(store: Store, run: int, names: Collection[str]) -> None:
    """Drop these of the current attempt: as above, where other jobs go on meanwhile."""
    with store.transaction() as sql:
        sql.execute(
            'DELETE FROM artifacts WHERE run = ? AND attempt = (SELECT attempt FROM runs WHERE'
            ' id = ?) AND name IN (SELECT value FROM json_each(?))',
            (run, run, json.dumps(sorted(names))),
        )


def _copy(file: Path, new: Path) -> None:
    import shutil

    shutil.copyfile(file, new)
