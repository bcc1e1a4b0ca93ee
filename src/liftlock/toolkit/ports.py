"""What the services need of a store. It is opened in their own thread and never leaves it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from liftlock.language.records import NamedTuple
from liftlock.plan.trust import Scopes


class Artifact(Protocol):
    """One upload. `digest` is the SHA-256 of its bytes; times are seconds since 1970."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def created(self) -> float: ...
    @property
    def mime(self) -> str: ...


class Entry(Protocol):
    """A file in an archive: `packed` bytes at `start`, deflated (`method` 8) or stored (0)."""

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def packed(self) -> int: ...
    @property
    def crc(self) -> int: ...
    @property
    def method(self) -> int: ...
    @property
    def start(self) -> int: ...


class Sent(NamedTuple):
    """A file as it was sent: gzipped, perhaps. `length` bytes are in it."""

    name: str
    path: Path
    length: int
    gzipped: bool


class Artifacts(Protocol):
    """Artifacts of one run. A refusal is a UserError whose message is for whoever asked."""

    def current(self) -> Sequence[Artifact]:
        """What can be had by name, oldest first; several parts of a name belong together."""
        ...

    def file(self, digest: str) -> Path: ...

    def lasting(self) -> float:
        """Seconds that an artifact is kept unless it is told otherwise."""
        ...

    def refuse_taken(self, name: str) -> None:
        """Raises UserError where there is an artifact of this name already."""
        ...

    def adopt(
        self,
        name: str,
        new: Path,
        digest: str,
        files: int,
        expires: float,
        *,
        mime: str,
        merge: bool = False,
    ) -> int:
        """Keep a scratch file, which moves to its place; its id."""
        ...

    def remove(self, name: str) -> int:
        """Drop all of this name; the id of the newest, 0 if there was none."""
        ...


class Caches(Protocol):
    """Caches of one repository, as one run may see them."""

    @property
    def writable(self) -> bool: ...

    async def find(
        self, key: str, restore_keys: Sequence[str], version: str
    ) -> tuple[str, Path] | None:
        """The matching key and its archive."""
        ...

    def taken(self, key: str, version: str) -> bool: ...

    def adopt(self, key: str, version: str, new: Path, digest: str) -> int | None:
        """Keep a scratch file, which moves to its place; its id, or None if the key is taken."""
        ...


class Shelves(Protocol):
    """An open store."""

    def scratch(self) -> Path:
        """A fresh file name on the disk of the store."""
        ...

    def artifacts(self, run: int) -> Artifacts: ...

    def caches(self, repository: str, scopes: Scopes) -> Caches: ...

    def count(self, archive: Path) -> int:
        """How many files a zip archive holds. UserError if it is none."""
        ...

    def index(self, archive: Path) -> Sequence[Entry]: ...

    def pack(self, files: Sequence[Sent], target: Path) -> str:
        """Make a zip archive of them; its SHA-256. UserError where one is not as announced."""
        ...

    def join(self, parts: Sequence[Path], target: Path) -> None:
        """One zip archive of several; the last file of a name counts."""
        ...

    def close(self) -> None: ...
