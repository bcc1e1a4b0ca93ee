"""How a workflow does by its last runs: how often it succeeds, how long it takes, of how many runs.

Runs that were cancelled or skipped say nothing of its health, and are counted apart.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.store.runs import Run

DAY: Final = 86400.0
BAD: Final = frozenset({'failure', 'timed_out', 'startup_failure'})


class Trend(NamedTuple):
    """Seconds are of runs that succeeded, from the first job's begin on; None where there are none.
    `first` counts those that succeeded in their first attempt. `red`: since when the newest runs
    fail, 0 if the last one did not."""

    runs: int
    succeeded: int
    failed: int
    other: int
    first: int
    p50: float | None
    p95: float | None
    red: float = 0.0

    @property
    def judged(self) -> int:
        return self.succeeded + self.failed

    @property
    def rate(self) -> float | None:
        return self.succeeded / self.judged if self.judged else None


class Day(NamedTuple):
    """`at` is its begin, in UTC."""

    at: float
    succeeded: int
    failed: int
    other: int

    @property
    def total(self) -> int:
        return self.succeeded + self.failed + self.other


def measure(runs: Sequence[Run]) -> Trend:
    """Of runs that have ended, newest first; others are passed over."""
    done = [run for run in runs if run.status == 'completed']
    good = [run for run in done if run.conclusion == 'success']
    bad = [run for run in done if run.conclusion in BAD]
    times = sorted(run.finished - run.started for run in good if run.started)
    return Trend(
        len(done),
        len(good),
        len(bad),
        len(done) - len(good) - len(bad),
        sum(run.attempt == 1 for run in good),
        percentile(times, 0.5),
        percentile(times, 0.95),
        _red(done),
    )


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The nearest rank: a value that there was, never one between two."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def wilson(good: float, among: float) -> tuple[float, float]:
    """Between which shares the true one lies with 95 percent."""
    if not among:
        return 0.0, 1.0
    z, share = 1.96, good / among
    middle = share + z * z / (2 * among)
    spread = z * math.sqrt(share * (1 - share) / among + z * z / (4 * among * among))
    below = 1 + z * z / among
    return max(0.0, (middle - spread) / below), min(1.0, (middle + spread) / below)


def days(runs: Iterable[Run], since: float, until: float) -> list[Day]:
    """Every day has its place, also one without runs."""
    first = int(since // DAY)
    counts = [[0, 0, 0] for _ in range(first, int(until // DAY) + 1)]
    for run in runs:
        place = int(run.created // DAY) - first
        if run.status == 'completed' and 0 <= place < len(counts):
            kind = 0 if run.conclusion == 'success' else 1 if run.conclusion in BAD else 2
            counts[place][kind] += 1
    return [Day((first + at) * DAY, *count) for at, count in enumerate(counts)]


def _red(done: Sequence[Run]) -> float:
    since = 0.0
    for run in done:
        if run.conclusion == 'success':
            break
        if run.conclusion in BAD:
            since = run.finished
    return since
