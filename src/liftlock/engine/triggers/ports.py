"""What triggers ask of the intake."""

from collections.abc import Mapping
from typing import Protocol

from liftlock.engine.intake.outcome import Outcome
from liftlock.language.expressions.values import Value
from liftlock.plan.event import Event
from liftlock.store.repositories import Repository


class Take(Protocol):
    async def __call__(
        self,
        repository: Repository,
        event: Event,
        delivery: str,
        *,
        only: str = '',
        inputs: Mapping[str, Value] | None = None,
    ) -> Outcome: ...


class Notes(Protocol):
    """Writes down what is to be taken in, under its name, once."""

    def __call__(self, repository: Repository, event: Event, delivery: str) -> object: ...


class Reads(Protocol):
    """Of the default branch."""

    async def head(self, repository: Repository, *, fetch: bool) -> str:
        """The commit, '' where there is none; of the mirror as it is, or fetched before. Raises
        UserError."""
        ...

    async def files(self, repository: Repository, commit: str) -> Mapping[str, str]:
        """Workflow files and `liftlock.yml`, by path."""
        ...
