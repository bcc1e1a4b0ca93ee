"""The phases of a deployment, and what leads from one to the other. Nothing else changes a phase.

The diagram in docs/architecture.md is drawn from TRANSITIONS, so it cannot go stale. What stands
in no row leaves the phase as it is: people may say what they want at any time, and a fact that
came too late is kept and has no effect.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from liftlock.rollout import facts as f


class Phase(Enum):
    WAITING = 'waiting'  # for its protection: approvals, a timer, a freeze
    QUEUED = 'queued'  # behind others
    PROGRESSING = 'progressing'
    PAUSED = 'paused'  # until somebody promotes, or for a time
    RETURNING = 'returning'  # it goes back
    ENDED = 'ended'


TRANSITIONS: Final[Mapping[Phase, Mapping[type[Any], Phase]]] = {
    Phase.WAITING: {
        f.DeploymentAllowed: Phase.QUEUED,
        f.DeploymentFinished: Phase.ENDED,
    },
    Phase.QUEUED: {
        f.DeploymentStarted: Phase.PROGRESSING,
        f.DeploymentFinished: Phase.ENDED,
    },
    Phase.PROGRESSING: {
        f.Paused: Phase.PAUSED,
        f.RollbackStarted: Phase.RETURNING,
        f.DeploymentFinished: Phase.ENDED,
    },
    Phase.PAUSED: {
        f.Promoted: Phase.PROGRESSING,
        f.StepFinished: Phase.PROGRESSING,
        f.RollbackStarted: Phase.RETURNING,
        f.DeploymentFinished: Phase.ENDED,
    },
    Phase.RETURNING: {
        f.DeploymentFinished: Phase.ENDED,
    },
    Phase.ENDED: {},
}


def move(phase: Phase, fact: f.Fact) -> Phase:
    return TRANSITIONS[phase].get(type(fact), phase)
