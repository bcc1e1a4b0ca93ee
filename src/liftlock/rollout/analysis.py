"""Measurements, and what follows from them."""

from liftlock.language.records import NamedTuple


class Reading(NamedTuple):
    """What one measurement found, before anything is concluded from it.

    `value` is None where there was no data. Counts are of the window since the last reading.
    `error` says why nothing could be measured: that is no verdict about the version.
    """

    value: float | None = None
    requests: int = 0
    errors: int = 0
    baseline_value: float | None = None
    baseline_requests: int = 0
    baseline_errors: int = 0
    message: str = ''
    error: str = ''
