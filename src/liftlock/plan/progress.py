"""How the jobs of a run move from waiting to done. (Signatures first; the body follows.)

`Progress` is the fold of the facts, kept in memory and advanced **in place**: `advance` returns
the same object. Folding the same facts over the same plan always gives the same progress.
"""

from collections.abc import Iterable
from enum import Enum

from liftlock.plan.commands import Command
from liftlock.plan.facts import Fact
from liftlock.plan.plan import JobPlan, Plan


class State(Enum):
    WAITING = 'waiting'  # for the jobs it needs, or its place in max-parallel
    QUEUED = 'queued'  # may start as soon as a runner is free
    CLAIMED = 'claimed'  # a worker has it, no step has started
    RUNNING = 'running'
    STOPPING = 'stopping'  # was told to stop, has not stopped yet
    DONE = 'done'


class ImpossibleTransition(Exception):
    """A bug in whoever sent the fact, never a user's mistake."""


class Progress:
    """Where a run stands.

    finished: conclusion of the run, '' while it goes on
    attempt: 1, then that of the last RunRestarted
    """

    finished: str
    attempt: int

    def state(self, key: str) -> State:
        """Of a job by key (`test[2]`); KeyError for a key that is not (or no longer) there."""
        raise NotImplementedError

    def conclusion(self, key: str) -> str:
        """success, failure, cancelled, skipped; '' until the job is done."""
        raise NotImplementedError

    def job(self, key: str) -> JobPlan:
        """The plan of a job that may be started, or was: as its Queue command had it."""
        raise NotImplementedError

    def keys(self, *states: State) -> tuple[str, ...]:
        """Jobs in any of these states (all, without states), in the order of the plan."""
        raise NotImplementedError


def begin(plan: Plan) -> Progress:
    """A run of which nothing has happened yet; `decide` gives its first commands."""
    raise NotImplementedError


def advance(progress: Progress, fact: Fact) -> Progress:
    """Take in one fact. Raises ImpossibleTransition for one that cannot have happened."""
    raise NotImplementedError


def decide(progress: Progress) -> tuple[Command, ...]:
    """What became due by the facts since the last call. After a resume: everything still due."""
    raise NotImplementedError


def select(
    progress: Progress, *, failed: bool = False, jobs: Iterable[str] = ()
) -> tuple[str, ...]:
    """Keys for RunRestarted: those that ended badly, or those named; and all that need them.

    Neither asked: all. Raises UserError for a name that is no job of the run.
    """
    raise NotImplementedError
