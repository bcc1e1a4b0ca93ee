"""The small notations of `liftlock.yml`: durations, comparisons, shares and secrets.

Each reader answers None for a text that it cannot read.
"""

import re
from typing import Final

from liftlock.language.settings.model import Amount, Condition, Secret
from liftlock.language.source import NOWHERE, Span

SECONDS: Final = {'ms': 0.001, 's': 1.0, 'm': 60.0, 'h': 3600.0, 'd': 86400.0}
DURATION: Final = re.compile(r'(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+')
PART: Final = re.compile(r'(\d+(?:\.\d+)?)(ms|s|m|h|d)')
UNITS: Final = r'%|ms|s|m|h|[KMGT]i?B|B'
VALUE: Final = rf'(?P<operator><=|>=|==|!=|<|>)\s*(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>{UNITS})?'
MEASURED: Final = re.compile(
    rf'(?P<metric>[A-Za-z_][A-Za-z0-9_.]*(?:\([A-Za-z0-9_., ]*\))?)\s*{VALUE}'
)
BARE: Final = re.compile(VALUE)
SIZES: Final = {'': 1, 'K': 1 << 10, 'M': 1 << 20, 'G': 1 << 30, 'T': 1 << 40}
SIZE: Final = re.compile(r'(\d+(?:\.\d+)?)\s*([KMGT]?)i?B')
SHARE: Final = re.compile(r'(\d+)(%?)')
SECRET: Final = re.compile(r'secret:([A-Za-z_][A-Za-z0-9_]*)')


def duration(text: str) -> float | None:
    """Seconds: `1h30m` is 5400. Zero may stand without a unit."""
    if text == '0':
        return 0.0
    if not DURATION.fullmatch(text):
        return None
    return sum(float(number) * SECONDS[unit] for number, unit in PART.findall(text))


def size(text: str) -> int | None:
    """Bytes: `4GB` and `4GiB` are both 4294967296. Nothing is no size."""
    found = SIZE.fullmatch(text)
    return int(float(found[1]) * SIZES[found[2]]) or None if found else None


def comparison(text: str, measured: bool, span: Span = NOWHERE) -> Condition | None:
    """`error_rate > 5%`; without `measured`, only `> 5%`."""
    found = (MEASURED if measured else BARE).fullmatch(text.strip())
    if not found:
        return None
    parts = found.groupdict()
    metric = parts.get('metric') or ''
    value = float(parts['value'])
    return Condition(metric, parts['operator'], value, parts['unit'] or '', span)


def share(text: str) -> Amount | None:
    """`2` or `25%`; at most 100%."""
    found = SHARE.fullmatch(text)
    if not found or (found[2] and int(found[1]) > 100):
        return None
    return Amount(int(found[1]), percent=bool(found[2]))


def secret(text: str, span: Span = NOWHERE) -> Secret | None:
    found = SECRET.fullmatch(text)
    return Secret(found[1], span) if found else None
