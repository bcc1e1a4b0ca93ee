"""What carrying runs out is given: by the process, and for one run."""

from collections.abc import Callable, Mapping, Sequence

from liftlock.engine.places import Places
from liftlock.engine.submission import Hands, Terms, Watch
from liftlock.language.records import NamedTuple
from liftlock.runner.ports import Stop, World
from liftlock.store.database import Store


class Bench(NamedTuple):
    """What this process has for all the runs it carries out."""

    store: Store
    hands: Hands
    places: Places
    labels: Mapping[str, str]
    worker: str  # the name of this process
    gone: Callable[[int], bool]  # whether nobody carries that other run out
    teams: Mapping[str, Sequence[str]] = {}


class Session(NamedTuple):
    """What one carrying-out of a run has besides the run: `token` is its claim."""

    run: int
    token: int
    world: World
    terms: Terms
    watch: Watch
    stop: Stop
