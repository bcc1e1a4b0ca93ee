"""Whether instances are well: the fold of what probes said, by thresholds.

One bad answer does not make an instance unhealthy, and one good one does not make it healthy again:
it takes `unhealthy_threshold` and `healthy_threshold` of them in a row. Until either, an instance
is what it was, and a new one is unknown.
"""

from collections.abc import Iterable
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.language.settings.model import HealthCheck
from liftlock.rollout.reading import Reading

HEALTHY: Final = 'healthy'
UNHEALTHY: Final = 'unhealthy'
UNKNOWN: Final = 'unknown'


class Health(NamedTuple):
    """Of one instance by one check. `good` and `bad` are answers in a row, of which one is 0.
    `message` says why the last answer was bad."""

    state: str = UNKNOWN
    good: int = 0
    bad: int = 0
    message: str = ''


def take(health: Health, check: HealthCheck, trouble: str) -> Health:
    """After one more answer of a probe: `trouble` says why it is bad, '' that it is good."""
    if trouble:
        bad = health.bad + 1
        state = UNHEALTHY if bad >= check.unhealthy_threshold else health.state
        return Health(state, 0, bad, trouble)
    good = health.good + 1
    state = HEALTHY if good >= check.healthy_threshold else health.state
    return Health(state, good)


def combine(healths: Iterable[Health]) -> Health:
    """What several checks of one instance come to: the worst; of nothing at all, healthy."""
    found = list(healths)
    for state in (UNHEALTHY, UNKNOWN):
        if worst := [one for one in found if one.state == state]:
            return Health(state, message='; '.join(dict.fromkeys(_messages(worst))))
    return Health(HEALTHY, message='; '.join(dict.fromkeys(_messages(found))))


def _messages(healths: Iterable[Health]) -> Iterable[str]:
    return (one.message for one in healths if one.message)


def reading(healths: Iterable[Health]) -> Reading:
    """How many instances are unhealthy, for an analysis of the metric `unhealthy`. No data while
    nothing is known of any."""
    found = [one for one in healths if one.state != UNKNOWN]
    if not found:
        return Reading(message='no instance has been probed often enough')
    bad = [one for one in found if one.state == UNHEALTHY]
    message = '; '.join(dict.fromkeys(_messages(bad)))
    return Reading(float(len(bad)), message=message)
