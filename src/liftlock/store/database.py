"""One store: facts and summaries in SQLite, logs and blobs in files beside it."""

from collections.abc import Sequence
from pathlib import Path

from liftlock.plan.facts import Fact, Stamped


class Store:
    """An open store. `directory` holds the database, logs, blobs and the jobs' directories."""

    directory: Path

    def append(self, run: int, facts: Sequence[Fact], token: int = 0) -> list[Stamped]:
        """Write facts and what follows from them in one transaction.

        `token` is the claim under which the writer acts; StaleToken if a newer one exists.
        0 is a person, who needs no claim.
        """
        raise NotImplementedError

    def facts(self, run: int, after: int = 0) -> list[Stamped]:
        """Facts of the run with a `seq` above `after`, in order."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


def open_store(directory: Path) -> Store:
    """Open the store there, making it if need be.

    UserError: the file system is a network's, read-only or full; the database is damaged or
    was written by a newer Liftlock; it must be migrated and another process holds it open.
    """
    raise NotImplementedError
