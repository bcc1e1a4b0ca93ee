"""What the supervisor has for all environments; the wiring names the concrete classes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.engine.delivery.hooks import Hooks
from liftlock.engine.delivery.ports import Measuring, Notify, Probe, Target
from liftlock.engine.delivery.syncing import Desire, no_desire
from liftlock.language.records import NamedTuple
from liftlock.language.settings import model
from liftlock.observe.notify.notice import Notice
from liftlock.store.database import Store
from liftlock.store.deliveries import Place


async def nobody(
    kind: str, channel: model.Channel, secrets: Mapping[str, str], notice: Notice
) -> None:
    """Where nobody is to be told."""


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
    notify: Notify = nobody

    def room(self, place: Place) -> Path:
        """Where the files of one environment are."""
        return self.directory / str(place.id)
