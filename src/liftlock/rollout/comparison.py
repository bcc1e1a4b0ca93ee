"""Whether the new version does worse than the old one did in the same time.

Two tests, both one-sided. **Fisher's exact test** for what was counted since the last vote: given
how many requests failed in all, it asks how likely it is that so many of them fell to the new
version. It is exact for any numbers, and makes no use of what nobody knows, the true rate.

**Mantel and Haenszel's** for the whole time, over one table a vote. The tables must not be thrown
together: a canary gets 10 % of the traffic in a quiet hour and 50 % in a bad one, and would look
worse than the old version although both failed alike in both hours. So each table tells by how many
errors the new version had more than its share, and how much that varies by chance; those two
numbers add up. The sum is held against the normal distribution, which is close enough once its
variance is `ENOUGH`.
"""

from math import erfc, sqrt
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.rollout.binomial import share_tail

ENOUGH: Final = 5.0


class Counts(NamedTuple):
    """Requests and errors of the new version, and of the old one in the same time. For a latency,
    errors are the requests that took too long."""

    requests: int = 0
    errors: int = 0
    baseline_requests: int = 0
    baseline_errors: int = 0

    def plus(self, other: 'Counts') -> 'Counts':
        return Counts(*(one + two for one, two in zip(self, other, strict=True)))

    @property
    def rate(self) -> float:
        return self.errors / self.requests if self.requests else 0.0

    @property
    def baseline_rate(self) -> float:
        return self.baseline_errors / self.baseline_requests if self.baseline_requests else 0.0


class Excess(NamedTuple):
    """Errors of the new version beyond its share, summed over votes, and their variance."""

    errors: float = 0.0
    variance: float = 0.0

    def plus(self, other: 'Excess') -> 'Excess':
        return Excess(self.errors + other.errors, self.variance + other.variance)


def excess(counts: Counts) -> Excess:
    new, old = counts.requests, counts.baseline_requests
    both, errors = new + old, counts.errors + counts.baseline_errors
    if not new or not old or not errors:
        return Excess()
    variance = new * old * errors * (both - errors) / (both * both * (both - 1))
    return Excess(counts.errors - new * errors / both, variance)


def chance(counts: Counts) -> float:
    """That an equally good version had at least so many errors."""
    errors = counts.errors + counts.baseline_errors
    both = counts.requests + counts.baseline_requests
    return share_tail(counts.errors, counts.requests, errors, both)


def lasting_chance(beyond: Excess) -> float:
    """The same over all votes; 1 where there is too little for the normal distribution."""
    if beyond.variance < ENOUGH:
        return 1.0
    # Half an error less: a count stands for everything from half an error below it.
    return 0.5 * erfc((beyond.errors - 0.5) / sqrt(2.0 * beyond.variance))
