"""How the jobs of a run move from waiting to done.

Rule 1: every change of a job's state is a row of TRANSITIONS; nothing else changes one.
Rule 2: this room has no clock, no database and no runner. It is told what happened.
Rule 3: a job is decided when all that it needs is settled: skipped, refused, or expanded into legs.
    A leg becomes due when max-parallel has a place for it.
Rule 4: the first leg that fails stops the others of its matrix, unless `fail-fast: false`.
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
from enum import Enum
from typing import Any, Final

from liftlock.language.expressions.errors import ExpressionError
from liftlock.language.workflow import Call, Job
from liftlock.plan import growth, restart, status
from liftlock.plan.commands import Command, Enter, Finish, Leave, Queue, Refuse, Skip, Stop
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
from liftlock.plan.job import early_name, prepare
from liftlock.plan.plan import JobPlan, Plan
from liftlock.plan.tree import Due, Frame, Leg, Slot, legs, recount, worst
from liftlock.plan.tree import State as State


class Happened(Enum):
    """What can happen to a job, as far as its state is concerned."""

    QUEUED = 'queued'
    BLOCKED = 'blocked'
    CLAIMED = 'claimed'
    BEGUN = 'a step started'
    STOPPED = 'asked to stop'
    RETURNED = 'lost, to start again'
    LOST = 'lost for good'
    SKIPPED = 'skipped'
    FINISHED = 'finished'
    RESTARTED = 'another attempt'


_H = Happened
TRANSITIONS: Final[Mapping[State, Mapping[Happened, State]]] = {
    State.WAITING: {
        _H.QUEUED: State.QUEUED,
        _H.BLOCKED: State.WAITING,
        _H.STOPPED: State.STOPPING,
        _H.SKIPPED: State.DONE,
        _H.FINISHED: State.DONE,  # refused
    },
    State.QUEUED: {
        _H.QUEUED: State.QUEUED,  # said again by an engine that took the run over
        _H.BLOCKED: State.QUEUED,
        _H.CLAIMED: State.CLAIMED,
        _H.STOPPED: State.STOPPING,
        _H.SKIPPED: State.DONE,
        _H.FINISHED: State.DONE,  # nobody can serve it
    },
    State.CLAIMED: {
        _H.BLOCKED: State.CLAIMED,
        _H.BEGUN: State.RUNNING,
        _H.STOPPED: State.STOPPING,
        _H.RETURNED: State.QUEUED,
        _H.LOST: State.DONE,
        _H.FINISHED: State.DONE,
    },
    State.RUNNING: {
        _H.BEGUN: State.RUNNING,
        _H.STOPPED: State.STOPPING,
        _H.RETURNED: State.QUEUED,
        _H.LOST: State.DONE,
        _H.FINISHED: State.DONE,
    },
    State.STOPPING: {
        _H.QUEUED: State.STOPPING,  # the engine was about to do this when the stop came
        _H.BLOCKED: State.STOPPING,
        _H.CLAIMED: State.STOPPING,
        _H.BEGUN: State.STOPPING,
        _H.STOPPED: State.STOPPING,
        _H.LOST: State.DONE,
        _H.SKIPPED: State.DONE,
        _H.FINISHED: State.DONE,
    },
    State.DONE: {_H.RESTARTED: State.WAITING},
}


class ImpossibleTransition(Exception):
    """A bug in whoever sent the fact, never a user's mistake."""


class Progress:
    """Where a run stands.

    finished: conclusion of the run, '' while it goes on
    attempt: 1, then that of the last RunRestarted
    """

    __slots__ = (
        'attempt', 'curtailed', 'ending', 'finished', 'forced', 'fresh', 'legs', 'plan', 'root',
        'slots', 'stopping', 'told',
    )  # fmt: skip

    def __init__(self, plan: Plan, root: Frame) -> None:
        self.plan = plan
        self.root = root
        self.attempt = 1
        self.finished = ''
        self.ending = ''  # the conclusion that is due
        self.told = False  # `decide` has given it
        self.stopping = False
        self.curtailed = False  # something did not run, or not to its end, because of that
        self.forced = False
        self.fresh: list[Leg] = []  # those with something new that is due
        self.legs: dict[str, Leg] = {}
        self.slots: dict[str, Slot] = {}
        self.enlist(root)

    def enlist(self, frame: Frame) -> None:
        for slot in frame.slots.values():
            self.slots[slot.key] = slot
            for leg in slot.legs:
                self.legs[leg.key] = leg

    def state(self, key: str) -> State:
        """Of a job by key (`test[2]`); KeyError for a key that is not (or no longer) there."""
        return self.legs[key].state

    def conclusion(self, key: str) -> str:
        """success, failure, cancelled, skipped; '' until the job is done."""
        return self.legs[key].conclusion

    def job(self, key: str) -> JobPlan:
        """The plan of a job that may be started, or was: as its Queue command had it.

        KeyError for a job that is not there; Unusable for one that had to be refused.
        """
        leg = self.legs[key]
        if leg.plan is None:
            leg.plan = prepare(leg, self.plan.request, self.attempt)
        return leg.plan

    def keys(self, *states: State) -> tuple[str, ...]:
        """Jobs in any of these states (all, without states), in the order of the plan."""
        return tuple(leg.key for leg in legs(self.root) if not states or leg.state in states)


def begin(plan: Plan) -> Progress:
    """A run of which nothing has happened yet; `decide` gives its first commands."""
    progress = Progress(plan, growth.root(plan))
    proceed(progress, progress.root)
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


def _move(leg: Leg, happened: Happened) -> None:
    try:
        leg.state = TRANSITIONS[leg.state][happened]
    except KeyError:
        told = f'{leg.key}: {happened.value}, while {leg.state.value}'
        raise ImpossibleTransition(told) from None


def _leg(progress: Progress, key: str) -> Leg:
    try:
        return progress.legs[key]
    except KeyError:
        raise ImpossibleTransition(f'{key}: there is no such job') from None


def _queued(progress: Progress, fact: JobQueued) -> None:
    leg = _leg(progress, fact.job)
    _move(leg, _H.QUEUED)
    if leg.due is Due.ENTER:
        leg.due = Due.NOTHING
        _open(progress, leg)


def _blocked(progress: Progress, fact: JobBlocked) -> None:
    _move(_leg(progress, fact.job), _H.BLOCKED)


def _claimed(progress: Progress, fact: JobClaimed) -> None:
    leg = _leg(progress, fact.job)
    _move(leg, _H.CLAIMED)
    if leg.due is Due.QUEUE:
        leg.due = Due.NOTHING


def _step_started(progress: Progress, fact: StepStarted) -> None:
    leg = _leg(progress, fact.job)
    if leg.state is not State.RUNNING:
        _move(leg, _H.BEGUN)


def _skipped(progress: Progress, fact: JobSkipped) -> None:
    leg = _leg(progress, fact.job)
    _move(leg, _H.SKIPPED)
    _close(progress, leg, 'skipped', {})


def _finished(progress: Progress, fact: JobFinished) -> None:
    leg = _leg(progress, fact.job)
    _move(leg, _H.FINISHED)
    outputs = leg.outputs if leg.due is Due.LEAVE else fact.outputs
    _close(progress, leg, fact.conclusion, outputs)


def _lost(progress: Progress, fact: JobLost) -> None:
    leg = _leg(progress, fact.job)
    may_repeat = fact.again or leg.state is State.CLAIMED
    if may_repeat and leg.state is not State.STOPPING and not growth.deploys(leg):
        _move(leg, _H.RETURNED)
        _owe(progress, leg, Due.QUEUE)
        return
    conclusion = 'cancelled' if leg.state is State.STOPPING else 'failure'
    _move(leg, _H.LOST)
    _close(progress, leg, conclusion, {})


def _stop_requested(progress: Progress, fact: StopRequested) -> None:
    if not fact.job:
        progress.stopping = True
        progress.forced = progress.forced or fact.force
        for slot in list(progress.slots.values()):
            _cancel(progress, slot, fact.reason)
        return
    if fact.job not in progress.legs and fact.job not in progress.slots:
        raise ImpossibleTransition(f'{fact.job}: there is no such job')
    asked = progress.slots.get(fact.job)
    for leg in asked.legs if asked else (progress.legs[fact.job],):
        _stop(progress, leg, fact.reason, force=fact.force)


def _run_finished(progress: Progress, fact: RunFinished) -> None:
    progress.finished = fact.conclusion


def _restarted(progress: Progress, fact: RunRestarted) -> None:
    progress.attempt = fact.attempt
    progress.finished = progress.ending = ''
    progress.stopping = progress.forced = progress.told = False
    progress.curtailed = False
    for key in fact.jobs:
        _reset(progress, key)
    recount(progress.root)
    proceed(progress, progress.root)


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

# --- forward


def _owe(progress: Progress, leg: Leg, due: Due, message: str = '') -> None:
    leg.due = due
    leg.message = message
    leg.told = False
    progress.fresh.append(leg)


def proceed(progress: Progress, frame: Frame) -> None:
    for slot in frame.slots.values():
        _take_up(progress, slot)


def _take_up(progress: Progress, slot: Slot) -> None:
    """Go on with a job, if nothing holds it back."""
    if slot.settled or slot.blocked:
        return
    if not slot.begun:
        _decide_slot(progress, slot)
        return
    for leg in slot.legs:
        if leg.inside and leg.state is State.RUNNING:
            proceed(progress, leg.inside)
    _fill(progress, slot)


def _decide_slot(progress: Progress, slot: Slot) -> None:
    """All that the job needs is settled: it is skipped, refused, or gets its legs."""
    slot.begun = True
    only = slot.legs[0]
    try:
        slot.contexts = growth.slot_contexts(slot)
        if not status.holds(slot, cancelled=progress.stopping):
            progress.curtailed = progress.curtailed or progress.stopping
            reason = status.why_not(slot, cancelled=progress.stopping)
            _owe(progress, only, Due.SKIP, reason)
            return
        grown = growth.expand(slot, progress.plan.request)
    except growth.PROBLEMS as problem:
        _owe(progress, only, Due.REFUSE, growth.explain(problem, slot))
        return
    if not grown:
        _owe(progress, only, Due.SKIP, 'its matrix has no leg, or none that was asked for')
        return
    del progress.legs[only.key]
    slot.legs, slot.open = grown, len(grown)
    progress.legs.update((leg.key, leg) for leg in grown)
    _fill(progress, slot)


def _fill(progress: Progress, slot: Slot) -> None:
    """Start legs in their order as long as max-parallel has a place."""
    while slot.next < len(slot.legs) and (not slot.window or slot.flying < slot.window):
        leg = slot.legs[slot.next]
        slot.next += 1
        if leg.state is State.WAITING and leg.due is Due.NOTHING:
            leg.started = True
            slot.flying += 1
            _start(progress, leg)


def _start(progress: Progress, leg: Leg) -> None:
    if isinstance(leg.slot.job, Job):
        _owe(progress, leg, Due.QUEUE)
        return
    try:
        if leg.inside is None:
            growth.call(leg, progress.plan, progress.attempt)
    except growth.PROBLEMS as problem:
        _owe(progress, leg, Due.REFUSE, growth.explain(problem, leg.slot))
        return
    if leg.groups:
        _owe(progress, leg, Due.ENTER, leg.inside.title if leg.inside else '')
    else:
        _open(progress, leg)


def _open(progress: Progress, leg: Leg) -> None:
    """Rule 7: from here on a call is as far as its jobs are."""
    assert leg.inside is not None
    leg.state = State.RUNNING
    leg.opened = True
    progress.enlist(leg.inside)
    proceed(progress, leg.inside)


# --- to the end


def _close(progress: Progress, leg: Leg, conclusion: str, outputs: Mapping[str, str]) -> None:
    """A leg is done. Matrix legs write into the same outputs; the last finisher wins."""
    slot = leg.slot
    leg.due = Due.NOTHING
    leg.conclusion = conclusion
    leg.result = _after_continue_on_error(progress, leg)
    slot.outputs.update(outputs)
    slot.open -= 1
    slot.flying -= leg.started
    if slot.settled:
        _settle(progress, slot)
    elif leg.result == 'failure' and slot.fail_fast:
        for other in slot.legs:
            _stop(progress, other, f'fail-fast: {leg.key} failed', force=False)
    else:
        _fill(progress, slot)


def _after_continue_on_error(progress: Progress, leg: Leg) -> str:
    job = leg.slot.job
    if leg.conclusion != 'failure' or isinstance(job, Call) or job.continue_on_error is None:
        return leg.conclusion
    try:
        return 'success' if progress.job(leg.key).continue_on_error else 'failure'
    except Unusable:
        return 'failure'


def _settle(progress: Progress, slot: Slot) -> None:
    slot.result = worst(leg.result for leg in slot.legs)
    slot.good = slot.result == 'success' and all(need.good for need in slot.needs)
    slot.bad = slot.result == 'failure' or any(need.bad for need in slot.needs)
    for dependent in slot.dependents:
        dependent.blocked -= 1
        _take_up(progress, dependent)
    frame = slot.frame
    frame.open -= 1
    if frame.open == 0:
        _conclude(progress, frame)


def _conclude(progress: Progress, frame: Frame) -> None:
    """The last job of a workflow is done."""
    conclusion = worst(slot.result for slot in frame.slots.values())
    call = frame.call
    if call is None:
        progress.ending = 'cancelled' if progress.curtailed else conclusion
        return
    call.outputs = growth.outputs(frame)
    if call.groups:
        call.conclusion = conclusion
        _owe(progress, call, Due.LEAVE)
    else:
        call.state = State.DONE
        _close(progress, call, conclusion, call.outputs)


# --- stopping and starting again


def _cancel(progress: Progress, slot: Slot, reason: str) -> None:
    """The run shall stop: what is under way stops unless its `if` still holds."""
    if slot.settled:
        return
    if not slot.begun:
        if progress.forced:
            slot.begun = progress.curtailed = True
            _owe(progress, slot.legs[0], Due.SKIP, 'the run was cancelled')
        return
    if not progress.forced and _still_holds(slot):
        return
    for leg in slot.legs:
        if not leg.opened:  # the jobs inside a call are asked themselves
            progress.curtailed = True
            _stop(progress, leg, reason, force=progress.forced)


def _still_holds(slot: Slot) -> bool:
    try:
        return status.holds(slot, cancelled=True)
    except ExpressionError:
        return False


def _stop(progress: Progress, leg: Leg, reason: str, *, force: bool) -> None:
    """What is going to end by itself at once is left alone."""
    if leg.state is State.DONE or leg.due in (Due.SKIP, Due.REFUSE, Due.LEAVE):
        return
    if leg.opened and leg.inside:
        for slot in leg.inside.slots.values():
            for inner in slot.legs:
                _stop(progress, inner, reason, force=force)
        return
    if leg.due is Due.STOP and leg.forced >= force:
        return
    _move(leg, _H.STOPPED)
    leg.slot.begun = True
    leg.forced = force
    _owe(progress, leg, Due.STOP, reason)


def _reset(progress: Progress, key: str) -> None:
    """A job, or a leg of its matrix, starts again from nothing."""
    slot = progress.slots.get(key)
    if slot is not None:
        for leg in slot.legs:
            _forget(progress, leg)
        slot.clear()
        progress.legs[slot.key] = slot.legs[0]
        return
    leg = _leg(progress, key)
    _move(leg, _H.RESTARTED)
    _forget(progress, leg)
    fresh = Leg(leg.slot, leg.key, leg.number)
    fresh.matrix, fresh.segments = leg.matrix, leg.segments
    leg.slot.legs[leg.slot.legs.index(leg)] = progress.legs[key] = fresh


def _forget(progress: Progress, leg: Leg) -> None:
    progress.legs.pop(leg.key, None)
    for slot in leg.inside.slots.values() if leg.inside else ():
        progress.slots.pop(slot.key, None)
        for inner in slot.legs:
            _forget(progress, inner)
