"""How the jobs of a run move from waiting to done.

Rule 1: every change of a job's state is a row of TRANSITIONS; nothing else changes one.
Rule 2: this room has no clock, no database and no runner. It is told what happened.
Rule 3: a job is decided when all that it needs is settled: skipped, refused, or expanded into legs.
    A leg becomes due when max-parallel has a place for it.
Rule 4: the first leg that fails stops the others of its matrix, unless `fail-fast: false`, or
    nobody here can serve that leg: on GitHub it would have run.
Rule 5: cancelling the run asks every job's `if` again; what still holds goes on. With `force`
    nobody is asked.
Rule 6: a job whose worker is lost starts again by itself only if none of its steps had started, or
    if somebody asked for it; one that names an environment never does.
Rule 7: a call has no worker. It is as far as the jobs inside are, and ends with the last of them.

`Progress` is the fold of the facts, kept in memory and advanced **in place**: `advance` returns the
same object. Folding the same facts over the same plan always gives the same progress, whether
`decide` was called in between or not. The diagram in docs/architecture.md is drawn from
TRANSITIONS.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from liftlock.plan import course, growth, restart
from liftlock.plan.commands import Command, Enter, Finish, Leave, Queue, Refuse, Skip, Stop
from liftlock.plan.course import Progress as Progress
from liftlock.plan.evaluation import Unusable
from liftlock.plan.facts import (
    Fact,
    JobBlocked,
    JobClaimed,
    JobFinished,
    JobLost,
    JobQueued,
    JobSkipped,
    RunFinished,
    RunRestarted,
    StepStarted,
    StopRequested,
)
from liftlock.plan.job import early_name
from liftlock.plan.plan import Plan
from liftlock.plan.transitions import TRANSITIONS as TRANSITIONS
from liftlock.plan.transitions import Happened, move
from liftlock.plan.transitions import ImpossibleTransition as ImpossibleTransition
from liftlock.plan.tree import Due, Leg, recount
from liftlock.plan.tree import State as State


def begin(plan: Plan) -> Progress:
    """A run of which nothing has happened yet; `decide` gives its first commands."""
    progress = Progress(plan, growth.root(plan))
    course.proceed(progress, progress.root)
    return progress


def advance(progress: Progress, fact: Fact) -> Progress:
    """Take in one fact. Raises ImpossibleTransition for one that cannot have happened."""
    take = TAKEN.get(type(fact))
    if take is not None:
        take(progress, fact)
    return progress


def decide(progress: Progress) -> tuple[Command, ...]:
    """What became due by the facts since the last call. After a resume: everything still due."""
    fresh, progress.fresh = progress.fresh, []
    commands: list[Command] = []
    for leg in fresh:
        if leg.due is not Due.NOTHING and not leg.told:
            leg.told = True
            commands.append(_command(progress, leg))
    if progress.ending and not progress.told and not progress.finished:
        progress.told = True
        commands.append(Finish(progress.ending))
    return tuple(commands)


def select(
    progress: Progress, *, failed: bool = False, jobs: Iterable[str] = ()
) -> tuple[str, ...]:
    """Keys for RunRestarted: those that ended badly, or those named; and all that need them.

    A name may be a key (`test[2]`, `deploy/smoke`), a job's id, or what is shown of it. Neither
    asked: all. Raises UserError for a name that is no job of the run, and when nothing failed.
    """
    run = restart.Jobs(progress.root, progress.slots, progress.legs)
    return restart.select(run, failed=failed, jobs=tuple(jobs))


def _command(progress: Progress, leg: Leg) -> Command:
    match leg.due:
        case Due.QUEUE:
            try:
                return Queue(progress.job(leg.key))
            except Unusable as problem:
                return Refuse(leg.key, early_name(leg.slot), str(problem))
        case Due.SKIP:
            return Skip(leg.key, early_name(leg.slot), leg.message)
        case Due.REFUSE:
            return Refuse(leg.key, early_name(leg.slot), leg.message)
        case Due.ENTER:
            return Enter(leg.key, leg.message, leg.groups)
        case Due.LEAVE:
            return Leave(leg.key, leg.conclusion)
        case _:
            return Stop(leg.key, leg.message, leg.forced)


# --- facts


def _leg(progress: Progress, key: str) -> Leg:
    try:
        return progress.legs[key]
    except KeyError:
        raise ImpossibleTransition(f'{key}: there is no such job') from None


def _queued(progress: Progress, fact: JobQueued) -> None:
    leg = _leg(progress, fact.job)
    move(leg, Happened.QUEUED)
    leg.name = fact.name
    if leg.due is Due.ENTER:
        leg.due = Due.NOTHING
        course.open_call(progress, leg)


def _blocked(progress: Progress, fact: JobBlocked) -> None:
    move(_leg(progress, fact.job), Happened.BLOCKED)


def _claimed(progress: Progress, fact: JobClaimed) -> None:
    leg = _leg(progress, fact.job)
    move(leg, Happened.CLAIMED)
    if leg.due is Due.QUEUE:
        leg.due = Due.NOTHING


def _step_started(progress: Progress, fact: StepStarted) -> None:
    leg = _leg(progress, fact.job)
    if leg.state is not State.RUNNING:
        move(leg, Happened.BEGUN)


def _skipped(progress: Progress, fact: JobSkipped) -> None:
    leg = _leg(progress, fact.job)
    move(leg, Happened.SKIPPED)
    course.close(progress, leg, 'skipped', {})


def _finished(progress: Progress, fact: JobFinished) -> None:
    leg = _leg(progress, fact.job)
    tried = leg.due is not Due.QUEUE and leg.state is not State.QUEUED
    move(leg, Happened.FINISHED)
    outputs = leg.outputs if leg.due is Due.LEAVE else fact.outputs
    course.close(progress, leg, fact.conclusion, outputs, tried=tried)


def _lost(progress: Progress, fact: JobLost) -> None:
    leg = _leg(progress, fact.job)
    may_repeat = fact.again or leg.state is State.CLAIMED
    deploys = growth.deploys(leg, progress.plan.request)
    if may_repeat and leg.state is not State.STOPPING and not deploys:
        move(leg, Happened.RETURNED)
        course.owe(progress, leg, Due.QUEUE)
        return
    conclusion = 'cancelled' if leg.state is State.STOPPING else 'failure'
    move(leg, Happened.LOST)
    course.close(progress, leg, conclusion, {})


def _stop_requested(progress: Progress, fact: StopRequested) -> None:
    if not fact.job:
        progress.stopping = True
        progress.forced = progress.forced or fact.force
        for slot in list(progress.slots.values()):
            course.cancel(progress, slot, fact.reason)
        return
    if fact.job not in progress.legs and fact.job not in progress.slots:
        raise ImpossibleTransition(f'{fact.job}: there is no such job')
    asked = progress.slots.get(fact.job)
    for leg in asked.legs if asked else (progress.legs[fact.job],):
        course.stop(progress, leg, fact.reason, force=fact.force)


def _run_finished(progress: Progress, fact: RunFinished) -> None:
    progress.finished = fact.conclusion


def _restarted(progress: Progress, fact: RunRestarted) -> None:
    progress.attempt = fact.attempt
    progress.finished = progress.ending = ''
    progress.stopping = progress.forced = progress.told = False
    progress.curtailed = False
    for key in fact.jobs:
        course.reset(progress, key)
    recount(progress.root)
    course.proceed(progress, progress.root)


TAKEN: Final[Mapping[type[Any], Callable[[Progress, Any], None]]] = {
    JobQueued: _queued,
    JobBlocked: _blocked,
    JobClaimed: _claimed,
    StepStarted: _step_started,
    JobSkipped: _skipped,
    JobFinished: _finished,
    JobLost: _lost,
    StopRequested: _stop_requested,
    RunFinished: _run_finished,
    RunRestarted: _restarted,
}
