"""A number of which nothing is known but itself: of Prometheus, a URL or a command."""

import operator
from collections.abc import Callable, Mapping
from typing import Final

from liftlock.language.settings.model import Analysis, Condition
from liftlock.rollout import quantities
from liftlock.rollout.measurement import Measurement, decide, without_data
from liftlock.rollout.quantities import Quantity, shown, written
from liftlock.rollout.reading import Reading
from liftlock.rollout.tally import FAILED, INCONCLUSIVE, SUCCESSFUL

OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    '<': operator.lt,
    '<=': operator.le,
    '>': operator.gt,
    '>=': operator.ge,
    '==': operator.eq,
    '!=': operator.ne,
}


def holds(condition: Condition | None, value: float, quantity: Quantity) -> bool | None:
    """None if there is no condition."""
    if condition is None:
        return None
    return OPERATORS[condition.operator](value, quantities.limit(condition, quantity))


def assess(analysis: Analysis, quantity: Quantity, reading: Reading) -> Measurement:
    value = reading.value
    if value is None:
        return without_data(analysis, reading.message or 'no data')
    if analysis.failure is None and analysis.success is None:
        return _alone(analysis, value, reading.message)
    fails = holds(analysis.failure, value, quantity)
    succeeds = holds(analysis.success, value, quantity)
    why = '' if quantity.kind == 'unhealthy' else _why(analysis, fails, succeeds)
    message = f'{_value(analysis, value, quantity)}{why}'
    if reading.message:
        message = f'{message}; {reading.message}'
    return Measurement(decide(fails, succeeds), value, message)


def _alone(analysis: Analysis, value: float, message: str) -> Measurement:
    """Without a condition: a command has its exit code, a URL says true or false. Anything else
    says nothing, so it is no success either."""
    if analysis.command:
        return Measurement(SUCCESSFUL if value == 0 else FAILED, value, message)
    if analysis.url:
        return Measurement(SUCCESSFUL if value else FAILED, value, message)
    said = f'{value:g}, and nothing says what is good: add failure or success'
    return Measurement(INCONCLUSIVE, value, said)


def _value(analysis: Analysis, value: float, quantity: Quantity) -> str:
    condition = analysis.failure or analysis.success
    return shown(value, quantity, condition.unit if condition else '')


def _why(analysis: Analysis, fails: bool | None, succeeds: bool | None) -> str:
    """Which condition decided, in its author's words."""
    failure, success = analysis.failure, analysis.success
    if failure is not None and fails:
        return f', failed by {written(failure)}'
    if success is not None and succeeds:
        return f', as wanted: {written(success)}'
    if success is None:
        return f', not {written(failure)}' if failure else ''
    if failure is None:
        return f', wanted was {written(success)}'
    return f', neither {written(failure)} (failure) nor {written(success)} (success)'
