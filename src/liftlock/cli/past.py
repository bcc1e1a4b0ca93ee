"""Runs that were, wherever they are told of: in the store here, or by a server."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from liftlock.cli import wiring
from liftlock.engine import telling
from liftlock.plan.board import Board
from liftlock.plan.facts import Stamped
from liftlock.store import artifacts, owners, runs
from liftlock.store.artifacts import Artifact, RunArtifacts
from liftlock.store.database import Store
from liftlock.store.logs import Line, LogReader
from liftlock.store.paths import RunPaths
from liftlock.store.runs import Job, Run

if TYPE_CHECKING:
    from liftlock.gates.verdict import Verdict


class Reader(Protocol):
    """The log of an attempt at a job, as far as it was written when it was opened."""

    @property
    def count(self) -> int: ...

    def lines(
        self, start: int = 0, stop: int | None = None, steps: Collection[int] | None = None
    ) -> Iterator[Line]: ...


class Past(Protocol):
    """Everything raises UserError for what is not there."""

    def recent(self, workflow: str, status: str, limit: int) -> list[Run]: ...

    def find(self, name: str) -> Run: ...

    def condition(self, run: Run) -> str: ...

    def record(self, run: Run) -> dict[str, Any]: ...

    def facts(self, run: int, after: int = 0) -> list[Stamped]: ...

    def whole(self, run: Run, board: Board) -> Mapping[str, Any]: ...

    def jobs(self, run: int) -> list[Job]: ...

    def artifacts(self, run: int) -> list[Artifact]: ...

    async def fetch(self, run: int, name: str, directory: Path) -> int: ...

    def log(self, run: int, job: str, attempt: int) -> Reader: ...

    def verdicts(self, run: Run) -> 'Sequence[Verdict]': ...

    def lost_logs(self, run: int) -> int: ...

    def over(self, run: int) -> bool: ...


class Stored:
    """Those of the store here."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def recent(self, workflow: str, status: str, limit: int) -> list[Run]:
        return runs.recent(self.store, workflow=workflow, status=status, limit=limit)

    def find(self, name: str) -> Run:
        return runs.find(self.store, name)

    def condition(self, run: Run) -> str:
        return telling.condition(self.store, run)

    def record(self, run: Run) -> dict[str, Any]:
        return telling.record(self.store, run)

    def facts(self, run: int, after: int = 0) -> list[Stamped]:
        return self.store.facts(run, after)

    def whole(self, run: Run, board: Board) -> Mapping[str, Any]:
        return telling.whole(self.store, run, board)

    def jobs(self, run: int) -> list[Job]:
        return runs.jobs(self.store, run)

    def artifacts(self, run: int) -> list[Artifact]:
        return artifacts.listed(self.store, run)

    async def fetch(self, run: int, name: str, directory: Path) -> int:
        return await RunArtifacts(self.store, run).fetch(name, directory)

    def log(self, run: int, job: str, attempt: int) -> Reader:
        return LogReader(RunPaths(self.store.directory, run).log(job, attempt))

    def verdicts(self, run: Run) -> 'Sequence[Verdict]':
        from liftlock.engine import evidence

        return evidence.by_sources(self.store, run, time.time())

    def lost_logs(self, run: int) -> int:
        return runs.lost_logs(self.store, run, time.time())

    def over(self, run: int) -> bool:
        row = runs.find(self.store, str(run))
        return row.status == 'completed' or owners.dead(self.store, row.owner)


def open_past(state: str | None, server: str) -> Past:
    if server:
        from liftlock.cli.remote.client import Client
        from liftlock.cli.remote.runs import Told

        return Told(Client(server))
    return Stored(wiring.opened(wiring.place(state)))
