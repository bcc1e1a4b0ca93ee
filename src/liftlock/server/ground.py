"""What the server stands on: given by whoever starts it, the same for every request."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from liftlock.engine.inline import Inline
from liftlock.engine.intake.bench import Bench
from liftlock.engine.submission import Terms
from liftlock.language.records import NamedTuple
from liftlock.server.proxies import Network
from liftlock.store.database import Store


def alone(role: str) -> bool:
    """Where one server has the store for itself."""
    return True


class Ground(NamedTuple):
    """`terms` gives what a run needs when somebody has it carried out here. `wake` sees to it that
    somebody carries deployments out. `elected` tells whether this process has a role, of which
    there is one holder. The store belongs to the thread of the event loop."""

    store: Store
    engine: Inline
    terms: Callable[[int, str], Terms]
    wake: Callable[[], None]
    bench: Bench  # of events that are taken in
    teams: Mapping[str, Sequence[str]] = {}
    version: str = ''
    url: str = ''  # where people reach it
    key: Path | None = None  # the file of that of stored secrets, if not the store's
    secure: bool = False  # whether browsers come by TLS, to a proxy before this server
    proxies: tuple[Network, ...] = ()  # those that are trusted to say whom they have heard
    open_metrics: bool = False  # whether /metrics is told to everybody
    elected: Callable[[str], bool] = alone
