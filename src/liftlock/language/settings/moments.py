"""Dates and times as a freeze has them, and the moments that they stand for.

A date alone is midnight where the freeze is said to be; as an end it is meant with its whole day.
A time with an offset of its own (`2026-12-24T18:00+01:00`) needs no zone.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

DAY: Final = len('2026-12-24')


def read(text: str, timezone: str, *, end: bool = False) -> float:
    """Seconds since 1970. ValueError for what is neither date nor time, or an unknown zone."""
    if len(text) < DAY or text[4] != '-':  # ISO 8601 also has weeks, and dates without dashes
        raise ValueError(f'"{text}" is no date')
    moment = datetime.fromisoformat(text)
    if end and len(text) == DAY:
        moment += timedelta(days=1)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone(timezone))
    return moment.timestamp()


def zone(name: str) -> tzinfo:
    """ValueError if there is no such zone. UTC is known everywhere."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if name.upper() == 'UTC':
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError):
        raise ValueError(f'there is no time zone "{name}"') from None


def told(moment: float, timezone: str) -> str:
    """For people, to the minute."""
    return f'{datetime.fromtimestamp(moment, zone(timezone)):%Y-%m-%d %H:%M} {timezone}'
