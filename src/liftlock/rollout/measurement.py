"""What one measurement comes to, and how two conditions decide it."""

from liftlock.language.records import NamedTuple
from liftlock.language.settings.model import Analysis
from liftlock.rollout.tally import FAILED, INCONCLUSIVE, SUCCESSFUL


class Measurement(NamedTuple):
    """`phase` is successful, failed, inconclusive or error. `weight` is as in `Measured`: '' for a
    vote, `open`, `small` or `gross`."""

    phase: str
    value: float | None = None
    message: str = ''
    weight: str = ''


def decide(fails: bool | None, succeeds: bool | None) -> str:
    """Argo's rule. None: there is no such condition. Failure wins; one condition alone decides
    both ways; of two that say nothing, nothing follows. (Argo lets no condition at all succeed.)"""
    if fails:
        return FAILED
    if succeeds is None:
        return INCONCLUSIVE if fails is None else SUCCESSFUL
    if succeeds:
        return SUCCESSFUL
    return FAILED if fails is None else INCONCLUSIVE


def without_data(analysis: Analysis, message: str) -> Measurement:
    phases = {'fail': FAILED, 'pass': SUCCESSFUL}
    return Measurement(phases.get(analysis.on_no_data, INCONCLUSIVE), message=message)
