"""Dates in the formats of moment.js, in English.

Source: moment's documentation, "Format" (tokens, localized formats of `en`, escapes in brackets).
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from liftlock.runner.workbench import StepFailed

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_TOKEN: Final = re.compile(
    r'\[[^\[]*?\]|\\.|Hmmss|Hmm|hmmss|hmm|Mo|MM?M?M?|Do|DDDo|DD?D?D?|ddd?d?|do|w[wo]?|W[Wo]?|Qo?'
    r'|N{1,5}|YYYYYY|YYYYY|YYYY|YY|y{2,4}|yo?|gg(?:ggg?)?|GG(?:GGG?)?|e|E|a|A|hh?|HH?|kk?|mm?'
    r'|ss?|S{1,9}|x|X|zz?|ZZ?|LTS|LT|LL?L?L?|l{1,4}|.',
    re.DOTALL,
)
_LONG: Final[Mapping[str, str]] = {
    'LTS': 'h:mm:ss A',
    'LT': 'h:mm A',
    'L': 'MM/DD/YYYY',
    'LL': 'MMMM D, YYYY',
    'LLL': 'MMMM D, YYYY h:mm A',
    'LLLL': 'dddd, MMMM D, YYYY h:mm A',
    'l': 'M/D/YYYY',
    'll': 'MMM D, YYYY',
    'lll': 'MMM D, YYYY h:mm A',
    'llll': 'ddd, MMM D, YYYY h:mm A',
}
_LOCALIZED: Final = re.compile(r'(\[[^\[]*\])|(\\)?(LTS|LT|LL?L?L?|l{1,4})')
_MONTHS: Final = (
    'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September',
    'October', 'November', 'December',
)  # fmt: skip
_DAYS: Final = ('Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday')
_PLAIN: Final = 'YYYY-MM-DDTHH:mm:ssZ'
_PLAIN_UTC: Final = 'YYYY-MM-DDTHH:mm:ss[Z]'


def format_date(when: datetime, pattern: str, zone: str = 'UTC') -> str:
    """The instant in that time zone. '' is moment's own format. StepFailed: no such zone."""
    if zone == 'UTC':
        local, plain = when.astimezone(UTC), _PLAIN_UTC
    else:
        local, plain = when.astimezone(_find(zone)), _PLAIN
    expanded = _LOCALIZED.sub(_expand, pattern or plain)
    return ''.join(_render(token, local) for token in _TOKEN.findall(expanded))


def to_iso(when: datetime) -> str:
    """As JavaScript's Date.toISOString."""
    return format_date(when, 'YYYY-MM-DDTHH:mm:ss.SSS[Z]')


def _find(zone: str) -> 'ZoneInfo':
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # reads files: only where it is asked

    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise StepFailed(
            f"The time zone '{zone}' is not known here (are time zones installed? tzdata)"
        ) from None


def _expand(found: re.Match[str]) -> str:
    if found[1] or found[2]:
        return found[0]
    return _LONG[found[3]]


def _render(token: str, when: datetime) -> str:
    if token.startswith('[') and token.endswith(']'):
        return token[1:-1]
    if token.startswith('\\'):
        return token[1:]
    if token.startswith('S'):
        return f'{when.microsecond:06d}'.ljust(9, '0')[: len(token)]
    known = _TOKENS.get(token)
    return known(when) if known is not None else token


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f'{number}th'
    return f'{number}' + {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')


def _weekday(when: datetime) -> int:
    return when.isoweekday() % 7


def _day(when: datetime) -> int:
    return when.timetuple().tm_yday


def _week(when: datetime) -> tuple[int, int]:
    """Year and week as in the United States: Sunday begins it, and week 1 holds January 1st."""
    sunday = when - timedelta(days=_weekday(when))
    saturday = sunday + timedelta(days=6)
    return saturday.year, (_day(saturday) - 1) // 7 + 1


def _offset(when: datetime, separator: str) -> str:
    minutes = int((when.utcoffset() or timedelta()).total_seconds()) // 60
    sign = '-' if minutes < 0 else '+'
    return f'{sign}{abs(minutes) // 60:02d}{separator}{abs(minutes) % 60:02d}'


def _half(when: datetime) -> str:
    return 'PM' if when.hour >= 12 else 'AM'


def _hour(when: datetime) -> int:
    return when.hour % 12 or 12


_TOKENS: Final[Mapping[str, Callable[[datetime], str]]] = {
    'YYYYYY': lambda when: f'{when.year:+07d}',
    'YYYYY': lambda when: f'{when.year:05d}',
    'YYYY': lambda when: f'{when.year:04d}',
    'YY': lambda when: f'{when.year % 100:02d}',
    'Y': lambda when: f'{when.year}',
    'y': lambda when: f'{when.year}',
    'yo': lambda when: f'{when.year}',
    'yy': lambda when: f'{when.year:02d}',
    'yyy': lambda when: f'{when.year:03d}',
    'yyyy': lambda when: f'{when.year:04d}',
    'N': lambda when: 'AD',
    'NN': lambda when: 'AD',
    'NNN': lambda when: 'AD',
    'NNNN': lambda when: 'Anno Domini',
    'NNNNN': lambda when: 'AD',
    'Q': lambda when: f'{(when.month + 2) // 3}',
    'Qo': lambda when: _ordinal((when.month + 2) // 3),
    'M': lambda when: f'{when.month}',
    'Mo': lambda when: _ordinal(when.month),
    'MM': lambda when: f'{when.month:02d}',
    'MMM': lambda when: _MONTHS[when.month - 1][:3],
    'MMMM': lambda when: _MONTHS[when.month - 1],
    'D': lambda when: f'{when.day}',
    'Do': lambda when: _ordinal(when.day),
    'DD': lambda when: f'{when.day:02d}',
    'DDD': lambda when: f'{_day(when)}',
    'DDDo': lambda when: _ordinal(_day(when)),
    'DDDD': lambda when: f'{_day(when):03d}',
    'd': lambda when: f'{_weekday(when)}',
    'do': lambda when: _ordinal(_weekday(when)),
    'dd': lambda when: _DAYS[_weekday(when)][:2],
    'ddd': lambda when: _DAYS[_weekday(when)][:3],
    'dddd': lambda when: _DAYS[_weekday(when)],
    'e': lambda when: f'{_weekday(when)}',
    'E': lambda when: f'{when.isoweekday()}',
    'w': lambda when: f'{_week(when)[1]}',
    'wo': lambda when: _ordinal(_week(when)[1]),
    'ww': lambda when: f'{_week(when)[1]:02d}',
    'W': lambda when: f'{when.isocalendar().week}',
    'Wo': lambda when: _ordinal(when.isocalendar().week),
    'WW': lambda when: f'{when.isocalendar().week:02d}',
    'gg': lambda when: f'{_week(when)[0] % 100:02d}',
    'gggg': lambda when: f'{_week(when)[0]:04d}',
    'ggggg': lambda when: f'{_week(when)[0]:05d}',
    'GG': lambda when: f'{when.isocalendar().year % 100:02d}',
    'GGGG': lambda when: f'{when.isocalendar().year:04d}',
    'GGGGG': lambda when: f'{when.isocalendar().year:05d}',
    'A': _half,
    'a': lambda when: _half(when).lower(),
    'H': lambda when: f'{when.hour}',
    'HH': lambda when: f'{when.hour:02d}',
    'h': lambda when: f'{_hour(when)}',
    'hh': lambda when: f'{_hour(when):02d}',
    'k': lambda when: f'{when.hour or 24}',
    'kk': lambda when: f'{when.hour or 24:02d}',
    'hmm': lambda when: f'{_hour(when)}{when.minute:02d}',
    'hmmss': lambda when: f'{_hour(when)}{when.minute:02d}{when.second:02d}',
    'Hmm': lambda when: f'{when.hour}{when.minute:02d}',
    'Hmmss': lambda when: f'{when.hour}{when.minute:02d}{when.second:02d}',
    'm': lambda when: f'{when.minute}',
    'mm': lambda when: f'{when.minute:02d}',
    's': lambda when: f'{when.second}',
    'ss': lambda when: f'{when.second:02d}',
    'X': lambda when: f'{int(when.timestamp())}',
    'x': lambda when: f'{int(when.timestamp() * 1000)}',
    'Z': lambda when: _offset(when, ':'),
    'ZZ': lambda when: _offset(when, ''),
    'z': lambda when: when.tzname() or '',
    'zz': lambda when: when.tzname() or '',
}
