"""The states of a job, and what leads from one to the other. Nothing else changes a state.

The diagram in docs/architecture.md is drawn from TRANSITIONS, so it cannot go stale. A call has no
worker: it runs from the moment its jobs may begin, and is done with the last of them.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from liftlock.plan.tree import Leg, State


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


def move(leg: Leg, happened: Happened) -> None:
    """Raises ImpossibleTransition."""
    try:
        leg.state = TRANSITIONS[leg.state][happened]
    except KeyError:
        told = f'{leg.key}: {happened.value}, while {leg.state.value}'
        raise ImpossibleTransition(told) from None
