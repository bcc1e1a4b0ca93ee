"""Everything the core may ask for. The engine carries these out; the core only says them.

Each may be asked for again, after a `kill -9` too: those that bring about a state change nothing
where it is there already, and what must not happen twice is announced by `OperationStarted`.
"""

from typing import TypeAlias

from liftlock.language.records import NamedTuple
from liftlock.rollout.facts import Fact
from liftlock.rollout.sight import Routes


class Prepare(NamedTuple):
    """Fetch, unpack, build; nothing that a user could notice. Then say `Prepared`."""

    revision: str


class Scale(NamedTuple):
    """Let there be so many instances."""

    revision: str
    instances: int


class Shift(NamedTuple):
    """Send the traffic there; say `Shifted` when the router has confirmed it."""

    routes: Routes


class Remove(NamedTuple):
    """Take everything down that is ours there, entrances included."""


class Apply(NamedTuple):
    """Have the place updated to the revision by its own means. Say `OperationStarted` before and
    `OperationFinished` after; what became of it is seen at the next looks."""

    revision: str
    back: bool = False  # it had the revision before


class Advance(NamedTuple):
    """Tell a place that has paused by its own rules to go on; with `full`, to its end. Announced
    and told as `Apply` is, under this `operation`."""

    operation: str
    full: bool


class Run(NamedTuple):
    """Run a hook once: before, before_switch, after or after_rollback."""

    hook: str
    revision: str


class Measure(NamedTuple):
    """Take one measurement and say `Measured`."""

    stage: str
    analysis: str


class Record(NamedTuple):
    fact: Fact


class Hold(NamedTuple):
    """Nothing is due before then, or before something happens. 0.0: nothing by time."""

    until: float
    reason: str


Decision: TypeAlias = (
    Prepare | Scale | Shift | Remove | Apply | Advance | Run | Measure | Record | Hold
)
