"""What the measurements of one run of an analysis come to: the fold of its `Measured` facts.

Windows with too few requests do not vote: their counts stay in `block` until it is big enough, and
the vote is about the whole block. Everything that was ever counted is in `total` too.
"""

from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.rollout.comparison import Counts, Excess, excess
from liftlock.rollout.facts import Measured

SUCCESSFUL: Final = 'successful'
FAILED: Final = 'failed'
INCONCLUSIVE: Final = 'inconclusive'
ERROR: Final = 'error'

# What a measurement weighs, where it is not simply a vote.
OPEN: Final = 'open'
SMALL: Final = 'small'
GROSS: Final = 'gross'


class Tally(NamedTuple):
    """`measurements` are all but errors and openings; `errors` those in a row, up to the last.
    `last` is when the last one ended, seconds since 1970, and `said` what it said."""

    measurements: int = 0
    successful: int = 0
    failed: int = 0
    inconclusive: int = 0
    errors: int = 0
    total: Counts = Counts()
    block: Counts = Counts()
    excess: Excess = Excess()
    last: float = 0.0
    opened: bool = False
    gross: bool = False
    said: str = ''


def take(tally: Tally, measured: Measured, at: float) -> Tally:
    said = measured.message
    if measured.phase == ERROR:
        return tally._replace(errors=tally.errors + 1, last=at, said=said)
    tally = tally._replace(errors=0, last=at, said=said)
    if measured.weight == OPEN:
        return tally._replace(opened=True)
    counts = Counts(
        measured.requests,
        measured.errors,
        measured.baseline_requests,
        measured.baseline_errors,
    )
    tally = tally._replace(
        measurements=tally.measurements + 1,
        total=tally.total.plus(counts),
        block=tally.block.plus(counts),
    )
    return tally if measured.weight == SMALL else _vote(tally, measured)


def _vote(tally: Tally, measured: Measured) -> Tally:
    return tally._replace(
        successful=tally.successful + (measured.phase == SUCCESSFUL),
        failed=tally.failed + (measured.phase == FAILED),
        inconclusive=tally.inconclusive + (measured.phase == INCONCLUSIVE),
        excess=tally.excess.plus(excess(tally.block)),
        block=Counts(),
        gross=tally.gross or measured.weight == GROSS,
    )
