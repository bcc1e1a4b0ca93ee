"""Limits of measurements. Of several reports all must keep them. What tools have rounded so far
that it may lie on either side of a limit cannot be evaluated."""

import operator
from collections.abc import Callable, Mapping
from typing import Final

from liftlock.gates import evidence
from liftlock.gates.evidence import Seen
from liftlock.gates.finding import Finding
from liftlock.gates.reports import load
from liftlock.gates.reports.records import Load, Measure
from liftlock.gates.verdict import Outcome, Verdict, worst
from liftlock.language.figures import size
from liftlock.language.settings.model import Condition

HINT: Final = (
    'hand in what locust --csv or --json writes, or a file {"measurements": {"memory": "300MB"}}'
)
COMPARE: Final[Mapping[str, Callable[[float, float], bool]]] = {
    '<': operator.lt,
    '<=': operator.le,
    '>': operator.gt,
    '>=': operator.ge,
    '==': operator.eq,
    '!=': operator.ne,
}
UNITS: Final = {'s': 's or ms', '%': '%', 'B': 'MB or GB', '': 'no unit'}
ALIASES: Final = {'mean': 'avg', 'average': 'avg', 'median': 'p50'}


def judge(limits: Mapping[str, Condition], seen: Seen) -> Verdict:
    reports = [report for _, report in evidence.of(seen, Load)]
    found = [_limit(name, limit, reports) for name, limit in limits.items()]
    outcome = worst(one for one, _ in found)
    missing = any('was measured' in told for _, told in found)
    bad = tuple(
        Finding('measurements', name, '', told)
        for name, (result, told) in zip(limits, found, strict=True)
        if result is Outcome.FAIL
    )
    told = '; '.join(told for _, told in found)
    return Verdict('performance', outcome, told, HINT if missing else '', findings=bad)


def _limit(name: str, limit: Condition, reports: list[Load]) -> tuple[Outcome, str]:
    measures = [one.measures[_named(name)] for one in reports if _named(name) in one.measures]
    if not measures:
        return Outcome.UNDECIDED, f'nothing was measured of {name}'
    value, unit = load.units(limit.value, limit.unit)
    wanted = f'({limit.operator} {limit.value:g}{limit.unit})'
    if any(one.unit != unit for one in measures):
        right = next(UNITS.get(one.unit, one.unit) for one in measures if one.unit != unit)
        return Outcome.UNDECIDED, f'{name} cannot be compared with {wanted}: give {right}'
    results = [_kept(one, COMPARE[limit.operator], value) for one in measures]
    shown = next(one for one, kept in zip(measures, results, strict=True) if kept is worst(results))
    return worst(results), f'{name} {_shown(shown)} {wanted}'


def _named(name: str) -> str:
    """`mean(response_time)` is `avg(response_time)`."""
    word, bracket, rest = name.replace(' ', '').partition('(')
    return f'{ALIASES.get(word, word)}{bracket}{rest}'


def _kept(one: Measure, compare: Callable[[float, float], bool], value: float) -> Outcome:
    ends = {compare(one.low, value), compare(one.high, value)}
    if compare is operator.eq or compare is operator.ne:
        within = one.low <= value <= one.high and one.low != one.high
        if within:
            return Outcome.UNDECIDED
    if len(ends) == 2:
        return Outcome.UNDECIDED
    return Outcome.PASS if ends == {True} else Outcome.FAIL


def _shown(one: Measure) -> str:
    """Both ends where they read differently."""
    low, high = (_figure(value, one.unit) for value in (one.low, one.high))
    return low if low == high else f'{low} to {high}'


def _figure(value: float, unit: str) -> str:
    if unit == 'B':
        return size(value)
    if unit == 's':
        return f'{value:.3g}s' if value >= 1 else f'{value * 1000:.3g}ms'
    return f'{value:.4g}{unit}'
