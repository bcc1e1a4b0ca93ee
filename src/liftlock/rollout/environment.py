"""An environment as its facts tell it: what runs, what is wanted, who waits, what was before.

    environment = fold(facts)            # of rollout.facts.Stamped, in order
    environment.take(stamped)            # and on

`wanted` and `routes` are what shall be. What is, only a look at the place can tell.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from liftlock.language.records import NamedTuple
from liftlock.rollout import facts as f
from liftlock.rollout.deployment import Deployment, advance
from liftlock.rollout.phases import Phase
from liftlock.rollout.sight import Routes
from liftlock.rollout.version import Version

SUCCESS: Final = 'success'
BEFORE: Final = 'r0'  # what was there before the first deployment
ERROR: Final = 'error'  # the cause of a failure that is the place's


class Raised(NamedTuple):
    """Since when."""

    fact: f.AlertRaised
    at: float


class Told(NamedTuple):
    """What a channel is to be told, and since when."""

    fact: f.AlertRaised | f.AlertCleared
    at: float


class Environment:
    """Advanced by one fact at a time. Deployments are kept for good, in order of their numbers."""

    __slots__ = (
        'adopted', 'alerts', 'at', 'confirmed', 'deployments', 'done', 'drift', 'health_at',
        'health_message', 'healthy', 'held', 'kept', 'routes', 'routes_at', 'seq', 'stable',
        'successes', 'untold', 'versions', 'wanted', 'withdrawing',
    )  # fmt: skip

    def __init__(self) -> None:
        self.seq = 0
        self.at = 0.0
        self.deployments: dict[int, Deployment] = {}
        self.successes: list[int] = []  # numbers of deployments that came to a good end
        self.adopted: Version | None = None  # what was there before the first deployment
        self.stable = ''  # the revision that succeeded last
        self.versions: dict[str, Version] = {}  # by revision
        self.wanted: dict[str, int] = {}
        self.routes = Routes()
        self.routes_at = 0.0
        self.confirmed = Routes()
        self.kept: dict[str, float] = {}  # until when; 0.0: for good
        self.done: set[tuple[str, str]] = set()  # hooks that versions need only once
        self.healthy: bool | None = None
        self.health_message = ''
        self.health_at = 0.0
        self.held: f.AutomationHeld | None = None
        self.drift = ''
        self.withdrawing = False
        self.alerts: dict[str, Raised] = {}  # those that are raised now
        self.untold: dict[tuple[int, str], Told] = {}  # by the fact's seq and the channel

    def take(self, stamped: f.Stamped) -> None:
        fact = stamped.fact
        self.seq, self.at = stamped.seq, stamped.at
        change = _CHANGES.get(type(fact))
        if change is not None:
            change(self, fact, stamped.at)
        number = getattr(fact, 'number', 0)
        before = self.deployments.get(number)
        if before is None:
            return
        after = self.deployments[number] = advance(before, fact, stamped.at)
        if after.phase is Phase.ENDED and before.phase is not Phase.ENDED:
            self._ended(after)

    def _ended(self, deployment: Deployment) -> None:
        if deployment.conclusion == SUCCESS:
            self.successes.append(deployment.number)
            if deployment.revision:
                self.stable = deployment.revision

    # --- what is asked of it

    @property
    def active(self) -> Deployment | None:
        """The one that is being carried out."""
        return next((one for one in self.deployments.values() if one.active), None)

    @property
    def line(self) -> list[Deployment]:
        """Those that may start, first come first served."""
        return [one for one in self.deployments.values() if one.phase is Phase.QUEUED]

    @property
    def waiting(self) -> list[Deployment]:
        """Those whose protection is not satisfied yet."""
        return [one for one in self.deployments.values() if one.phase is Phase.WAITING]

    def pending(self, version: Version) -> Deployment | None:
        """One that is to bring the version by itself, as git says, and has not ended."""
        for one in self.deployments.values():
            ended = one.phase is Phase.ENDED or one.phase is Phase.RETURNING
            if not ended and one.request.kind == f.SYNC and one.version.id == version.id:
                return one
        return None

    @property
    def last(self) -> Deployment | None:
        """The last that succeeded."""
        return self.deployments[self.successes[-1]] if self.successes else None

    @property
    def current(self) -> Version | None:
        """The version that has succeeded last."""
        return self.last.version if self.last else None

    @property
    def next_number(self) -> int:
        return max(self.deployments, default=0) + 1

    def before(self, number: int | None = None) -> Deployment | None:
        """The last success before that one (or before the present one) with another version."""
        last = self.deployments.get(number) if number else self.last
        if last is None:
            return None
        for earlier in reversed(self.successes):
            one = self.deployments[earlier]
            if earlier < last.number and one.version.id != last.version.id:
                return one
        return None

    def distance(self, version: Version) -> int | None:
        """How many versions back it was the present one; None if it never was."""
        seen: list[str] = []
        for number in reversed(self.successes):
            identity = self.deployments[number].version.id
            if identity not in seen:
                seen.append(identity)
        return seen.index(version.id) if version.id in seen else None

    def revision_of(self, version: Version) -> str:
        """The last revision under which the version succeeded, or was found; '' if it never did."""
        for number in reversed(self.successes):
            one = self.deployments[number]
            if one.version.id == version.id and one.revision:
                return one.revision
        return BEFORE if self.adopted is not None and self.adopted.id == version.id else ''

    def bad(self) -> frozenset[str]:
        """Ids of versions that were taken back, or left by a rollback, and have not succeeded
        since: nothing deploys them by itself. Where the place was at fault, the version is not."""
        found: dict[str, bool] = {}
        for one in self.deployments.values():
            if one.back is not None:
                if one.back.cause != ERROR:
                    found[one.version.id] = True
            elif one.conclusion == SUCCESS:
                found[one.version.id] = False
                if one.request.kind == f.ROLLBACK and (left := self._left_by(one)):
                    found[left] = True
        return frozenset(identity for identity, bad in found.items() if bad)

    def _left_by(self, rollback: Deployment) -> str:
        """The id of the version that a rollback has left; '' if it left none."""
        earlier = [number for number in self.successes if number < rollback.number]
        return self.deployments[earlier[-1]].version.id if earlier else ''


def fold(facts: Iterable[f.Stamped]) -> Environment:
    environment = Environment()
    for stamped in facts:
        environment.take(stamped)
    return environment


# --- what a fact changes besides its deployment


def _requested(environment: Environment, fact: f.DeploymentRequested, at: float) -> None:
    environment.deployments[fact.number] = Deployment(fact, at, moved_at=at)


def _started(environment: Environment, fact: f.DeploymentStarted, at: float) -> None:
    environment.kept.pop(fact.revision, None)
    environment.withdrawing = False
    one = environment.deployments.get(fact.number)
    if one is not None and fact.revision:
        environment.versions[fact.revision] = one.version


def _adopted(environment: Environment, fact: f.Adopted, at: float) -> None:
    environment.adopted, environment.stable = fact.version, fact.revision
    environment.versions[fact.revision] = fact.version
    active = environment.active
    if active is not None and not active.stable:
        environment.deployments[active.number] = active._replace(stable=fact.revision)


def _scale_set(environment: Environment, fact: f.ScaleSet, at: float) -> None:
    environment.wanted[fact.revision] = fact.instances


def _routes_set(environment: Environment, fact: f.RoutesSet, at: float) -> None:
    environment.routes, environment.routes_at = fact.routes, at


def _shifted(environment: Environment, fact: f.Shifted, at: float) -> None:
    environment.confirmed = fact.routes


def _operation_finished(environment: Environment, fact: f.OperationFinished, at: float) -> None:
    one = environment.deployments.get(fact.number)
    if fact.ok and one is not None:
        environment.done.add((fact.operation, one.version.id))


def _kept(environment: Environment, fact: f.RevisionKept, at: float) -> None:
    environment.kept[fact.revision] = fact.until


def _retired(environment: Environment, fact: f.RevisionRetired, at: float) -> None:
    environment.kept.pop(fact.revision, None)
    environment.wanted.pop(fact.revision, None)


def _health_changed(environment: Environment, fact: f.HealthChanged, at: float) -> None:
    environment.healthy, environment.health_message = fact.healthy, fact.message
    environment.health_at = at


def _automation_held(environment: Environment, fact: f.AutomationHeld, at: float) -> None:
    environment.held = fact


def _automation_released(environment: Environment, fact: f.AutomationReleased, at: float) -> None:
    environment.held = None


def _withdrawn(environment: Environment, fact: f.Withdrawn, at: float) -> None:
    environment.withdrawing = False


def _withdrawing(environment: Environment, fact: f.WithdrawRequested, at: float) -> None:
    environment.wanted = dict.fromkeys(environment.wanted, 0)
    environment.routes = environment.confirmed = Routes()
    environment.kept.clear()
    environment.stable, environment.healthy = '', None
    environment.withdrawing = True


def _drift_seen(environment: Environment, fact: f.DriftSeen, at: float) -> None:
    environment.drift = fact.message


def _raised(environment: Environment, fact: f.AlertRaised, at: float) -> None:
    environment.alerts[fact.alert] = Raised(fact, at)
    _tell(environment, fact, at)


def _cleared(environment: Environment, fact: f.AlertCleared, at: float) -> None:
    environment.alerts.pop(fact.alert, None)
    _tell(environment, fact, at)


def _tell(environment: Environment, fact: f.AlertRaised | f.AlertCleared, at: float) -> None:
    for channel in fact.notify:
        environment.untold[environment.seq, channel] = Told(fact, at)


def _told(environment: Environment, fact: f.AlertTold, at: float) -> None:
    environment.untold.pop((fact.of, fact.channel), None)


_CHANGES: Final[Mapping[type[Any], Callable[[Environment, Any, float], None]]] = {
    f.DeploymentRequested: _requested,
    f.Adopted: _adopted,
    f.DeploymentStarted: _started,
    f.ScaleSet: _scale_set,
    f.RoutesSet: _routes_set,
    f.Shifted: _shifted,
    f.OperationFinished: _operation_finished,
    f.RevisionKept: _kept,
    f.RevisionRetired: _retired,
    f.HealthChanged: _health_changed,
    f.AutomationHeld: _automation_held,
    f.AutomationReleased: _automation_released,
    f.WithdrawRequested: _withdrawing,
    f.Withdrawn: _withdrawn,
    f.DriftSeen: _drift_seen,
    f.AlertRaised: _raised,
    f.AlertCleared: _cleared,
    f.AlertTold: _told,
}
