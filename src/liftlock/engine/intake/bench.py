"""What an intake stands on, and one event as far as it is known."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from liftlock.engine import planning
from liftlock.engine.intake.finding import Found
from liftlock.engine.submission import Submission
from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple
from liftlock.runner.snapshot import Snapshot
from liftlock.store.database import Store
from liftlock.store.intakes import Intake
from liftlock.store.repositories import Repository


class Submits(Protocol):
    """What the engine is to runs that begin here."""

    def submit(self, submission: Submission) -> int: ...


class Bench(NamedTuple):
    """`remote` reads workflows of other repositories."""

    store: Store
    engine: Submits
    state: Path
    key_file: Path
    remote: planning.Remote


class Taken(NamedTuple):
    """One event, with the files that count. `newer` is the head that its pull request has by now,
    '' if that is still the one of the event."""

    row: Intake
    repository: Repository
    found: Found
    snapshot: Snapshot
    files: Mapping[str, str]
    inputs: Mapping[str, Value] = {}
    newer: str = ''
