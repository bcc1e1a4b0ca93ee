"""When nothing is deployed: from one day to another (or until somebody takes the freeze out of the
file), or at times that come back.

Of several freezes one is enough to hold a deployment. What has started is not stopped by one.
A freeze that cannot be read freezes: it was meant to.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from math import inf
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.language.settings import moments
from liftlock.language.settings.model import Freeze

LONGEST: Final = 100  # windows that overlap; where more do, it is looked at again after them


class Frozen(NamedTuple):
    """`until` is 0.0 where it does not end by itself. `reason` is for people."""

    reason: str
    until: float


def frozen(freezes: Sequence[Freeze], now: float) -> tuple[Frozen, ...]:
    """Those that hold now, in the order of the file."""
    return tuple(_frozen(freezes, now))


def _frozen(freezes: Sequence[Freeze], now: float) -> Iterator[Frozen]:
    for freeze in freezes:
        try:
            end = _end(freeze, now)
        except ValueError as error:
            yield Frozen(f'a freeze cannot be read: {error}', 0.0)
            continue
        if end:
            because = f': {freeze.reason}' if freeze.reason else ''
            yield Frozen(f'{_told(freeze, end)}{because}', 0.0 if end == inf else end)


def _told(freeze: Freeze, end: float) -> str:
    if end == inf:
        return f'frozen since {freeze.begin}'
    return f'frozen until {moments.told(end, freeze.timezone)}'


def _end(freeze: Freeze, now: float) -> float:
    """When the freeze that holds now ends; 0.0 if none does. ValueError if it cannot be read."""
    if freeze.schedule:
        return _scheduled(freeze, now)
    begin = moments.read(freeze.begin, freeze.timezone)
    end = moments.read(freeze.end, freeze.timezone, end=True) if freeze.end else inf
    return end if begin <= now < end else 0.0


def _scheduled(freeze: Freeze, now: float) -> float:
    """Windows that touch or overlap are one."""
    start = _last_slot(freeze, now)
    if start is None or start + freeze.duration <= now:
        return 0.0
    end = start + freeze.duration
    for slot in islice(_slots(freeze, start), LONGEST):
        if slot > end:
            break
        end = slot + freeze.duration
    return end


def _last_slot(freeze: Freeze, now: float) -> float | None:
    """The one at this moment counts."""
    return next(_slots(freeze, now + 1, back=True), None)


def _slots(freeze: Freeze, moment: float, *, back: bool = False) -> Iterator[float]:
    """Those after the moment; `back`: those before it, the last one first. ValueError."""
    from cronsim import CronSim, CronSimError

    at = datetime.fromtimestamp(moment, moments.zone(freeze.timezone)).replace(microsecond=0)
    try:
        sim = CronSim(freeze.schedule, at, reverse=back)
    except CronSimError as error:
        raise ValueError(f'"{freeze.schedule}" is no schedule ({error})') from None
    return (slot.timestamp() for slot in sim)
