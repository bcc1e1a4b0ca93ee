"""What the server stands on: given by whoever starts it, the same for every request."""

from collections.abc import Callable, Mapping, Sequence

from liftlock.engine.inline import Inline
from liftlock.engine.submission import Terms
from liftlock.language.records import NamedTuple
from liftlock.store.database import Store


class Ground(NamedTuple):
    """`terms` gives what a run needs when somebody has it carried out here. `wake` sees to it that
    somebody carries deployments out. The store belongs to the thread of the event loop."""

    store: Store
    engine: Inline
    terms: Callable[[int, str], Terms]
    wake: Callable[[], None]
    teams: Mapping[str, Sequence[str]] = {}
    version: str = ''
    secure: bool = False  # whether browsers come by TLS, to a proxy before this server
