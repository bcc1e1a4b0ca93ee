"""When schedules fire, and what becomes of the slots whose time has come.

A slot is a moment, in seconds since 1970. Where clocks are put forward, what was to happen in the
hour that is left out happens right after it; where they are put back, what is to happen at a given
time happens once, and what happens every so many minutes goes on (as Debian's cron has it, too).
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from liftlock.language.records import NamedTuple

LATE: Final = 300.0  # seconds in which a slot is still on time
MOST: Final = 1000  # slots that are looked back on
DUE: Final = 'due'
MISSED: Final = 'missed'


class Slot(NamedTuple):
    """`state` is due or missed; `reason` says why it is late or missed."""

    at: float
    state: str
    reason: str = ''


def following(cron: str, timezone: str, after: float) -> Iterator[float]:
    """The slots after a moment, without end; none for a day that never comes."""
    from zoneinfo import ZoneInfo

    from cronsim import CronSim, CronSimError

    zone = ZoneInfo(timezone) if timezone else UTC
    try:
        sim = CronSim(cron, datetime.fromtimestamp(after, zone))
    except CronSimError:
        return
    for moment in sim:
        at = moment.timestamp()
        if at > after:
            yield at


def between(cron: str, timezone: str, after: float, upto: float) -> list[float]:
    """Those after the one moment, up to the other; the newest of them, if there are very many."""
    found: list[float] = []
    for at in following(cron, timezone, after):
        if at > upto:
            break
        found.append(at)
        if len(found) > 2 * MOST:
            del found[:MOST]
    return found[-MOST:]


def decide(times: Sequence[float], seen: float, now: float, catch_up: float) -> list[Slot]:
    """What becomes of slots whose time has come since somebody looked last, at `seen`.

    Only the newest ever runs, so that nothing runs twenty times after a night without a server;
    if it is late, only if it is not older than `catch_up` seconds.
    """
    if not times:
        return []
    *older, newest = times
    away = f'nobody looked from {clock(seen)} to {clock(now)}'
    found = [Slot(at, MISSED, away) for at in older]
    late = now - newest
    if late <= LATE:
        return [*found, Slot(newest, DUE)]
    if late <= catch_up:
        return [*found, Slot(newest, DUE, f'made good: {away}')]
    return [*found, Slot(newest, MISSED, away)]


def clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime('%d %b %H:%M UTC')
