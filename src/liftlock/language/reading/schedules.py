"""Whether a cron expression and a time zone are ones that GitHub's scheduler understands.

POSIX cron with names of months and days and with steps; no seconds, no `@daily`, no `L` or `#`.
Source: cron.ts of actions/workflow-parser.
"""

import re
from typing import Final

from liftlock.language.records import NamedTuple

INVALID: Final = (
    "Invalid cron expression. Expected format: '* * * * *' (minute hour day month weekday)"
)
_NUMBER: Final = re.compile(r'[0-9]+')
_ZONE: Final = re.compile(r'[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*')


class Field(NamedTuple):
    name: str
    low: int
    high: int
    names: str = ''  # that of `low` first


FIELDS: Final = (
    Field('minute', 0, 59),
    Field('hour', 0, 23),
    Field('day of month', 1, 31),
    Field('month', 1, 12, 'jan feb mar apr may jun jul aug sep oct nov dec'),
    Field('day of week', 0, 6, 'sun mon tue wed thu fri sat'),
)


def cron_problem(text: str) -> tuple[str, str] | None:
    """Message and hint, or None if the expression is good."""
    parts = re.split(' +', text)
    if len(parts) != len(FIELDS):
        return INVALID, f'write {len(FIELDS)} fields with spaces between them, not {len(parts)}'
    for part, field in zip(parts, FIELDS, strict=True):
        if not all(_good(piece, field) for piece in part.split(',')):
            return INVALID, f"'{part}' is no {field.name} within {field.low}-{field.high}"
    return None


def _good(piece: str, field: Field) -> bool:
    """`*`, `5`, `mon`, `1-5`, each perhaps with `/2` behind."""
    span, slash, step = piece.partition('/')
    if slash and not (_NUMBER.fullmatch(step) and 0 < int(step) <= field.high):
        return False
    if span == '*':
        return True
    first, dash, last = span.partition('-')
    low = _value(first, field)
    high = _value(last, field) if dash else low
    return low is not None and high is not None and low <= high


def _value(word: str, field: Field) -> int | None:
    names = field.names.split()
    if word.lower() in names:
        return field.low + names.index(word.lower())
    if _NUMBER.fullmatch(word) and field.low <= int(word) <= field.high:
        return int(word)
    return None


def timezone_problem(name: str) -> tuple[str, str] | None:
    """Message and hint if there is no such zone. Where the machine knows no zones, all are good."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        if _ZONE.fullmatch(name):
            ZoneInfo(name)
            return None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        if _zoneless():
            return None
    return f"Unknown time zone '{name}'", 'use a name of the IANA database, such as Europe/London'


def _zoneless() -> bool:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo('Europe/London')
    except ZoneInfoNotFoundError:
        return True
    return False
