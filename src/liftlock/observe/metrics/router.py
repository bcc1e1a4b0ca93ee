"""What the router counted: rates, requests, latencies.

Latencies come as a histogram: for some bounds, how many requests were at most so slow. So a limit
that is a bound is judged exactly; any other one by assuming that requests are spread evenly between
the bounds around it, which is said. A percentile itself can only be estimated, and is for people.
"""

from collections.abc import Sequence
from math import inf
from typing import Protocol

from liftlock.language.records import NamedTuple
from liftlock.language.settings.model import Analysis
from liftlock.rollout import quantities
from liftlock.rollout.quantities import Quantity
from liftlock.rollout.reading import Reading
from liftlock.rollout.sight import Window

Bounds = Sequence[tuple[float, int]]  # milliseconds, cumulative; the last one is all


class Meter(Protocol):
    async def counted(self, revision: str, reader: str) -> Window: ...


class Slow(NamedTuple):
    """How many requests were slower than a limit, of how many; None where nobody can tell."""

    slow: int | None
    requests: int
    exact: bool = True


async def read(
    analysis: Analysis, meter: Meter | None, revisions: tuple[str, str], reader: str
) -> Reading:
    quantity = quantities.read(analysis.metric)
    if quantity is None or quantity.kind == 'unhealthy':
        return Reading(error=f'the router has no metric "{analysis.metric}"')
    if meter is None:
        message = 'nothing counts requests here: this target has no router of ours'
        return Reading(error=f'{message}; measure with prometheus:, url: or command:')
    new = await meter.counted(revisions[0], reader)
    if not analysis.baseline:
        return interpret(analysis, quantity, new, None)
    if not revisions[1]:
        return interpret(analysis, quantity, new, Window())
    return interpret(analysis, quantity, new, await meter.counted(revisions[1], reader))


def interpret(analysis: Analysis, quantity: Quantity, new: Window, old: Window | None) -> Reading:
    """`old` is None where nothing is compared."""
    if quantity.kind == 'requests':
        return Reading(float(new.requests), new.requests, new.errors)
    if quantity.kind == 'latency':
        return _latency(analysis, quantity, new, old)
    old_counts = (_rate(old, quantity), old.requests, old.errors) if old else (None, 0, 0)
    return Reading(_rate(new, quantity), new.requests, new.errors, *old_counts)


def _rate(window: Window, quantity: Quantity) -> float | None:
    if not window.requests:
        return None
    rate = window.errors / window.requests
    return rate if quantity.rising else 1.0 - rate


def _latency(analysis: Analysis, quantity: Quantity, new: Window, old: Window | None) -> Reading:
    share = quantity.percentile / 100.0
    limit = quantities.latency_limit(analysis)
    bound = _pooled(new, old, share) if limit is None else limit * 1000.0
    mine, theirs = slower(new.latencies, bound), slower(old.latencies if old else (), bound)
    if mine.slow is None or theirs.slow is None:
        return Reading(error=f'the router cannot tell times above {bound:g} ms apart')
    return Reading(
        percentile(new.latencies, share),
        mine.requests,
        mine.slow,
        percentile(old.latencies, share) if old else None,
        theirs.requests,
        theirs.slow,
        '' if mine.exact and theirs.exact else _approximated(new.latencies, bound),
    )


def _approximated(latencies: Bounds, bound: float) -> str:
    below, above = _around(latencies, bound)
    return f'approximated: {bound:g} ms lies between the bounds {below[0]:g} and {above[0]:g} ms'


def _pooled(new: Window, old: Window | None, share: float) -> float:
    """Without a limit: the bound within which that share of both versions' requests lies. Were the
    versions alike, as large a part of each would be slower."""
    both: dict[float, int] = dict(new.latencies)
    for bound, count in old.latencies if old else ():
        both[bound] = both.get(bound, 0) + count
    total = max(both.values(), default=0)
    return next((bound for bound in sorted(both) if both[bound] >= share * total), inf)


# --- histograms


def slower(latencies: Bounds, limit: float) -> Slow:
    """Than so many milliseconds."""
    total = latencies[-1][1] if latencies else 0
    for bound, count in latencies:
        if abs(bound - limit) <= 1e-9 * limit or bound == limit:
            return Slow(total - count, total)
    below, above = _around(latencies, limit)
    if below[1] == above[1]:
        return Slow(total - below[1], total)  # there is nobody between them
    if above[0] == inf:
        return Slow(None, total)
    within = below[1] + (above[1] - below[1]) * (limit - below[0]) / (above[0] - below[0])
    return Slow(total - round(within), total, exact=False)


def _around(latencies: Bounds, limit: float) -> tuple[tuple[float, int], tuple[float, int]]:
    """The bounds next to it, with their counts."""
    total = latencies[-1][1] if latencies else 0
    below = [one for one in latencies if one[0] < limit]
    above = [one for one in latencies if one[0] > limit]
    return (below[-1] if below else (0.0, 0)), (above[0] if above else (inf, total))


def percentile(latencies: Bounds, share: float) -> float | None:
    """Estimated, in seconds; None without requests. Above the last finite bound, that bound."""
    total = latencies[-1][1] if latencies else 0
    if not total:
        return None
    wanted, before = share * total, (0.0, 0)
    for bound, count in latencies:
        if count >= wanted:
            if bound == inf:
                return before[0] / 1000.0
            part = (wanted - before[1]) / (count - before[1]) if count > before[1] else 1.0
            return (before[0] + part * (bound - before[0])) / 1000.0
        before = (bound, count)
    return before[0] / 1000.0
