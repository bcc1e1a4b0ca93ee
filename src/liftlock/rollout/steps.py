"""How each step of a course is taken: what is set when it begins, and what is due until it ends.

A step answers with decisions. It has ended when one of them records `StepFinished`; it has failed
when one records `RollbackStarted`. Asked twice, it answers the same: what it needs to know stands
in the facts and in what is seen.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from liftlock.language.records import NamedTuple
from liftlock.rollout import course, trials
from liftlock.rollout import facts as f
from liftlock.rollout.course import Step, Terms
from liftlock.rollout.decisions import Advance, Apply, Decision, Hold, Prepare, Record, Run
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.environment import Environment
from liftlock.rollout.phases import Phase
from liftlock.rollout.sight import Group, HeaderRoute, Match, Mirror, Routes, Seen
from liftlock.rollout.trials import Outcome

CRASHES: Final = 3  # so often may an instance die before it is said to be in a crash loop
ITS_OWN: Final = 3.0  # seconds for a place that was told to go on to do so
NOBODY: Final = 'the controller ended while it ran, so nobody knows how far it came'


class Scene(NamedTuple):
    """Everything that a step is decided by."""

    environment: Environment
    deployment: Deployment
    terms: Terms
    seen: Seen
    now: float

    @property
    def number(self) -> int:
        return self.deployment.number

    @property
    def new(self) -> str:
        return self.deployment.revision

    @property
    def old(self) -> str:
        """'' for a first version, and where the old revision is taken again."""
        stable = self.deployment.stable
        return '' if stable == self.deployment.revision else stable

    def group(self, revision: str) -> Group:
        return self.seen.groups.get(revision, Group())

    def wanted(self, revision: str) -> int:
        return self.environment.wanted.get(revision, 0)

    @property
    def confirmed(self) -> bool:
        return self.seen.routes == self.environment.routes


# --- what is set when a step begins


def enter(scene: Scene, step: Step) -> Iterator[f.Fact]:
    number, new, old = scene.number, scene.new, scene.old
    match step:
        case course.StopOld():
            yield f.ScaleSet(number, old, 0)
        case course.Launch(instances):
            yield from _launch(scene, instances)
        case course.Preview():
            yield f.RoutesSet(number, scene.environment.routes._replace(preview=new))
        case course.Weigh(percent):
            yield from _weigh(scene, percent)
        case course.Header(route):
            matches = tuple(map(_match, route.match))
            one = (HeaderRoute(route.name, matches, new),) if matches else ()
            routes = scene.environment.routes
            kept = tuple(each for each in routes.headers if each.name != route.name)
            yield f.RoutesSet(number, routes._replace(headers=(*kept, *one)))
        case course.Reflect(route):
            mirror = (Mirror(route.name, route.percentage, new),) if route.percentage else ()
            routes = scene.environment.routes
            others = tuple(each for each in routes.mirrors if each.name != route.name)
            yield f.RoutesSet(number, routes._replace(mirrors=(*others, *mirror)))
        case course.Switch():
            yield from _switch(scene)
        case course.Restore():
            yield from _restore(scene)
        case course.Withdraw():
            yield f.RoutesSet(number, Routes())
            yield f.ScaleSet(number, new, 0)


def _launch(scene: Scene, instances: int) -> Iterator[f.Fact]:
    if scene.wanted(scene.new) < instances:
        yield f.ScaleSet(scene.number, scene.new, instances)


def _match(one: Any) -> Match:
    kind = next(kind for kind in ('exact', 'prefix', 'regex') if getattr(one, kind))
    return Match(one.header, getattr(one, kind), kind)


def _weigh(scene: Scene, percent: int) -> Iterator[f.Fact]:
    if not scene.terms.capabilities.weights:
        full = scene.terms.instances
        share = -(-full * percent // 100)
        yield f.ScaleSet(scene.number, scene.new, share)
        yield f.ScaleSet(scene.number, scene.old, full - share)
    routes = scene.environment.routes
    weights = ((scene.old, 100 - percent), (scene.new, percent))
    yield f.RoutesSet(scene.number, routes._replace(weights=weights, fallback=scene.old))


def _switch(scene: Scene) -> Iterator[f.Fact]:
    """The old revision stays in the router, so that it can take over at once. Header routes and
    mirrors were for the time of the walk."""
    old = scene.old if scene.wanted(scene.old) else ''
    preview = scene.new if scene.environment.routes.preview else ''
    yield f.RoutesSet(scene.number, all_for(scene.new, old)._replace(preview=preview))


def all_for(revision: str, kept: str = '') -> Routes:
    """All traffic for one; another may stand by."""
    weights = ((revision, 100), *(((kept, 0),) if kept else ()))
    return Routes(weights=weights, fallback=kept)


def _restore(scene: Scene) -> Iterator[f.Fact]:
    """Traffic goes back at once where the old version still stands."""
    full, old = scene.terms.instances, scene.old
    if scene.wanted(old) < full:
        yield f.ScaleSet(scene.number, old, full)
    if scene.deployment.gone_at and not scene.group(old).ready:
        yield f.ScaleSet(scene.number, scene.new, 0)  # they may not run at the same time
    elif scene.group(old).ready:
        yield f.RoutesSet(scene.number, all_for(old))


# --- what is due until it ends


def take(scene: Scene, step: Step) -> list[Decision]:
    if scene.deployment.full and _skippable(step):
        return done(scene, 'skipped')
    answer = _STEPS[type(step)](scene, step)
    late = _late(scene, step)
    if late and not any(isinstance(one, Record) for one in answer):
        return fail(scene, 'deadline', late)
    return answer


def _skippable(step: Step) -> bool:
    if isinstance(step, course.Analyse):
        return step.stage != course.TESTS
    return isinstance(step, course.Wait | course.Weigh | course.Header | course.Reflect)


def _late(scene: Scene, step: Step) -> str:
    waits = isinstance(step, course.Wait | course.Analyse | course.Hook)
    if waits or scene.seen.paused:
        return ''
    deadline = scene.terms.environment.progress_deadline_seconds
    moved = max(scene.deployment.moved_at, scene.seen.since)
    if scene.now - moved <= deadline:
        return ''
    why = scene.group(scene.new).message or scene.seen.message
    return f'no progress for {deadline} s at "{step.name}"' + (f': {why}' if why else '')


def done(scene: Scene, message: str = '') -> list[Decision]:
    one = scene.deployment
    return [Record(f.StepFinished(one.number, one.step, one.steps[one.step], message))]


def fail(scene: Scene, cause: str, reason: str) -> list[Decision]:
    """Forward it means going back. Going back, it means that the end is a bad one."""
    if scene.deployment.phase is not Phase.RETURNING:
        return [Record(f.RollbackStarted(scene.number, cause, reason))]
    return [
        Record(f.Noticed(scene.number, 'error', f'cannot go back: {reason}')),
        Record(f.DeploymentFinished(scene.number, 'failure', f'cannot go back: {reason}')),
    ]


def wait(reason: str, until: float = 0.0) -> list[Decision]:
    return [Hold(until, reason)]


def _hook(scene: Scene, step: course.Hook) -> list[Decision]:
    operation = f'hook:{step.hook}'
    version = scene.deployment.version.id
    if operation not in scene.deployment.operations:
        if step.hook == 'before_switch' and (operation, version) in scene.environment.done:
            return done(scene, 'this version has had it before')
        return [Run(step.hook, scene.new)]
    ended = scene.deployment.operations[operation]
    if ended is None and operation in scene.seen.underway:
        return wait(f'hook {step.hook} runs')
    if ended is None:
        return [Record(f.OperationFinished(scene.number, operation, ok=False, message=NOBODY))]
    if ended.ok:
        return done(scene, ended.message)
    if scene.deployment.phase is Phase.RETURNING:
        noticed = f.Noticed(scene.number, 'error', f'hook {step.hook}: {ended.message}')
        return [Record(noticed), *done(scene, f'failed: {ended.message}')]
    return fail(scene, 'hook', f'hook {step.hook}: {ended.message}')


def _make_ready(scene: Scene, step: course.MakeReady) -> list[Decision]:
    if scene.new in scene.deployment.prepared:
        return done(scene, scene.deployment.prepared[scene.new])
    if 'prepare' in scene.seen.underway:
        return wait(f'prepares {scene.deployment.version.name}')
    return [Prepare(scene.new)]


def _stop_old(scene: Scene, step: course.StopOld) -> list[Decision]:
    running = scene.group(scene.old).running
    return wait(f'{running} of the old version still run') if running else done(scene)


def _start(scene: Scene, step: course.Launch) -> list[Decision]:
    group = scene.group(scene.new)
    if group.ready >= step.instances:
        return done(scene, f'{group.ready} ready')
    if crashing := crash_loop(group):
        return fail(scene, 'health', crashing)
    told = f': {group.message}' if group.message else ''
    return wait(f'{group.ready} of {step.instances} ready{told}')


def crash_loop(group: Group) -> str:
    if group.ready or group.restarts < CRASHES:
        return ''
    return f'instances end as soon as they are started: {group.message}'


def _replace(scene: Scene, step: course.Replace) -> list[Decision]:
    """As a Deployment of Kubernetes does: never more than `full + max_surge`, never fewer ready
    than `full - max_unavailable`."""
    full = scene.terms.instances
    new, old = scene.group(scene.new), scene.group(scene.old)
    wants_new, wants_old = scene.wanted(scene.new), scene.wanted(scene.old)
    if wants_new >= full and new.ready >= full and not wants_old:
        return done(scene, f'{new.ready} ready')
    if crashing := crash_loop(new):
        return fail(scene, 'health', crashing)
    if new.unknown or old.unknown:  # all of them, after a restart: who serves is not known yet
        return wait(f'{new.ready} of {full} replaced')
    room = full + step.max_surge - max(wants_old, old.running)
    more = min(full, max(wants_new, room))
    spare = new.ready + min(old.ready, wants_old) - (full - step.max_unavailable)
    fewer = max(0, wants_old - max(0, spare))
    facts: list[f.Fact] = []
    if more != wants_new:
        facts.append(f.ScaleSet(scene.number, scene.new, more))
    routes = _shared(scene, new.ready, fewer)
    if routes != scene.environment.routes:
        facts.append(f.RoutesSet(scene.number, routes))
    elif fewer != wants_old and scene.confirmed:  # first the traffic, then the instances
        facts.append(f.ScaleSet(scene.number, scene.old, fewer))
    told = f': {new.message}' if new.message else ''
    return [Record(fact) for fact in facts] or wait(f'{new.ready} of {full} replaced{told}')


def _shared(scene: Scene, new: int, old: int) -> Routes:
    """Traffic by the number of instances."""
    percent = 100 * new // (new + old) if old else 100
    weights = ((scene.old, 100 - percent), (scene.new, percent))
    return scene.environment.routes._replace(weights=weights, fallback='')


def _confirmed(scene: Scene, step: Step) -> list[Decision]:
    return done(scene) if scene.confirmed else wait('the router has not confirmed it yet')


def _weighed(scene: Scene, step: course.Weigh) -> list[Decision]:
    group, wanted = scene.group(scene.new), scene.wanted(scene.new)
    if group.ready < wanted and not scene.terms.capabilities.weights:
        if crashing := crash_loop(group):
            return fail(scene, 'health', crashing)
        return wait(f'{group.ready} of {wanted} ready')
    return _confirmed(scene, step)


def _wait(scene: Scene, step: course.Wait) -> list[Decision]:
    one = scene.deployment
    until = 0.0 if step.seconds is None else one.step_at + step.seconds
    if one.promoted_at > one.step_at:
        return done(scene, 'promoted')
    if until and scene.now >= until:
        return done(scene)
    if one.paused is None:
        return [Record(f.Paused(scene.number, step.reason, until))]
    return wait(step.reason, until)


def _analyse(scene: Scene, step: course.Analyse) -> list[Decision]:
    outcome = trials.run(scene, step.stage, step.names)
    cause = 'tests' if step.stage == course.TESTS else 'analysis'
    return [*outcome.decisions, *_concluded(scene, outcome, cause)]


def _concluded(scene: Scene, outcome: Outcome, cause: str) -> list[Decision]:
    if outcome.failed:
        return fail(scene, cause, outcome.failed)
    if outcome.unsure and scene.deployment.paused is None:
        return [Record(f.Paused(scene.number, outcome.unsure))]
    return done(scene, outcome.message) if outcome.good else []


def _update(scene: Scene, step: course.Update) -> list[Decision]:
    back = scene.deployment.phase is Phase.RETURNING
    revision = scene.old if back else scene.new
    operation = f'apply:{revision}' + (':back' if back else '')
    again = back or scene.deployment.request.kind == f.ROLLBACK
    ended = scene.deployment.operations.get(operation)
    if ended is None:
        if operation in scene.seen.underway:
            return wait('the update is being asked for')
        return [Apply(revision, again)]
    if not ended.ok:
        return fail(scene, 'error', ended.message)
    if scene.seen.revision == revision and scene.seen.failed:
        return fail(scene, 'health', scene.seen.failed)
    if scene.seen.revision == revision and scene.seen.settled:
        return done(scene, scene.seen.message)
    if scene.seen.paused:
        return _advance(scene)
    return wait(scene.seen.message or 'the update has not settled yet')


def _advance(scene: Scene) -> list[Decision]:
    """The place has paused by its own rules, as an Argo Rollout does: people let it go on."""
    one = scene.deployment
    operation = 'advance:full' if one.full else f'advance:{one.promoted_at:.3f}'
    if one.promoted_at > one.step_at and operation not in one.operations:
        return [Advance(operation, one.full)]
    if one.paused is None and scene.now > one.moved_at + ITS_OWN:
        return [Record(f.Paused(scene.number, scene.seen.paused))]
    return wait(scene.seen.paused)


def _restored(scene: Scene, step: course.Restore) -> list[Decision]:
    old, routes = scene.group(scene.old), all_for(scene.old)
    if not old.ready:
        return wait(f'the old version is not ready yet: {old.message}')
    if scene.environment.routes != routes:
        return [Record(f.RoutesSet(scene.number, routes))]
    if not scene.confirmed:
        return wait('the router has not confirmed it yet')
    return done(scene)


def _verify(scene: Scene, step: course.Verify) -> list[Decision]:
    if scene.terms.capabilities.in_place:
        return done(scene, scene.seen.message)
    group, full = scene.group(scene.old), scene.terms.instances
    if group.ready >= full:
        return done(scene, f'{group.ready} healthy')
    return wait(f'{group.ready} of {full} healthy')


def _withdrawn(scene: Scene, step: course.Withdraw) -> list[Decision]:
    running = scene.group(scene.new).running
    return wait(f'{running} still run') if running else done(scene)


_STEPS: Final[Mapping[type[Any], Callable[[Scene, Any], list[Decision]]]] = {
    course.Hook: _hook,
    course.MakeReady: _make_ready,
    course.StopOld: _stop_old,
    course.Launch: _start,
    course.Replace: _replace,
    course.Preview: _confirmed,
    course.Weigh: _weighed,
    course.Header: _confirmed,
    course.Reflect: _confirmed,
    course.Wait: _wait,
    course.Analyse: _analyse,
    course.Switch: _confirmed,
    course.Update: _update,
    course.Restore: _restored,
    course.Verify: _verify,
    course.Withdraw: _withdrawn,
}
