"""What one measurement found, before anything is concluded from it."""

from liftlock.language.records import NamedTuple
from liftlock.rollout.comparison import Counts


class Reading(NamedTuple):
    """`value` is None where there was no data; it is in base units: a share from 0 to 1, seconds.

    Counts are of the window since the last reading; for a latency, errors are the requests that
    took too long. `error` says why nothing could be measured: that is no verdict about the version.
    `opened`: counting only begins here. `message` says for people what the numbers do not.
    """

    value: float | None = None
    requests: int = 0
    errors: int = 0
    baseline_value: float | None = None
    baseline_requests: int = 0
    baseline_errors: int = 0
    message: str = ''
    error: str = ''
    opened: bool = False

    @property
    def counts(self) -> Counts:
        return Counts(self.requests, self.errors, self.baseline_requests, self.baseline_errors)
