"""How an analysis is judged: what one measurement comes to, and what all of them do.

The words and limits are Argo Rollouts'; `docs/analysis.md` names where this differs, and why. For
the run of one analysis, in this order, the first that is true decides:

1. a gross measurement            → failed
2. failed > failureLimit          → failed         (cumulative; 0 tolerates none)
3. errors > consecutiveErrorLimit → error          (in a row; retried every 10 s)
4. inconclusive > inconclusiveLimit → inconclusive (cumulative)
5. count reached                  → successful if a measurement was; else failed if one was; else
                                    inconclusive
6. otherwise                      → running

So nothing succeeds by saying nothing: neither a run that was never measured, nor one whose every
measurement was tolerated. A limit of -1 is none.
"""

from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.language.settings.model import Analysis
from liftlock.rollout import counted, plain, quantities
from liftlock.rollout.facts import Measured
from liftlock.rollout.measurement import Measurement as Measurement
from liftlock.rollout.reading import Reading as Reading
from liftlock.rollout.tally import ERROR, FAILED, INCONCLUSIVE, OPEN, SUCCESSFUL
from liftlock.rollout.tally import Tally as Tally
from liftlock.rollout.tally import take as take
from liftlock.rollout.templates import TEMPLATES as TEMPLATES
from liftlock.rollout.templates import of_condition as of_condition

RUNNING: Final = 'running'
RETRY: Final = 10.0  # seconds after an error, as in Argo


class Judgement(NamedTuple):
    """`phase` is running, successful, failed, inconclusive or error; while it runs, the next
    measurement is due at `next_at`."""

    phase: str
    next_at: float = 0.0
    message: str = ''


# --- one measurement


def assess(analysis: Analysis, reading: Reading, tally: Tally) -> Measurement:
    if reading.error:
        return Measurement(ERROR, message=reading.error)
    if reading.opened:
        return Measurement(INCONCLUSIVE, message='counting begins', weight=OPEN)
    quantity = quantities.of(analysis)
    try:
        if quantity.counted:
            return counted.assess(analysis, quantity, reading, tally)
        if analysis.baseline:
            message = 'only error_rate, success_rate and latencies of the router can be compared'
            return Measurement(ERROR, message=message)
        return plain.assess(analysis, quantity, reading)
    except ValueError as error:  # a unit that cannot be meant
        return Measurement(ERROR, message=str(error))


def measured(
    number: int, stage: str, name: str, reading: Reading, measurement: Measurement
) -> Measured:
    """The fact of it."""
    return Measured(
        number,
        stage,
        name,
        measurement.phase,
        measurement.value,
        *reading.counts,
        message=measurement.message,
        weight=measurement.weight,
    )


# --- all of them


def judge(analysis: Analysis, tally: Tally, started: float, now: float) -> Judgement:
    """What a run has come to that started then, seconds since 1970."""
    if ended := _limits(analysis, tally):
        return ended
    wanted = _wanted(analysis)
    if wanted and tally.measurements >= wanted:
        return _finished(analysis, tally)
    return Judgement(RUNNING, _next(analysis, tally, started, now), _so_far(tally, wanted))


def conclude(analysis: Analysis, tally: Tally) -> Judgement:
    """What a run comes to that is wanted no longer, since the deployment has got to its end. One
    that nothing can be said of is inconclusive, never successful."""
    if ended := _limits(analysis, tally):
        return ended
    if tally.successful:
        return Judgement(SUCCESSFUL, message=_votes(tally))
    return Judgement(INCONCLUSIVE, message=f'it ended too early: {_lack(analysis, tally)}')


def _limits(analysis: Analysis, tally: Tally) -> Judgement | None:
    if tally.gross:
        return Judgement(FAILED, message=tally.said)
    for phase, found, limit, what in (
        (FAILED, tally.failed, analysis.failure_limit, 'failed'),
        (ERROR, tally.errors, analysis.consecutive_error_limit, 'errors in a row'),
        (INCONCLUSIVE, tally.inconclusive, analysis.inconclusive_limit, 'inconclusive'),
    ):
        if 0 <= limit < found:
            return Judgement(phase, message=_over(found, limit, what, tally.said))
    return None


def _over(found: int, limit: int, what: str, said: str) -> str:
    return said if not limit else f'{found} {what}, {limit} tolerated; the last: {said}'


def _finished(analysis: Analysis, tally: Tally) -> Judgement:
    if tally.successful:
        return Judgement(SUCCESSFUL, message=_votes(tally))
    if tally.failed:
        message = f'none of {tally.measurements} measurements was good; the last: {tally.said}'
        return Judgement(FAILED, message=message)
    return Judgement(INCONCLUSIVE, message=_lack(analysis, tally))


def _lack(analysis: Analysis, tally: Tally) -> str:
    """Why there was no vote."""
    if not tally.measurements:
        return f'nothing was measured{f": {tally.said}" if tally.errors else ""}'
    times = f'in {_plural(tally.measurements, "measurement")}'
    if tally.inconclusive or tally.failed or not quantities.of(analysis).counted:
        return f'nothing certain {times}; the last: {tally.said}'
    if not tally.total.requests:
        return f'no data: no requests {times}'
    return f'too little data {times}: {tally.said}'


def _votes(tally: Tally) -> str:
    parts = [f'{tally.successful} of {_plural(tally.measurements, "measurement")} good']
    parts.extend(f'{count} {what}' for count, what in _others(tally) if count)
    return f'{", ".join(parts)}; the last: {tally.said}' if tally.said else ', '.join(parts)


def _others(tally: Tally) -> tuple[tuple[int, str], ...]:
    small = tally.measurements - tally.successful - tally.failed - tally.inconclusive
    return (
        (tally.failed, 'failed'),
        (tally.inconclusive, 'inconclusive'),
        (small, 'too small to vote'),
    )


def _so_far(tally: Tally, wanted: int) -> str:
    if not tally.said:
        return 'not measured yet'
    of = f' of {wanted}' if wanted else ''
    return f'measured {tally.measurements}{of} times; the last: {tally.said}'


def _plural(count: int, noun: str) -> str:
    return f'{count} {noun}' if count == 1 else f'{count} {noun}s'


# --- when


def _wanted(analysis: Analysis) -> int:
    """How many measurements; 0: as many as there is time for."""
    return analysis.measurements or int(analysis.interval is None)


def _next(analysis: Analysis, tally: Tally, started: float, now: float) -> float:
    pause, since = _pause(analysis, tally), tally.last
    if not tally.last:
        pause, since = analysis.initial_delay, started
    # A clock that was set back must not make anybody wait for longer than one pause.
    return min(since, now) + pause


def _pause(analysis: Analysis, tally: Tally) -> float:
    """From the end of the last measurement. Counting needs a while in any case: without an
    interval it is as long as one measurement may take."""
    if tally.errors:
        return RETRY
    if analysis.interval is not None:
        return analysis.interval
    return analysis.timeout if quantities.of(analysis).windowed else 0.0
