"""Names of metrics that the router has, and of analyses that need no definition.

What they mean stands in `liftlock.rollout`; here they are only known, so that a misspelt one is
found before a deployment.
"""

import re
from typing import Final

RATES: Final = ('error_rate', 'success_rate')
COUNTS: Final = ('requests',)
LATENCY: Final = re.compile(
    r'p(\d{1,2}(?:\.\d+)?)(?:_?(?:latency|response_time)|\((?:latency|response_time)\))?'
    r'|(?:latency|response_time)_?p(\d{1,2}(?:\.\d+)?)'
)
BUILT_IN: Final = ('success-rate', 'error-rate', 'latency')


def percentile(metric: str) -> float | None:
    """99 for p99, p99_latency, latency_p99, p99(response_time); None for what is no latency."""
    found = LATENCY.fullmatch(metric.strip().lower())
    value = float(found[1] or found[2]) if found else 0.0
    return value or None


def is_known(metric: str) -> bool:
    return metric.strip().lower() in (*RATES, *COUNTS) or percentile(metric) is not None
