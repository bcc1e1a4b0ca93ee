"""What follows from a change: which jobs are decided, started, stopped, settled, started again.

Everything here is told by `progress`, which says which fact means what. The rules stand there.
"""

from collections.abc import Mapping

from liftlock.language.expressions.errors import ExpressionError
from liftlock.language.workflow import Call, Job
from liftlock.plan import growth, status
from liftlock.plan.evaluation import Unusable
from liftlock.plan.job import prepare
from liftlock.plan.plan import JobPlan, Plan
from liftlock.plan.transitions import Happened, move
from liftlock.plan.tree import Due, Frame, Leg, Slot, State, legs, worst


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


# --- forward


def owe(progress: Progress, leg: Leg, due: Due, message: str = '') -> None:
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
        slot.contexts = growth.slot_contexts(slot, progress.attempt)
        if progress.forced or not status.holds(slot, cancelled=progress.stopping):
            progress.curtailed = progress.curtailed or progress.stopping
            reason = status.why_not(slot, cancelled=progress.stopping)
            owe(progress, only, Due.SKIP, reason)
            return
        grown = growth.expand(slot, progress.plan.request)
    except growth.PROBLEMS as problem:
        owe(progress, only, Due.REFUSE, growth.explain(problem, slot))
        return
    if not grown:
        owe(progress, only, Due.SKIP, 'its matrix has no leg, or none that was asked for')
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
        owe(progress, leg, Due.QUEUE)
        return
    try:
        if leg.inside is None:
            growth.call(leg, progress.plan, progress.attempt)
    except growth.PROBLEMS as problem:
        owe(progress, leg, Due.REFUSE, growth.explain(problem, leg.slot))
        return
    if leg.groups:
        owe(progress, leg, Due.ENTER, leg.inside.title if leg.inside else '')
    else:
        open_call(progress, leg)


def open_call(progress: Progress, leg: Leg) -> None:
    """Rule 7: from here on a call is as far as its jobs are."""
    assert leg.inside is not None
    leg.state = State.RUNNING
    leg.opened = True
    progress.enlist(leg.inside)
    proceed(progress, leg.inside)


# --- to the end


def close(
    progress: Progress, leg: Leg, conclusion: str, outputs: Mapping[str, str], *, tried: bool = True
) -> None:
    """A leg is done. Matrix legs write into the same outputs; the last finisher wins.

    One that nobody could serve was not `tried`: it fails, but tells nothing of the other legs.
    """
    slot = leg.slot
    leg.due = Due.NOTHING
    leg.conclusion = conclusion
    leg.result = _after_continue_on_error(progress, leg)
    slot.outputs.update(outputs)
    slot.open -= 1
    slot.flying -= leg.started
    if slot.settled:
        _settle(progress, slot)
    elif leg.result == 'failure' and slot.fail_fast and tried:
        failed = leg.name or leg.key
        for other in slot.legs:
            stop(progress, other, f'fail-fast: {failed} failed', force=False)
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
        owe(progress, call, Due.LEAVE)
    else:
        call.state = State.DONE
        close(progress, call, conclusion, call.outputs)


# --- stopping and starting again


def cancel(progress: Progress, slot: Slot, reason: str) -> None:
    """The run shall stop: what is under way stops unless its `if` still holds."""
    if slot.settled:
        return
    if not slot.begun:
        if progress.forced:
            slot.begun = progress.curtailed = True
            owe(progress, slot.legs[0], Due.SKIP, 'the run was cancelled')
        return
    if not progress.forced and _still_holds(slot):
        return
    for leg in slot.legs:
        if not leg.opened:  # the jobs inside a call are asked themselves
            progress.curtailed = True
            stop(progress, leg, reason, force=progress.forced)


def _still_holds(slot: Slot) -> bool:
    try:
        return status.holds(slot, cancelled=True)
    except ExpressionError:
        return False


def stop(progress: Progress, leg: Leg, reason: str, *, force: bool) -> None:
    """What is going to end by itself at once is left alone."""
    if leg.state is State.DONE or leg.due in (Due.SKIP, Due.REFUSE, Due.LEAVE):
        return
    if leg.opened and leg.inside:
        for slot in leg.inside.slots.values():
            for inner in slot.legs:
                stop(progress, inner, reason, force=force)
        return
    if leg.due is Due.STOP and leg.forced >= force:
        return
    move(leg, Happened.STOPPED)
    leg.slot.begun = True
    leg.forced = force
    owe(progress, leg, Due.STOP, reason)


def reset(progress: Progress, key: str) -> None:
    """A job, or a leg of its matrix, starts again from nothing."""
    slot = progress.slots.get(key)
    if slot is not None:
        for leg in slot.legs:
            _forget(progress, leg)
        slot.clear()
        progress.legs[slot.key] = slot.legs[0]
        return
    leg = progress.legs[key]
    move(leg, Happened.RESTARTED)
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
