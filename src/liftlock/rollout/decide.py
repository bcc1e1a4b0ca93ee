"""What to do next with an environment: its state, its terms and what is seen in, decisions out.

    decide(environment, terms, seen, now)

The engine asks every second, after every fact, and after a `kill -9`. It first writes down what
the decisions record, folds that, and asks again until nothing more is to be recorded; then it
carries the others out. So what is wanted is always written before it is brought about, and a
decision that was carried out but not noted is carried out again, which changes nothing.

1. What was wanted is kept up: instances that died are started again, routes that differ are set.
2. The active deployment goes one step on, or goes back.
3. Without one, the first in line starts. Old versions whose time is over go. The last deployment
   is watched for a while, and taken back if it turns bad.
"""

from collections.abc import Iterator

from liftlock.rollout import course, trials
from liftlock.rollout import facts as f
from liftlock.rollout.course import Terms
from liftlock.rollout.decisions import Decision, Hold, Record, Remove, Scale, Shift
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.environment import Environment
from liftlock.rollout.phases import Phase
from liftlock.rollout.sight import Group, Routes, Seen
from liftlock.rollout.steps import Scene, all_for, enter, fail, take
from liftlock.rollout.version import Version, revision_name

UNHEALTHY_FOR = 10.0  # seconds; an instance that was replaced meanwhile is no reason to go back
PEOPLE = 'somebody has to decide'
WINDOW = 5  # versions back that a rollback reaches fast, where nothing else is said


def governing(environment: Environment) -> int:
    """The number of the deployment by whose terms decisions are to be made; 0: there is none.

    Deployments by jobs are carried out by the runs that the jobs belong to.
    """
    if environment.active is not None:
        return environment.active.number
    line = environment.line
    if line and line[0].request.kind != f.JOB:
        return line[0].number
    known = environment.deployments
    good = [number for number in environment.successes if known[number].revision]
    tried = [n for n, one in known.items() if one.revision and one.request.kind != f.JOB]
    return next(iter((*good[::-1], *tried[::-1])), 0)


def decide(environment: Environment, terms: Terms, seen: Seen, now: float) -> tuple[Decision, ...]:
    active = environment.active
    if active is None:
        return tuple(_idle(environment, terms, seen, now))
    if active.request.kind == f.JOB:
        return (Hold(0.0, f'job "{active.request.job}" of run {active.request.run} deploys'),)
    scene = Scene(environment, active, terms, seen, now)
    going = _return if active.phase is Phase.RETURNING else _go_on
    return (
        *going(scene),
        *_keep_up(environment, terms, seen, now),
        *_retire(environment, seen, now),
    )


# --- 1. what was wanted


def _keep_up(environment: Environment, terms: Terms, seen: Seen, now: float) -> Iterator[Decision]:
    if not terms.capabilities.in_place:
        yield from _keep_running(environment, seen)
    if (seen.routes or Routes()) != environment.routes:
        yield Shift(environment.routes)
    elif environment.confirmed != environment.routes:
        number = max(environment.deployments, default=0)
        active = environment.active
        took = max(0.0, now - environment.routes_at)
        yield Record(f.Shifted(active.number if active else number, environment.routes, took))


def _keep_running(environment: Environment, seen: Seen) -> Iterator[Decision]:
    for revision, wanted in environment.wanted.items():
        group = seen.groups.get(revision, Group())
        if group.running != wanted:
            yield Scale(revision, wanted)
    for revision in seen.groups.keys() - environment.wanted.keys():
        if seen.groups[revision].running:
            yield Scale(revision, 0)


def _retire(environment: Environment, seen: Seen, now: float) -> Iterator[Decision]:
    """Old versions go when their time is over; what is gone is forgotten."""
    active = environment.active
    needed = {environment.stable} | ({active.revision, active.stable} if active else set())
    for revision, until in environment.kept.items():
        if revision in needed or environment.wanted.get(revision) == 0:
            continue
        if until and now >= until:
            number = max(environment.deployments)
            if not active and environment.stable:
                yield Record(f.RoutesSet(number, all_for(environment.stable)))
            yield Record(f.ScaleSet(number, revision, 0))
        elif until:
            yield Hold(until, f'{revision} is kept')
    for revision, wanted in environment.wanted.items():
        group = seen.groups.get(revision, Group())
        if not wanted and not group.running and revision not in needed:
            yield Record(f.RevisionRetired(revision))


# --- 2. the active deployment


def _go_on(scene: Scene) -> Iterator[Decision]:
    one = scene.deployment
    if one.abort is not None:
        told = f': {one.abort.reason}' if one.abort.reason else ''
        yield from fail(scene, 'person', f'{one.abort.by} aborted it{told}')
        return
    first, fast = _kind(scene.environment, one, scene.terms)
    beside = list(_beside(scene, fast=fast or one.full))
    yield from beside
    if any(isinstance(each, Record) or _blocks(each) for each in beside):
        return
    steps = course.forward(scene.terms, first=first, fast=fast)
    if one.steps != course.names(steps):
        yield Record(f.DeploymentStarted(one.number, one.revision, one.stable, course.names(steps)))
    elif one.step < len(steps):
        yield from _step(scene, steps[one.step])
    elif votes := list(trials.conclude(scene, course.BACKGROUND)):
        yield from votes
    else:
        yield from map(Record, _succeed(scene))


def _step(scene: Scene, step: course.Step) -> Iterator[Decision]:
    one = scene.deployment
    if one.step_at:
        yield from take(scene, step)
        return
    yield Record(f.StepStarted(one.number, one.step, step.name))
    yield from map(Record, enter(scene, step))


def _kind(environment: Environment, one: Deployment, terms: Terms) -> tuple[bool, bool]:
    """Whether there was nothing before, and whether pauses and analyses are left out."""
    return not one.stable, one.request.fast or _within_window(environment, one, terms)


def _within_window(environment: Environment, one: Deployment, terms: Terms) -> bool:
    if one.request.kind != f.ROLLBACK:
        return False
    rollback = terms.environment.rollback
    distance = environment.distance(one.version)
    return distance is not None and distance <= (rollback.revisions if rollback else WINDOW)


def _beside(scene: Scene, *, fast: bool) -> Iterator[Decision]:
    """What can take a deployment back at any step, once users meet the new version."""
    one = scene.deployment
    if not one.served_at or not scene.old:
        return
    group = scene.group(scene.new)
    dead = not group.ready and not group.unknown and group.message
    if dead and scene.environment.wanted.get(scene.new):
        yield from fail(scene, 'health', f'no instance is healthy: {group.message}')
        return
    if fast:
        return
    names = course.background(scene.terms)
    for stage, found in (
        (course.BACKGROUND, names),
        (course.CONDITIONS, scene.terms.conditions),
    ):
        outcome = trials.run(scene, stage, found)
        yield from outcome.decisions
        if outcome.failed:
            cause = 'analysis' if stage == course.BACKGROUND else 'condition'
            yield from fail(scene, cause, outcome.failed)
            return
        if outcome.unsure:
            yield from _let_people_decide(one, outcome.unsure)
            return


def _let_people_decide(one: Deployment, why: str) -> Iterator[Decision]:
    if one.paused is None or one.paused.reason != why:
        yield Record(f.Paused(one.number, why))
    yield Hold(0.0, PEOPLE)


def _blocks(decision: Decision) -> bool:
    return isinstance(decision, Hold) and decision.reason == PEOPLE


def _succeed(scene: Scene) -> Iterator[f.Fact]:
    """All traffic is the new version's. The old one is kept for a while, the others go."""
    one, environment = scene.deployment, scene.environment
    yield from (each.fact for each in trials.stop(one) if isinstance(each, Record))
    keep, _ = course.delays(scene.terms)
    old = scene.old if scene.wanted(scene.old) and keep else ''
    if not scene.terms.capabilities.in_place:
        routes = all_for(scene.new, old)
        if environment.routes != routes:
            yield f.RoutesSet(one.number, routes)
    for revision, wanted in environment.wanted.items():
        if wanted and revision not in (scene.new, old):
            yield f.ScaleSet(one.number, revision, 0)
    if old:
        yield f.RevisionKept(old, scene.now + keep)
    away = max(0.0, one.served_at - one.gone_at) if one.gone_at else 0.0
    yield f.DeploymentFinished(one.number, 'success', downtime=away)


def _return(scene: Scene) -> Iterator[Decision]:
    one = scene.deployment
    assert one.back is not None
    yield from trials.stop(one)
    steps = course.back(scene.terms, first=not scene.old)
    if one.steps != course.names(steps):
        yield Record(f.DeploymentStarted(one.number, one.revision, one.stable, course.names(steps)))
    elif one.step == len(steps):
        yield from map(Record, _returned(scene))
    else:
        yield from _step(scene, steps[one.step])


def _returned(scene: Scene) -> Iterator[f.Fact]:
    one = scene.deployment
    assert one.back is not None
    _, keep = course.delays(scene.terms)
    if scene.wanted(scene.new):
        if keep:
            yield f.RevisionKept(scene.new, scene.now + keep)
        else:
            yield f.ScaleSet(one.number, scene.new, 0)
    touched = bool(scene.old) and bool(one.served_at or one.gone_at or _applied(one))
    conclusion = 'rolled_back' if touched else 'failure'
    away = max(0.0, scene.now - one.gone_at) if one.gone_at else 0.0
    met = bool(one.served_at) and bool(scene.old)
    took = (one.restored_at or scene.now) - one.back_at if met else 0.0
    reason = one.back.reason
    yield f.DeploymentFinished(one.number, conclusion, reason, away, returned=took)


def _applied(one: Deployment) -> bool:
    return f'apply:{one.revision}' in one.operations


# --- 3. without one


def _idle(environment: Environment, terms: Terms, seen: Seen, now: float) -> Iterator[Decision]:
    line = environment.line
    if line and line[0].request.kind != f.JOB:
        yield Record(_start(environment, line[0], terms))
        return
    if environment.withdrawing:
        yield from (Record(f.RevisionRetired(one)) for one in environment.wanted)
        yield Remove()
        return
    last = environment.deployments.get(governing(environment))
    if last is not None and environment.stable:
        scene = Scene(environment, last, terms, seen, now)
        yield from _health(scene)
        yield from _watch(scene)
    yield from _keep_up(environment, terms, seen, now)
    yield from _retire(environment, seen, now)


def _start(environment: Environment, one: Deployment, terms: Terms) -> f.DeploymentStarted:
    """A rollback takes the old revision again where it still stands; a place that is updated as a
    whole knows its old revisions."""
    revision = revision_name(one.number)
    if one.request.kind == f.ROLLBACK:
        earlier = environment.revision_of(one.version)
        if earlier and (terms.capabilities.in_place or environment.wanted.get(earlier)):
            revision = earlier
    started = one._replace(stable=environment.stable, revision=revision)
    first, fast = _kind(environment, started, terms)
    steps = course.forward(terms, first=first, fast=fast)
    return f.DeploymentStarted(one.number, revision, environment.stable, course.names(steps))


def _health(scene: Scene) -> Iterator[Decision]:
    environment, stable = scene.environment, scene.environment.stable
    if scene.terms.capabilities.in_place:
        group = scene.group(scene.seen.revision)  # its URL, where there is something to be asked
        if group.unknown:
            return
        message = scene.seen.failed or ('' if group.ready else group.message)
        healthy = not message
    else:
        group = scene.group(stable)
        if group.unknown:
            return
        healthy, message = group.ready >= scene.wanted(stable), group.message
    if healthy is not environment.healthy:
        yield Record(f.HealthChanged(healthy, '' if healthy else message))


def _watch(scene: Scene) -> Iterator[Decision]:
    """A rollback is not rolled back by itself: one of two bad versions would follow the other."""
    last, terms = scene.deployment, scene.terms
    rollback = terms.environment.rollback
    earlier = scene.environment.before(last.number)
    if rollback is None or earlier is None or last.request.kind == f.ROLLBACK:
        return
    if any(
        number > last.number and one.request.kind == f.ROLLBACK
        for number, one in scene.environment.deployments.items()
    ):
        return  # it is asked for already, or has failed
    if scene.now >= last.finished_at + rollback.watch:
        yield from trials.stop(last, frozenset({course.WATCH}))
        return
    outcome = trials.run(scene, course.WATCH, terms.conditions)
    yield from outcome.decisions
    failed = outcome.failed or _unhealthy(scene)
    if failed:
        yield from trials.stop(last, frozenset({course.WATCH}))
        yield Record(taking_back(scene.environment, earlier, failed))


def _unhealthy(scene: Scene) -> str:
    environment = scene.environment
    if not scene.terms.unhealthy or environment.healthy is not False:
        return ''
    if scene.now < environment.health_at + UNHEALTHY_FOR:
        return ''
    return f'unhealthy: {environment.health_message}'


def taking_back(
    environment: Environment, earlier: Deployment, reason: str, by: str = 'liftlock'
) -> f.DeploymentRequested:
    """The request for going back to what a deployment had delivered, by its own settings."""
    version: Version = earlier.version
    return f.DeploymentRequested(
        environment.next_number, f.ROLLBACK, version, earlier.request.settings, by, reason,
        fast=True,
    )  # fmt: skip
