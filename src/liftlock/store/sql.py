"""What modules of the store may ask of a database, whichever it is.

SQLite's connections satisfy it as they are. The text is SQLite's and PostgreSQL's common subset:
what `dialect` translates, and nothing else that only one of them has.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from liftlock.errors import UserError

Parameters = Sequence[Any] | Mapping[str, Any]


class Rows(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...

    def __iter__(self) -> Iterator[Any]: ...


class Sql(Protocol):
    """Takes statements: `?` or `:name` stand for parameters."""

    def execute(self, text: str, parameters: Parameters = ..., /) -> Rows: ...

    def executemany(self, text: str, parameters: Iterable[Sequence[Any]], /) -> object: ...


class Unreachable(UserError):
    """The database does not answer just now."""


class CutOff(Unreachable):
    """The connection was lost in the middle of a transaction, of which nothing was written."""


class Engine(Protocol):
    """A database, open for the thread that opened it. `made` counts the connections that had to be
    made, `since` is when the last one was lost, on the monotonic clock, or 0.0."""

    @property
    def made(self) -> int: ...

    @property
    def since(self) -> float: ...

    def reading(self) -> AbstractContextManager[Sql]: ...

    def transaction(self, durable: bool) -> AbstractContextManager[Sql]: ...

    # --- whole tables, for backups

    def tables(self) -> dict[str, tuple[str, ...]]:
        """Those of the store, with their columns."""

    def frozen(self) -> AbstractContextManager[Callable[[str], Iterator[Sequence[Any]]]]:
        """What a SELECT gives, of one and the same moment for all of them."""

    def counters(self) -> dict[str, int]:
        """The last number that each table has given to a row."""

    def count_on(self, sql: Sql, counters: Mapping[str, int]) -> None:
        """Give no number again, within a transaction."""

    def close(self) -> None: ...
