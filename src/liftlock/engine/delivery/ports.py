"""What the engine needs of the hands to deliver. Modules of `targets` and `observe` satisfy these
by their shape."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol, runtime_checkable

from liftlock.language.settings.model import Analysis, Channel, HealthCheck
from liftlock.observe.notify.notice import Notice
from liftlock.rollout.analysis import Reading
from liftlock.rollout.sight import Capabilities, Instance, Routes, Sight
from liftlock.rollout.sight import Window as Window
from liftlock.rollout.version import Revision, Version


class Target(Protocol):
    """The place of one environment. Every call may come again, after a `kill -9` too: it brings a
    state about, and changes nothing where that is the state already.

    Raises `liftlock.rollout.trouble.Trouble` for what a person has to know: what cannot be done
    now (`again` says whether trying later may help).
    """

    capabilities: Capabilities

    async def look(self) -> Sight:
        """What is there now. Cheap: called every second or so."""
        ...

    async def prepare(self, revision: Revision) -> str:
        """Fetch, unpack, build, register: nothing that a user could notice. What it did, for
        people."""
        ...

    async def scale(self, revision: Revision, instances: int) -> None:
        """See to it that so many run; returns once they are started, not once they are ready.
        Those that died are replaced, with pauses that grow. 0 drains, stops and forgets."""
        ...

    async def route(self, routes: Routes) -> None:
        """Returns when the router has confirmed it. A revision that is not in `routes` any more
        is drained before this returns, for at most the target's grace."""
        ...

    async def apply(self, revision: Revision, *, back: bool) -> str:
        """In-place targets: have the place updated, and return the provider's id of it."""
        ...

    def address(self, *, preview: bool = False) -> str:
        """http://host:port of the public, or of the preview's, entrance; '' where there is none."""
        ...

    def logs(self, revision: str, *, follow: bool, previous: bool) -> AsyncIterator[str]:
        """Lines of the instances, each led by its instance's id. `previous`: of those that are
        gone."""
        ...

    async def stop(self) -> None:
        """End everything of this environment that is ours to end, and let go of it. Places that
        belong to somebody else, as a cluster, are left as they are."""
        ...

    async def close(self) -> None:
        """Let go of what this process holds; what is deployed goes on."""
        ...


@runtime_checkable
class Comparing(Protocol):
    """A place that somebody else could change, and that can tell. Some targets satisfy it too."""

    async def diff(self, revision: Revision) -> str:
        """How what is there differs from what the revision says, for people; '' where nothing
        does. May take a while."""
        ...


@runtime_checkable
class Pruning(Protocol):
    """A place that keeps what is no longer asked for, until it is told."""

    async def prune(self, *, allow_empty: bool = False) -> str:
        """Delete what the present revision does not have; what that was, '' for nothing."""
        ...


class Pausing(Protocol):
    """What targets satisfy besides whose looks say `paused`."""

    async def promote(self, *, full: bool) -> None:
        """Let the place go on; with `full`, to its end."""
        ...


class Adopting(Protocol):
    """What targets satisfy besides whose capabilities say `adopts`."""

    async def adopt(self) -> Version | None:
        """What was there before Liftlock's first deployment: `apply` with `back` and the revision
        r0 goes back to it. None where nothing was."""
        ...


class Meter(Protocol):
    """Counts of a router. Targets whose capabilities say `metrics` satisfy it too."""

    async def counted(self, revision: str, reader: str) -> Window:
        """Since this reader asked last; empty at its first time."""
        ...


class Probe(Protocol):
    async def __call__(
        self, check: HealthCheck, instance: Instance, env: Mapping[str, str], directory: str = ''
    ) -> str:
        """Why it is not healthy; '' if it is. Never raises, never takes longer than `timeout`.

        A command runs in `directory`, with `env` (filled in), PORT, ADDRESS and URL."""
        ...


class Measuring(Protocol):
    async def __call__(
        self,
        analysis: Analysis,
        meter: Meter | None,
        revisions: tuple[str, str],
        env: Mapping[str, str],
        reader: str,
        directory: str = '',
    ) -> Reading:
        """One reading, of the new revision (and the old one, for a comparison). Never raises:
        what went wrong stands in `Reading.error`.

        The analysis' own templates are filled in before; `env` is all that a command gets of its
        environment besides PATH, HOME and the like, and `directory` where it runs. `reader` names
        the run of an analysis: counts are since the same reader's last reading."""
        ...


class Notify(Protocol):
    async def __call__(
        self, kind: str, channel: Channel, secrets: Mapping[str, str], notice: Notice
    ) -> None:
        """Tell one channel. Undelivered, if it has not taken it in."""
        ...
