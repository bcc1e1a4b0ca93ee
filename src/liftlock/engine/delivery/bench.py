"""What the supervisor has for all environments; the wiring names the concrete classes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.engine.delivery.hooks import Hooks
from liftlock.engine.delivery.ports import Measuring, Probe, Target
from liftlock.engine.delivery.syncing import Desire, no_desire
from liftlock.language.records import NamedTuple
from liftlock.language.settings import model
from liftlock.store.database import Store
from liftlock.store.deliveries import Place


class Bench(NamedTuple):
    """`directory` is `<state>/delivery`."""

    store: Store
    target: Callable[[Place, Blueprint, model.Environment, Path], Awaitable[Target]]
    secrets: Callable[[Place], Mapping[str, str]]
    hooks: Hooks
    probe: Probe
    measure: Measuring
    directory: Path
    teams: Mapping[str, Sequence[str]] = {}
    desire: Desire = no_desire

    def room(self, place: Place) -> Path:
        """Where the files of one environment are."""
        return self.directory / str(place.id)
