"""What the core asks for. The engine carries these out; the core only says them.

Each command stays due until the fact that answers it, so asking again after a restart is safe:
Queue until JobClaimed (a job that was queued but not claimed is asked for again), Skip until
JobSkipped, Refuse, Stop and Leave until JobFinished, Enter until JobQueued, Finish until
RunFinished.
"""

from typing import TypeAlias

from liftlock.language.records import NamedTuple
from liftlock.plan.plan import Group, JobPlan


class Queue(NamedTuple):
    """Say `JobQueued` (once), and start the job as soon as a place is free for it."""

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
    """Send a running job the signals. One that is not running ends at once: say
    `JobFinished(job, 'cancelled', …)`, whether it was ever queued or not."""

    job: str
    reason: str
    force: bool = False


class Enter(NamedTuple):
    """A called workflow as a whole belongs to these groups: say `JobQueued` for its key, with no
    labels, when all of them are free. Nobody runs a call, so it is never claimed."""

    job: str
    name: str
    groups: tuple[Group, ...]


class Leave(NamedTuple):
    """The called workflow that entered its groups is over: say `JobFinished` with this
    conclusion and no outputs, and free the groups."""

    job: str
    conclusion: str


class Finish(NamedTuple):
    conclusion: str


Command: TypeAlias = Queue | Skip | Refuse | Stop | Enter | Leave | Finish
