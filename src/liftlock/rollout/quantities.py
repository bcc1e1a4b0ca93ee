"""What the names of the router's metrics mean, and how limits and values are written.

Values are in base units everywhere: shares from 0 to 1, seconds, bytes. So `> 5%` and `> 0.05` are
the same, and so are `> 500ms` and `> 0.5s`. What is said without a unit is taken as people say it:
an error rate above 1 is in percent, a latency of the router in milliseconds.
"""

from liftlock.language.records import NamedTuple
from liftlock.language.settings.metrics import COUNTS, RATES, percentile
from liftlock.language.settings.model import Analysis, Condition
from liftlock.language.settings.words import SECONDS, SIZES


class Quantity(NamedTuple):
    """`kind` is error_rate, success_rate, latency, requests or unhealthy; '' for a number of which
    nothing is known. `percentile` is a latency's: 99 for p99."""

    kind: str = ''
    percentile: float = 0.0

    @property
    def counted(self) -> bool:
        """Whether it is judged by counts: errors of requests, or slow ones of all."""
        return self.kind in RATES or self.kind == 'latency'

    @property
    def windowed(self) -> bool:
        """Whether it is of the time since the last measurement."""
        return self.counted or self.kind == 'requests'

    @property
    def rising(self) -> bool:
        """Whether more of it is worse."""
        return self.kind != 'success_rate'


def read(metric: str) -> Quantity | None:
    """What a name of a metric means: p99, p99_latency, latency_p99 and p99(response_time) are one.
    None for a name that means nothing."""
    name = metric.strip().lower()
    if name in (*RATES, *COUNTS, 'unhealthy'):
        return Quantity(name)
    found = percentile(name)
    return Quantity('latency', found) if found else None


def of(analysis: Analysis) -> Quantity:
    """What an analysis measures; a number of unknown kind unless it is a metric of the router."""
    return (read(analysis.metric) if analysis.metric else None) or Quantity()


def limit(condition: Condition, quantity: Quantity) -> float:
    """A condition's number in base units. Raises ValueError for a unit that cannot be meant."""
    value, unit = condition.value, condition.unit
    if not unit:
        return _bare(value, quantity)
    if quantity.kind in (*RATES, 'unhealthy') and unit != '%':
        raise ValueError(f'{quantity.kind} is a share, not {value:g}{unit}')
    if quantity.kind == 'latency' and unit not in SECONDS:
        raise ValueError(f'a latency is a time, not {value:g}{unit}')
    if unit == '%':
        return value / 100.0
    return value * (SECONDS[unit] if unit in SECONDS else SIZES[unit.rstrip('B').rstrip('i')])


def _bare(value: float, quantity: Quantity) -> float:
    if quantity.kind == 'latency':
        return value / 1000.0
    return value / 100.0 if quantity.kind in RATES and value > 1.0 else value


def latency_limit(analysis: Analysis) -> float | None:
    """Seconds that a request may take: what the router should have a bucket for. None where the
    analysis measures something else."""
    condition = analysis.failure or analysis.success
    quantity = of(analysis)
    if condition is None or quantity.kind != 'latency':
        return None
    try:
        return limit(condition, quantity)
    except ValueError:
        return None


# --- for people


def shown(value: float, quantity: Quantity, unit: str = '') -> str:
    """A value as people say it: 6.2 %, 148 ms, 17."""
    if quantity.kind in RATES or unit == '%':
        return percentage(value)
    if quantity.kind == 'latency' or unit in SECONDS:
        return milliseconds(value)
    if quantity.kind == 'unhealthy':
        return f'{value:g} unhealthy instance{"" if value == 1 else "s"}'
    return f'{value:g}'


def percentage(share: float) -> str:
    return f'{share * 100:.3g} %'


def milliseconds(seconds: float) -> str:
    return f'{seconds * 1000:.3g} ms' if seconds < 1.0 else f'{seconds:.3g} s'


def written(condition: Condition) -> str:
    return f'{condition.operator} {condition.value:g}{condition.unit}'
