"""Rates and latencies of the router, judged by counts: is the version worse than it may be, or was
it bad luck?

An objective says at most what share of requests may be bad: failed ones for `error_rate > 5%`, slow
ones for `p99 > 1000ms` (1 % may be slower). A naive look at the rate would abort every second good
version on 50 requests. Instead an objective is *missed* only where a version that just keeps it
would do as badly less than once in 100 times (`ALPHA`):

1. **Gross**: half of at least ten requests are bad, and the objective is missed. That fails at
   once, without waiting for more, and whatever the limits tolerate.
2. **Too few**: fewer than `min_requests` since the last vote. No vote; they count with the next.
3. **The block** since the last vote misses the objective by itself, or
4. **the whole run** does, and the block does not look better than the objective: so slow bleeding
   is found, but a block that is good is not blamed for what was before it.

With `baseline` the new version must also do worse than the old one did in the same time
(`comparison`), by the same rule: a fault that both have is not the new one's. Then it needs
`min_requests` of both.
"""

from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.language.settings.model import Analysis, Condition
from liftlock.rollout import comparison, quantities
from liftlock.rollout.binomial import ALPHA, tail
from liftlock.rollout.comparison import Counts
from liftlock.rollout.measurement import Measurement, decide, without_data
from liftlock.rollout.plain import holds
from liftlock.rollout.quantities import Quantity, percentage
from liftlock.rollout.reading import Reading
from liftlock.rollout.tally import FAILED, GROSS, INCONCLUSIVE, SMALL, Tally

FEWEST: Final = 10  # requests that a gross verdict needs


class Case(NamedTuple):
    """All that a vote rests on. `block` and `total` include the reading."""

    analysis: Analysis
    quantity: Quantity
    reading: Reading
    block: Counts
    total: Counts
    tally: Tally


def assess(analysis: Analysis, quantity: Quantity, reading: Reading, tally: Tally) -> Measurement:
    block, total = tally.block.plus(reading.counts), tally.total.plus(reading.counts)
    case = Case(analysis, quantity, reading, block, total, tally)
    if _is_gross(case):
        return Measurement(FAILED, reading.value, _told(case), GROSS)
    if not block.requests and analysis.on_no_data != 'inconclusive':
        return without_data(analysis, reading.message or 'no requests')
    if lack := _lack(case):
        return Measurement(INCONCLUSIVE, reading.value, lack, SMALL)
    phase = _phase(case)
    return Measurement(phase, reading.value, _told(case))


def _phase(case: Case) -> str:
    failure, success = case.analysis.failure, case.analysis.success
    if failure is None and success is None and case.analysis.baseline:
        return decide(_is_worse(case), None)
    fails = failure and _fails(case, failure)
    succeeds = success and _succeeds(case, success)
    return decide(fails, succeeds)


def _lack(case: Case) -> str:
    """Why there is too little for a vote."""
    wanted, block = max(1, case.analysis.min_requests), case.block
    if block.requests < wanted:
        return _few(block.requests, wanted)
    if case.analysis.baseline and block.baseline_requests < wanted:
        return f'of the old version {_few(block.baseline_requests, wanted)}'
    return ''


def _few(requests: int, wanted: int) -> str:
    if not requests:
        return 'no requests: nothing can be said'
    return f'too few requests to say anything: {requests} of {wanted}'


# --- conditions


def objective(condition: Condition, quantity: Quantity, *, failure: bool) -> float | None:
    """The share of requests that may be bad. None where the condition looks at the good side
    (`failure: error_rate < 1%`) or at equality: then it is taken by its letter."""
    above = condition.operator in ('>', '>=')
    if condition.operator in ('==', '!=') or above != (failure == quantity.rising):
        return None
    if quantity.kind == 'latency':
        return 1.0 - quantity.percentile / 100.0
    limit = quantities.limit(condition, quantity)
    return limit if quantity.rising else 1.0 - limit


def _fails(case: Case, condition: Condition) -> bool:
    share = _objective(case, condition, failure=True)
    if share is None:
        return bool(holds(condition, _rate(case), case.quantity))
    return _is_missed(case, share) and (not case.analysis.baseline or _is_worse(case))


def _succeeds(case: Case, condition: Condition) -> bool:
    share = _objective(case, condition, failure=False)
    if share is None:
        return bool(holds(condition, _rate(case), case.quantity))
    return not (_is_missed(case, share) and (not case.analysis.baseline or _is_worse(case)))


def _objective(case: Case, condition: Condition, *, failure: bool) -> float | None:
    """A latency is counted against one limit only, that of `failure` if there are two; the other
    one is held against the estimate."""
    if case.quantity.kind == 'latency' and not failure and case.analysis.failure:
        return None
    return objective(condition, case.quantity, failure=failure)


def _rate(case: Case) -> float:
    if case.quantity.kind == 'latency':
        return case.reading.value or 0.0
    rate = case.block.rate
    return rate if case.quantity.rising else 1.0 - rate


def _is_missed(case: Case, share: float) -> bool:
    block, total = case.block, case.total
    if tail(block.errors, block.requests, share) <= ALPHA:
        return True
    return block.rate > share and tail(total.errors, total.requests, share) <= ALPHA


def _is_worse(case: Case) -> bool:
    block = case.block
    if comparison.chance(block) <= ALPHA:
        return True
    beyond = case.tally.excess.plus(comparison.excess(block))
    return block.rate > block.baseline_rate and comparison.lasting_chance(beyond) <= ALPHA


def _is_gross(case: Case) -> bool:
    block, share = case.block, _strictest(case)
    if block.requests < FEWEST or 2 * block.errors < block.requests:
        return False
    compared = case.analysis.baseline and block.baseline_requests >= FEWEST
    if share is None and not compared:
        return False
    missed = share is None or tail(block.errors, block.requests, share) <= ALPHA
    return missed and (not compared or comparison.chance(block) <= ALPHA)


def _strictest(case: Case) -> float | None:
    """The objective whose miss is a failure."""
    failure, success = case.analysis.failure, case.analysis.success
    if failure is not None:
        return _objective(case, failure, failure=True)
    return _objective(case, success, failure=False) if success is not None else None


# --- for people


def _told(case: Case) -> str:
    """The numbers, the rule, and what follows."""
    parts = [_numbers(case)]
    if case.analysis.baseline and case.block.baseline_requests:
        parts.append(_against(case))
    parts.extend(_verdicts(case))
    if case.reading.message:
        parts.append(case.reading.message)
    return '; '.join(parts)


def _numbers(case: Case) -> str:
    bad, of_all = case.block.errors, f'of {case.block.requests} requests'
    if case.quantity.kind == 'latency':
        limit = quantities.latency_limit(case.analysis)
        than = quantities.milliseconds(limit) if limit is not None else 'those of both together'
        return f'{percentage(case.block.rate)} slower than {than} ({bad} {of_all})'
    rate = percentage(_rate(case))
    return f'{case.quantity.kind.replace("_", " ")} {rate} ({bad} {of_all} failed)'


def _against(case: Case) -> str:
    block = case.block
    old = f'the old version {percentage(block.baseline_rate)} of {block.baseline_requests}'
    if _is_worse(case):
        return f'worse than {old}'
    return f'{old}, so it is no worse' if block.rate <= block.baseline_rate else f'{old}: chance'


def _verdicts(case: Case) -> list[str]:
    told = []
    for condition, failure in ((case.analysis.failure, True), (case.analysis.success, False)):
        if condition is None:
            continue
        share = _objective(case, condition, failure=failure)
        if share is not None:
            told.append(_verdict(case, share))
    return told


def _verdict(case: Case, share: float) -> str:
    allowed = f'{percentage(share)} may be'
    block, total = case.block, case.total
    if tail(block.errors, block.requests, share) <= ALPHA:
        return f'{allowed}, and this is no chance'
    if _is_missed(case, share):
        return f'{allowed}, and {total.errors} of {total.requests} in all is no chance'
    if block.rate > share:
        return f'{allowed}, and this may be chance'
    return f'{allowed}'
