"""What the hands saw of a place at one look, and where its traffic goes."""

from collections.abc import Mapping

from liftlock.language.records import NamedTuple


class Match(NamedTuple):
    """A header that a request must have. `kind` is exact, prefix or regex."""

    header: str
    value: str
    kind: str = 'exact'


class HeaderRoute(NamedTuple):
    """Requests with all these headers go to the revision, whatever the weights say."""

    name: str
    matches: tuple[Match, ...]
    revision: str


class Mirror(NamedTuple):
    """So many percent of the requests are sent to the revision a second time; its answers count
    for nobody."""

    name: str
    percent: int
    revision: str


class Routes(NamedTuple):
    """Where traffic goes. The weights, in percent, add up to 100, or there are none.

    `preview` is behind the preview's address. `fallback` gets the traffic of a revision that has
    no healthy instance left. `headers` count in this order.
    """

    weights: tuple[tuple[str, int], ...] = ()
    preview: str = ''
    headers: tuple[HeaderRoute, ...] = ()
    mirrors: tuple[Mirror, ...] = ()
    fallback: str = ''

    def weight(self, revision: str) -> int:
        return dict(self.weights).get(revision, 0)

    def revisions(self) -> frozenset[str]:
        """Whoever may get a request."""
        found = {name for name, _ in self.weights}
        found |= {one.revision for one in self.headers}
        found |= {one.revision for one in self.mirrors}
        return frozenset((found | {self.preview, self.fallback}) - {''})


class Instance(NamedTuple):
    """One running copy. `ready` is what the target knows by itself; None where only probes tell.

    `address` is host:port, or '' where it cannot be reached from here. `since` is seconds since
    1970. `cpu` is in percent of a core, `memory` in bytes; both 0 where nobody knows.
    """

    id: str
    revision: str
    alive: bool
    ready: bool | None = None
    address: str = ''
    pid: int = 0
    since: float = 0.0
    restarts: int = 0
    message: str = ''
    cpu: float = 0.0
    memory: int = 0


class Sight(NamedTuple):
    """A look at a place.

    `routes` is what the router has confirmed; None where the place has no router of ours, or it
    has not confirmed yet. Places that are updated as a whole (`in_place`) tell the revision they
    were asked for last, whether it has settled, `failed` with why it never will, and `paused` with
    why it waits for somebody by its own rules.
    """

    instances: tuple[Instance, ...] = ()
    routes: Routes | None = None
    revision: str = ''
    settled: bool = False
    failed: str = ''
    message: str = ''
    paused: str = ''


class Window(NamedTuple):
    """What the router counted of one revision since the last time it was asked.

    `latencies` are upper bounds in milliseconds with how many requests were at most so slow. The
    last bound is infinite: how many were timed at all, which may lag behind `requests` by a second.
    """

    requests: int = 0
    errors: int = 0  # answers 500 and above, and requests that nobody could be found for
    latencies: tuple[tuple[float, int], ...] = ()


class Group(NamedTuple):
    """The instances of one revision, counted: with probes and minReadySeconds taken in."""

    running: int = 0
    ready: int = 0
    unknown: int = 0  # not looked at often enough yet
    restarts: int = 0  # of the one that was started most often
    message: str = ''  # why those that are not ready are not


class Seen(NamedTuple):
    """What `decide` is told: the look of the hands, with the probes' verdicts in it."""

    groups: Mapping[str, Group] = {}
    routes: Routes | None = None
    revision: str = ''
    settled: bool = False
    failed: str = ''
    message: str = ''
    paused: str = ''
    underway: frozenset[str] = frozenset()  # operations that this controller is carrying out
    since: float = 0.0  # when it began to look; before, nobody may have


class Capabilities(NamedTuple):
    """What a target can do. `in_place`: it is updated as a whole, by its own means; then nothing
    else counts. Without `weights` a canary goes by the ratio of instances."""

    in_place: bool = False
    weights: bool = False
    headers: bool = False
    mirrors: bool = False
    preview: bool = False
    metrics: bool = False  # of the router: error_rate, latency
    adopts: bool = False  # it can go back to what was there before Liftlock's first deployment
