"""A strategy as a course: the steps of a deployment, in order.

Every strategy comes down to the same few steps, so that only `decide.py` knows how a step is
taken. A course is a pure function of the settings, which are kept with the deployment; the names
of its steps are kept in the facts, and where a newer Liftlock would name them otherwise the
deployment starts over at its first step (all steps may be taken again).

What is left out: for the first deployment, and where a rollback is *fast*, all that waits or
analyses; tests after the deployment remain. (Argo Rollouts does the same.)
"""

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from liftlock.language.records import NamedTuple
from liftlock.language.settings import model
from liftlock.rollout.deployment import STOP
from liftlock.rollout.sight import Capabilities


class Hook(NamedTuple):
    """Run one of the user's commands, once."""

    hook: str

    @property
    def name(self) -> str:
        return f'hook {self.hook}'


class MakeReady(NamedTuple):
    """Fetch, unpack and build what the revision needs."""

    name: str = 'prepare'


class StopOld(NamedTuple):
    name: str = STOP


class Launch(NamedTuple):
    """Have so many instances of the new revision ready."""

    instances: int

    @property
    def name(self) -> str:
        return f'start {self.instances}'


class Replace(NamedTuple):
    """Exchange old instances for new ones, a few at a time."""

    max_unavailable: int
    max_surge: int
    name: str = 'replace instances'


class Preview(NamedTuple):
    """The new revision stands behind the preview's address."""

    name: str = 'preview'


class Weigh(NamedTuple):
    """Give the new revision so many percent of the traffic."""

    percent: int

    @property
    def name(self) -> str:
        return f'setWeight {self.percent}'


class Header(NamedTuple):
    route: model.SetHeaderRoute

    @property
    def name(self) -> str:
        return f'setHeaderRoute {self.route.name}'


class Reflect(NamedTuple):
    route: model.SetMirrorRoute

    @property
    def name(self) -> str:
        return f'setMirrorRoute {self.route.name}'


class Wait(NamedTuple):
    """Until somebody promotes, or for so many seconds."""

    seconds: float | None
    reason: str

    @property
    def name(self) -> str:
        return 'pause' if self.seconds is None else f'pause {self.seconds:g}s'


class Analyse(NamedTuple):
    """`tests` are kept where other analyses are left out."""

    stage: str
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        return f'{self.stage}: {", ".join(self.names)}'


class Switch(NamedTuple):
    """All traffic for the new revision."""

    name: str = 'switch'


class Update(NamedTuple):
    """Have the place updated by its own means, and wait until it has settled."""

    name: str = 'update'


class Restore(NamedTuple):
    """Going back: the old revision is there again, and gets all the traffic."""

    name: str = 'restore the old version'


class Verify(NamedTuple):
    """Going back: the old revision is healthy."""

    name: str = 'verify'


class Withdraw(NamedTuple):
    """Going back from a first version: there is no old one."""

    name: str = 'withdraw'


Step: TypeAlias = (
    Hook
    | MakeReady
    | StopOld
    | Launch
    | Replace
    | Preview
    | Weigh
    | Header
    | Reflect
    | Wait
    | Analyse
    | Switch
    | Update
    | Restore
    | Verify
    | Withdraw
)
TESTS: Final = 'tests'
PRE: Final = 'prePromotion'
POST: Final = 'postPromotion'
BACKGROUND: Final = 'background'
CONDITIONS: Final = 'conditions'
WATCH: Final = 'watch'


class Terms(NamedTuple):
    """What a deployment is made by: what its settings say, and what its target can.

    `analyses` holds all that a name may stand for; `conditions` names those among them whose
    failure takes a version back. `unhealthy`: so does a version that is not healthy.
    """

    environment: model.Environment
    capabilities: Capabilities
    analyses: Mapping[str, model.Analysis] = {}
    conditions: tuple[str, ...] = ()
    unhealthy: bool = False

    @property
    def instances(self) -> int:
        return getattr(self.environment.target, 'instances', None) or 1


def names(steps: tuple[Step, ...]) -> tuple[str, ...]:
    return tuple(step.name for step in steps)


def forward(terms: Terms, *, first: bool, fast: bool) -> tuple[Step, ...]:
    """From nothing to a success."""
    steps = tuple(_forward(terms, first))
    if first or fast:
        steps = tuple(step for step in steps if not _waits(step))
    return steps


def back(terms: Terms, *, first: bool) -> tuple[Step, ...]:
    """From wherever it stands to the old version."""
    steps: tuple[Step, ...] = (Withdraw(),) if first else (Restore(), Verify())
    if terms.capabilities.in_place:
        steps = () if first else (Update('go back'), Verify())
    hook = terms.environment.hooks.after_rollback
    return (*steps, Hook('after_rollback')) if hook else steps


def _waits(step: Step) -> bool:
    match step:
        case Analyse(stage):
            return stage != TESTS
        case Wait() | Weigh() | Header() | Reflect():
            return True
    return False


def _forward(terms: Terms, first: bool) -> Iterator[Step]:
    environment = terms.environment
    hooks = environment.hooks
    if hooks.before:
        yield Hook('before')
    yield MakeReady()
    if terms.capabilities.in_place:
        yield from _before_switch(hooks)
        yield Update()
    else:
        yield from _strategy(terms, first)
    if hooks.after:
        yield Hook('after')
    if environment.tests:
        yield Analyse(TESTS, tuple(word.text for word in environment.tests))


def _before_switch(hooks: model.Hooks) -> Iterator[Step]:
    if hooks.before_switch:
        yield Hook('before_switch')


def _strategy(terms: Terms, first: bool) -> Iterator[Step]:
    hooks, full = terms.environment.hooks, terms.instances
    match terms.environment.strategy:
        case model.BlueGreen() as blue_green:
            yield from _blue_green(blue_green, hooks, full)
        case model.Canary() as canary:
            yield from _canary(canary, hooks, terms, first)
        case model.Rolling(unavailable, surge) if not first:
            yield from _before_switch(hooks)
            yield Replace(*bounds(unavailable, surge, full))
            yield Switch()
        case _:
            yield from _before_switch(hooks)
            if not first:
                yield StopOld()
            yield Launch(full)
            yield Switch()


def _blue_green(strategy: model.BlueGreen, hooks: model.Hooks, full: int) -> Iterator[Step]:
    preview = strategy.preview_replica_count or full
    yield Launch(preview)
    yield Preview()
    yield from _before_switch(hooks)
    if strategy.pre_promotion_analysis:
        yield Analyse(PRE, tuple(word.text for word in strategy.pre_promotion_analysis))
    if not strategy.auto_promotion_enabled:
        yield Wait(None, 'autoPromotionEnabled is false')
    elif strategy.auto_promotion_seconds:
        yield Wait(float(strategy.auto_promotion_seconds), 'autoPromotionSeconds')
    if preview != full:
        yield Launch(full)
    yield Switch()
    if strategy.post_promotion_analysis:
        yield Analyse(POST, tuple(word.text for word in strategy.post_promotion_analysis))


def _canary(
    strategy: model.Canary, hooks: model.Hooks, terms: Terms, first: bool
) -> Iterator[Step]:
    """Without a router that weighs, the ratio of instances is the weight: the canary has as many
    as the weight says, and none before the first."""
    full = terms.instances
    by_ratio = not terms.capabilities.weights
    yield from [] if by_ratio and not first else [Launch(full)]
    yield from _before_switch(hooks)
    for number, step in enumerate(strategy.steps, 1):
        match step:
            case model.SetWeight(percent):
                yield Weigh(percent)
            case model.Pause(duration):
                yield Wait(duration, f'step {number} of the canary')
            case model.Analyse(found):
                yield Analyse(f'step-{number}', tuple(word.text for word in found))
            case model.SetHeaderRoute():
                yield Header(step)
            case model.SetMirrorRoute():
                yield Reflect(step)
    if by_ratio and not first:
        yield Launch(full)
    yield Switch()


def bounds(unavailable: model.Amount, surge: model.Amount, full: int) -> tuple[int, int]:
    """How many may be missing (rounded down) and be there in addition (rounded up), as
    Kubernetes counts. Never both 0: nothing could be replaced."""
    missing = full * unavailable.value // 100 if unavailable.percent else unavailable.value
    more = -(-full * surge.value // 100) if surge.percent else surge.value
    return (missing, more) if missing or more else (0, 1)


def background(terms: Terms) -> tuple[str, ...]:
    """Analyses that run beside all steps."""
    strategy = terms.environment.strategy
    return tuple(w.text for w in strategy.analysis) if isinstance(strategy, model.Canary) else ()


def delays(terms: Terms) -> tuple[int, int]:
    """Seconds for which the old version is kept after a success, and the new one after a failure.
    0: it goes at once."""
    strategy = terms.environment.strategy
    if isinstance(strategy, model.BlueGreen | model.Canary):
        return strategy.scale_down_delay_seconds, strategy.abort_scale_down_delay_seconds
    return 0, 0
