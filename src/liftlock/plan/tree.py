"""What a run is made of while it goes on: frames, slots and legs.

    Frame   one workflow file: the one that was started, or one call of another
     Slot   one of its jobs as written, before anybody knows how many legs it has
      Leg   one job that somebody runs, or one call; a call's `inside` is a Frame again

A slot without a matrix has one leg, of its own key. Until a matrix is expanded its slot has one
leg too, which stands for all (it can be skipped or refused).

These are changed in place, by `progress` alone, so that a fact costs what it changes and not what
the run holds.
"""

from collections.abc import Iterator
from enum import Enum

from liftlock.language.expressions.values import Value
from liftlock.language.workflow import AnyJob, Permissions, Workflow
from liftlock.plan import names
from liftlock.plan.plan import Group, JobPlan, Passed


class State(Enum):
    WAITING = 'waiting'  # for the jobs it needs, or its place in max-parallel
    QUEUED = 'queued'  # may start as soon as a runner is free
    CLAIMED = 'claimed'  # a worker has it; no step has started
    RUNNING = 'running'
    STOPPING = 'stopping'  # was told to stop, has not stopped yet
    DONE = 'done'


class Due(Enum):
    """What the engine still has to answer for a leg; see `commands`."""

    NOTHING = ''
    QUEUE = 'queue'
    SKIP = 'skip'
    REFUSE = 'refuse'
    STOP = 'stop'
    ENTER = 'enter'
    LEAVE = 'leave'


class Leg:
    __slots__ = (
        'conclusion',
        'due',
        'forced',
        'groups',
        'inside',
        'key',
        'matrix',
        'message',
        'name',
        'number',
        'opened',
        'outputs',
        'plan',
        'result',
        'segments',
        'slot',
        'started',
        'state',
        'told',
    )

    def __init__(self, slot: 'Slot', key: str, number: int = 0) -> None:
        self.slot = slot
        self.key = key
        self.name = ''  # as people see it, once it was queued
        self.number = number  # its place in the matrix
        self.matrix: dict[str, Value] | None = None
        self.segments: tuple[str, ...] = ()
        self.state = State.WAITING
        self.started = False  # it has a place in max-parallel
        self.conclusion = ''  # what happened
        self.result = ''  # what the jobs that need it see: after continue-on-error
        self.outputs: dict[str, str] = {}
        self.due = Due.NOTHING
        self.message = ''  # why, for people
        self.forced = False
        self.told = False  # `decide` has given what is due
        self.plan: JobPlan | None = None
        self.inside: Frame | None = None
        self.groups: tuple[Group, ...] = ()  # that a call has to enter as a whole
        self.opened = False  # the jobs inside have begun


class Slot:
    __slots__ = (
        'bad',
        'begun',
        'blocked',
        'contexts',
        'dependents',
        'fail_fast',
        'flying',
        'frame',
        'good',
        'job',
        'key',
        'legs',
        'needs',
        'next',
        'open',
        'outputs',
        'result',
        'total',
        'window',
    )

    def __init__(self, frame: 'Frame', job: AnyJob) -> None:
        self.frame = frame
        self.job = job
        self.key = frame.prefix + str(job.id.value)
        self.needs: tuple[Slot, ...] = ()
        self.dependents: list[Slot] = []
        self.blocked = 0  # needs that are not settled
        self.clear()

    def clear(self) -> None:
        """As if nothing had happened to it."""
        self.legs = [Leg(self, self.key)]
        self.begun = False  # nothing it needs holds it back any more
        self.open = 1  # legs that are not done
        self.flying = 0  # legs that are started and not done
        self.next = 0  # the first leg that nobody looked at yet
        self.window = 0  # max-parallel; 0 = all
        self.total = 1  # legs of the matrix as written, before a person chose some
        self.fail_fast = True
        self.contexts: dict[str, Value] = {}
        self.outputs: dict[str, str] = {}
        self.result = ''
        self.good = False  # it and all that it needs succeeded
        self.bad = False  # it or something that it needs failed

    @property
    def settled(self) -> bool:
        return self.open == 0

    @property
    def id(self) -> str:
        return str(self.job.id.value)


class Frame:
    __slots__ = (
        'call',
        'contexts',
        'open',
        'passed',
        'permissions',
        'prefix',
        'slots',
        'title',
        'workflow',
    )

    def __init__(
        self, workflow: Workflow, contexts: dict[str, Value], call: Leg | None = None,
        *, title: str = '', passed: tuple[Passed, ...] = (), permissions: Permissions | None = None,
    ) -> None:  # fmt: skip
        self.workflow = workflow
        self.contexts = contexts  # github, inputs, vars
        self.call = call
        self.prefix = names.inner_key(call.key, '') if call else ''
        self.title = title
        self.passed = passed
        self.permissions = permissions  # of its jobs that name none
        self.slots: dict[str, Slot] = {}  # by lower-case id
        self.open = 0  # slots that are not settled


def build(frame: Frame, wanted: frozenset[str] | None = None) -> Frame:
    """Fill a frame with its slots: all, or those wanted (lower-case ids) and what they need."""
    jobs = {str(job.id.value).lower(): job for job in frame.workflow.jobs.values()}
    chosen = set(jobs) if wanted is None else _with_needs(jobs, wanted)
    frame.slots = {id: Slot(frame, job) for id, job in jobs.items() if id in chosen}
    frame.open = len(frame.slots)
    for slot in frame.slots.values():
        slot.needs = tuple(frame.slots[str(need.value).lower()] for need in slot.job.needs)
        slot.blocked = len(slot.needs)
        for need in slot.needs:
            need.dependents.append(slot)
    return frame


def _with_needs(jobs: dict[str, AnyJob], wanted: frozenset[str]) -> set[str]:
    found: set[str] = set()
    waiting = [id for id in wanted if id in jobs]
    while waiting:
        id = waiting.pop()
        if id not in found:
            found.add(id)
            waiting += [str(need.value).lower() for need in jobs[id].needs]
    return found


def slots(frame: Frame) -> Iterator[Slot]:
    """All slots of a frame and of the calls that have begun in it, in the order of the files."""
    for slot in frame.slots.values():
        yield slot
        for leg in slot.legs:
            if leg.inside and leg.opened:
                yield from slots(leg.inside)


def legs(frame: Frame) -> Iterator[Leg]:
    """All legs, a call before what is inside it."""
    for slot in slots(frame):
        yield from slot.legs


def worst(results: Iterator[str]) -> str:
    """failure before cancelled before success; skipped only if nothing else happened."""
    seen = set(results)
    for result in ('failure', 'cancelled', 'success'):
        if result in seen:
            return result
    return 'skipped'


def recount(frame: Frame) -> None:
    """Put every counter right after legs were set back; what is inside comes first."""
    for slot in frame.slots.values():
        for leg in slot.legs:
            if leg.inside and leg.opened:
                recount(leg.inside)
                _reopen(leg)
        slot.open = sum(leg.state is not State.DONE for leg in slot.legs)
        slot.flying = sum(leg.started and leg.state is not State.DONE for leg in slot.legs)
        slot.next = 0
        if slot.open:
            slot.result, slot.good, slot.bad = '', False, False
    for slot in frame.slots.values():
        slot.blocked = sum(not need.settled for need in slot.needs)
    frame.open = sum(not slot.settled for slot in frame.slots.values())


def _reopen(leg: Leg) -> None:
    """A call goes on when a job inside it starts again; one with groups enters them anew."""
    if leg.inside and leg.inside.open and leg.state is State.DONE:
        leg.conclusion = leg.result = ''
        leg.state = State.WAITING if leg.groups else State.RUNNING
        leg.started = not leg.groups
