"""How those who want the same concurrency group wait for one another.

Rule 1: one of a group runs, the others wait. Without more words one waits: a newer one takes its
place, and the older is cancelled. With `queue: max` up to a hundred wait, first come first served;
who comes when the line is full is cancelled.
Rule 2: `cancel-in-progress` also asks the running one to stop. The newcomer still waits until it
has left, so two never overlap.

A group's name is compared without regard to case. Who is waiting is the caller's own word for it
(a run, or a job of a run).
"""

from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.plan.plan import Group

LONGEST: Final = 100  # those who may wait in a `queue: max`


class Line(NamedTuple):
    """One group: who runs, and who waits, first in line first."""

    running: str = ''
    pending: tuple[str, ...] = ()


class Change(NamedTuple):
    """`starts` may run now ('' for nobody); `cancelled` never ran; `stopped` runs and should not.

    The line already is what it will be; one who is stopped stays in it until he leaves.
    """

    line: Line
    starts: str = ''
    cancelled: tuple[str, ...] = ()
    stopped: str = ''


def key(group: Group) -> str:
    return group.name.lower()


def arrive(line: Line, who: str, group: Group) -> Change:
    """Somebody wants the group. Asking twice changes nothing."""
    if who == line.running or who in line.pending:
        return Change(line)
    if not line.running:
        return Change(Line(who), starts=who)
    if group.queue == 'max':
        if len(line.pending) >= LONGEST:
            return Change(line, cancelled=(who,))
        return Change(Line(line.running, (*line.pending, who)))
    stopped = line.running if group.cancel_in_progress else ''
    return Change(Line(line.running, (who,)), cancelled=line.pending, stopped=stopped)


def leave(line: Line, who: str) -> Change:
    """Somebody is done, or no longer wants to wait."""
    if who != line.running:
        return Change(Line(line.running, tuple(one for one in line.pending if one != who)))
    if not line.pending:
        return Change(Line())
    first, *others = line.pending
    return Change(Line(first, tuple(others)), starts=first)
