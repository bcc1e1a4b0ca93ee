"""The store as the HTTP services see it: opened by their thread, for that thread alone."""

from collections.abc import Sequence
from pathlib import Path

from liftlock.plan.trust import Scopes
from liftlock.store import archive, blobs, packing
from liftlock.store.archive import Entry
from liftlock.store.artifacts import RunArtifacts
from liftlock.store.caches import RunCaches
from liftlock.store.database import open_store

QUICK = 1  # of zlib's levels: what is packed here was sent compressed, and somebody waits


class StoreShelves:
    """Satisfies the toolkit's `Shelves`, with a connection of its own."""

    def __init__(self, directory: Path, database: str = '', bucket: str = '') -> None:
        """Raises UserError where the store cannot be opened."""
        self._store = open_store(directory, database, bucket)

    def scratch(self) -> Path:
        return blobs.scratch(self._store.directory)

    def artifacts(self, run: int) -> RunArtifacts:
        return RunArtifacts(self._store, run)

    def caches(self, repository: str, scopes: Scopes) -> RunCaches:
        return RunCaches(self._store, repository, scopes)

    def count(self, archived: Path) -> int:
        return archive.count(archived)

    def index(self, archived: Path) -> list[Entry]:
        return archive.index(archived)

    def pack(self, files: Sequence[tuple[str, Path, int, bool]], target: Path) -> str:
        packing.pack_sent(files, target, QUICK)
        return blobs.digest(target)

    def join(self, parts: Sequence[Path], target: Path) -> None:
        packing.join(parts, target)

    def close(self) -> None:
        self._store.close()
