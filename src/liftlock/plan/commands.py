"""What the core asks for. The engine carries these out; the core only says them."""

from typing import NamedTuple, TypeAlias

from liftlock.plan.plan import JobPlan


class Queue(NamedTuple):
    """Say `JobQueued`, and start the job as soon as a place is free for it."""

    job: JobPlan


class Skip(NamedTuple):
    job: str
    name: str
    reason: str


class Refuse(NamedTuple):
    """The job cannot even be started: finish it as failed, with this message."""

    job: str
    name: str
    message: str


class Stop(NamedTuple):
    """End a queued job at once; send a running one the signals."""

    job: str
    reason: str
    force: bool = False


class Finish(NamedTuple):
    conclusion: str


Command: TypeAlias = Queue | Skip | Refuse | Stop | Finish
