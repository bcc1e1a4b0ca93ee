"""Reports that steps handed in, for the gates: kept byte for byte, as long as artifacts are."""

import asyncio
import time
from pathlib import Path

from liftlock.errors import UserError
from liftlock.store import blobs
from liftlock.store.database import Store


class RunReports:
    """Those of one run. Satisfies the runner's `Reports`."""

    def __init__(self, store: Store, run: int) -> None:
        self._store = store
        self._run = run

    async def keep(self, file: Path) -> tuple[str, int]:
        """Keep a copy of the file; return its sha256 and its size in bytes. UserError."""
        import shutil

        new = blobs.scratch(self._store.directory)
        try:
            await asyncio.to_thread(shutil.copyfile, file, new)
            digest = await asyncio.to_thread(blobs.digest, new)
            size = new.stat().st_size
            await asyncio.to_thread(blobs.publish, self._store.directory, new, digest)
            self._insert(digest, new)
        except OSError as error:
            raise UserError(f'cannot keep the report {file}: {error.strerror}') from None
        finally:
            new.unlink(missing_ok=True)
        return digest, size

    def _insert(self, digest: str, new: Path) -> None:
        with self._store.transaction() as sql:
            sql.execute(
                'INSERT INTO reports (run, digest, expires)'
                ' SELECT id, ?, ? + artifacts_kept FROM runs WHERE id = ?',
                (digest, time.time(), self._run),
            )
            blobs.adopt(self._store.directory, new, digest)
