"""Desired state in one environment: what git says is looked up from time to time, drift of the
place is looked for, and what follows is written down as facts.

A deployment that follows from it is one like that of a person: its protection counts. Looking is
cheap while nothing changes; a cluster is compared more seldom, and at once after a deployment.
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.engine.delivery.ports import Comparing, Pruning, Target
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.language.settings.model import Sync
from liftlock.rollout import facts as f
from liftlock.rollout import sync as states
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.drift import replicas, whole
from liftlock.rollout.environment import Environment
from liftlock.rollout.sight import Seen
from liftlock.rollout.sync import Deploy, Desired, Heal, InSync, Outcome, Wait
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision
from liftlock.store.deliveries import Place

PERIOD: Final = 5.0  # seconds between two looks at git; and so long drift must last to be told
COMPARING: Final = 60.0  # between two comparisons of a cluster
LONGEST: Final = 20_000  # characters of drift that are kept
NOBODY: Final = 'liftlock'  # who asks for what follows from git

Desire = Callable[[Place, Blueprint], Awaitable[Desired]]


class Looked(NamedTuple):
    """At what is to be compared: the place, as it was seen last. `revision` gives the present one
    with everything that it was deployed with."""

    target: Target
    in_place: bool
    seen: Seen
    revision: Callable[[], Revision]


async def no_desire(place: Place, blueprint: Blueprint) -> Desired:
    """Where nobody can tell what git says."""
    return Desired()


class Syncing:
    """What is remembered from look to look. All of it can be found out anew."""

    def __init__(self, desire: Desire) -> None:
        self._desire = desire
        self.due = 0.0
        self._drift, self._since = '', 0.0
        self._compared, self._compared_at, self._compared_for = '', 0.0, 0
        self._pruned = 0
        self._followed = 0  # the deployment after which was looked last

    def is_due(self, environment: Environment, now: float) -> bool:
        """From time to time, and at once after a deployment."""
        last = environment.last
        return now >= self.due or (last is not None and last.number != self._followed)

    async def look(
        self, place: Place, blueprint: Blueprint, at: Looked, environment: Environment, now: float
    ) -> tuple[Desired, str]:
        """What git says, and how the place differs from what was deployed there."""
        desired = await self._desire(place, blueprint)
        differs = whole if at.in_place else replicas
        self._notice(differs(environment, at.seen), now)
        drift = self._drift if now - self._since >= PERIOD else ''
        compared = await self._compare(at, environment, now)
        return desired, '\n'.join(filter(None, (drift, compared)))

    def follow(
        self, environment: Environment, sync: Sync, desired: Desired, drift: str, now: float
    ) -> list[f.Fact]:
        """Everything that is to be written down; says when to look again."""
        outcome = states.judge(environment, sync, desired, drift, now)
        self.due = now + PERIOD
        self._followed = environment.last.number if environment.last else 0
        if isinstance(outcome, Wait) and outcome.until:
            self.due = max(now + 0.1, min(self.due, outcome.until))
        return list(facts(environment, outcome))

    def _notice(self, drift: str, now: float) -> None:
        """What somebody is just about to mend is not told."""
        if drift != self._drift:
            self._drift, self._since = drift, now

    async def _compare(self, at: Looked, environment: Environment, now: float) -> str:
        last = environment.last
        if last is None or not isinstance(at.target, Comparing) or not environment.stable:
            return ''
        new = last.number != self._compared_for
        if new or now - self._compared_at >= COMPARING:
            try:
                found = await at.target.diff(at.revision())
            except (Trouble, UserError) as error:
                found = f'it cannot be compared: {error}'
            self._compared = headed(found.strip())[:LONGEST]
            self._compared_at, self._compared_for = now, last.number
        return self._compared

    async def prune(self, at: Looked, environment: Environment, sync: Sync) -> list[f.Fact]:
        """Once after each deployment by sync that succeeded; again after a crash, which changes
        nothing."""
        last = environment.last
        if not self._to_prune(last, sync) or not isinstance(at.target, Pruning):
            return []
        assert last is not None
        assert sync.automated is not None
        self._pruned = last.number
        try:
            gone = await at.target.prune(allow_empty=sync.automated.allow_empty)
        except Trouble as error:
            return [f.Noticed(last.number, 'warning', f'not pruned: {error}')]
        return [f.Noticed(last.number, 'notice', f'pruned: {gone}')] if gone else []

    def _to_prune(self, last: Deployment | None, sync: Sync) -> bool:
        if last is None or sync.automated is None or not sync.automated.prune:
            return False
        return last.request.kind == f.SYNC and last.number != self._pruned


def headed(diff: str) -> str:
    """A difference below one line that names what differs."""
    names = [line.removeprefix('--- ') for line in diff.splitlines() if line.startswith('--- ')]
    return f'changed by hand: {", ".join(names)}\n{diff}' if names else diff


def facts(environment: Environment, outcome: Outcome) -> Iterator[f.Fact]:
    message = '' if isinstance(outcome, InSync) else outcome.message[:LONGEST]
    if message != environment.drift:
        yield f.DriftSeen(message)
    if not isinstance(outcome, Deploy | Heal):
        return
    if isinstance(outcome, Deploy):
        for number in outcome.instead:
            why = f'{outcome.version.name} is what git says now'
            yield f.DeploymentFinished(number, 'superseded', why)
    reason = outcome.reason or message.partition('\n')[0]
    version = outcome.version
    yield f.DeploymentRequested(
        environment.next_number, f.SYNC, version, outcome.settings, NOBODY, reason,
        run=version.run,
    )  # fmt: skip
