"""Measurements: locust's statistics as CSV and JSON, and a plain list of one's own.

Locust rounds every response time above 100 ms to two digits before it counts it (`stats.py`,
`_log_response_time`), in both formats: 1751 ms stands as 1800. So a percentile is known only to
lie within such a step, and within the least and the greatest, which are exact.

One's own list: `{"measurements": {"memory": "300MB", "cpu": "41%", "p95(start)": "1.2s"}}`.
"""

import csv
import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Final

from liftlock.gates.reports.records import Load, Measure, Unreadable
from liftlock.gates.reports.tree import LARGEST, Tree, demanded, measured, objects
from liftlock.language.settings import words

PERCENTILES: Final = ('50', '66', '75', '80', '90', '95', '98', '99', '99.9', '99.99', '100')
COUNTS: Final = 'Request Count'
HEAD: Final = b'Type,Name,Request Count,Failure Count,'
NOBODY: Final = 'not one request was made'


def looks(tree: Tree) -> bool:
    first = tree[0] if isinstance(tree, list) and tree else None
    return (
        isinstance(first, dict)
        and {'num_requests', 'response_times', 'num_failures'} <= first.keys()
    )


def read(tree: Tree) -> Load:
    """`locust --json`: all its requests taken together."""
    entries = objects(tree)
    requests = sum(measured(one, 'num_requests') for one in entries)
    if not requests:
        raise Unreadable(NOBODY)
    failures = sum(measured(one, 'num_failures') for one in entries)
    counts: dict[float, float] = {}
    for one in entries:
        for time, count in demanded(one, 'response_times', dict).items():
            key = _number(time)
            counts[key] = counts.get(key, 0) + _number(count)
    least = min(measured(one, 'min_response_time') for one in entries if one['num_requests'])
    most = max(measured(one, 'max_response_time') for one in entries)
    total = sum(measured(one, 'total_response_time') for one in entries)
    sums = dict(zip(PERCENTILES, _percentiles(counts), strict=True))
    took = _took(entries)
    rate = requests / took if took else None
    return Load('locust', _measures(requests, failures, total / requests, least, most, sums, rate))


def _percentiles(counts: Mapping[float, float]) -> Iterable[float]:
    """By the nearest rank, as locust itself."""
    ordered, total = sorted(counts.items()), sum(counts.values())
    if not total:
        raise Unreadable('it tells no response time')
    ranks = list(accumulate(count for _, count in ordered))
    for name in PERCENTILES:
        rank = max(1, math.ceil(total * float(name) / 100))
        yield ordered[min(bisect_left(ranks, rank), len(ordered) - 1)][0]


def _took(entries: list[Mapping[str, Tree]]) -> float:
    begin = min(measured(one, 'start_time') for one in entries)
    last = [one.get('last_request_timestamp') for one in entries]
    ends = [float(end) for end in last if isinstance(end, int | float) and end > begin]
    return max(ends, default=begin) - begin


# --- CSV


def looks_csv(content: bytes) -> bool:
    return content.startswith(HEAD)


def read_csv(text: str) -> Load:
    """`locust --csv`, the file `…_stats.csv`. Its last row is about everything."""
    try:
        rows = list(csv.DictReader(text.splitlines()))
    except csv.Error as error:
        raise Unreadable(f'it is no CSV: {error}') from None
    row = next((one for one in rows if one.get('Name') == 'Aggregated'), None)
    if row is None:
        raise Unreadable('it has no row "Aggregated": it was cut off')
    requests, failures = _number(row.get(COUNTS)), _number(row.get('Failure Count'))
    if not requests:
        raise Unreadable(NOBODY)
    sums = {name: _number(row.get(f'{name}%')) for name in PERCENTILES}
    average, least = (
        _number(row.get('Average Response Time')),
        _number(row.get('Min Response Time')),
    )
    most, rate = _number(row.get('Max Response Time')), _number(row.get('Requests/s'))
    return Load('locust', _measures(requests, failures, average, least, most, sums, rate))


def _number(value: Tree) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number <= LARGEST:
        raise Unreadable(f'"{str(value)[:40]}" is no number of it')
    return number


# --- both


def _measures(
    requests: float,
    failures: float,
    average: float,
    least: float,
    most: float,
    percentiles: Mapping[str, float],
    rate: float | None,
) -> dict[str, Measure]:
    """Times are in milliseconds, as locust's."""
    share = 100 * failures / requests
    found = {
        'requests': Measure(requests, requests),
        'failures': Measure(failures, failures),
        'error_rate': Measure(share, share, '%'),
        'avg(response_time)': Measure(average / 1000, average / 1000, 's'),
        'min(response_time)': Measure(least / 1000, least / 1000, 's'),
        'max(response_time)': Measure(most / 1000, most / 1000, 's'),
    }
    for name, value in percentiles.items():
        half = _half(value)
        low, high = max(value - half, min(least, value)), min(value + half, max(most, value - half))
        found[f'p{name}(response_time)'] = Measure(low / 1000, high / 1000, 's')
    if rate is not None:
        found['throughput'] = Measure(rate, rate)
    return found


def _half(value: float) -> float:
    """Half a step of what it was rounded to."""
    for limit, half in ((100, 0.5), (1000, 5.0), (10_000, 50.0)):
        if value < limit:
            return half
    return 500.0


# --- one's own


def looks_own(tree: Tree) -> bool:
    return isinstance(tree, dict) and isinstance(tree.get('measurements'), dict)


def read_own(tree: Tree) -> Load:
    return Load(
        'measurements',
        {name[:100]: _own(name, told) for name, told in tree['measurements'].items()},
    )


def _own(name: str, told: Tree) -> Measure:
    read = (
        words.comparison(f'== {told}', measured=False)
        if isinstance(told, str | int | float)
        else None
    )
    if read is None:
        raise Unreadable(
            f'{name[:40]}: "{str(told)[:40]}" is no measurement, as 300MB, 41% or 1.2s are'
        )
    value, unit = units(read.value, read.unit)
    return Measure(value, value, unit)


def units(value: float, unit: str) -> tuple[float, str]:
    """In seconds, percent or bytes."""
    if unit in words.SECONDS:
        return round(value * words.SECONDS[unit], 9), 's'
    if unit.endswith('B'):
        return value * words.SIZES[unit[0] if unit[0] in 'KMGT' else ''], 'B'
    return value, unit
