"""Analyses that need no definition: built-in ones, and those that conditions stand for.

Argo's manifests often name a template, `success-rate`, that stands somewhere else. The names here
are measured by the router of the deployment itself; with an argument `prometheus-address` by the
query that Argo's documentation has for Istio.
"""

from collections.abc import Callable, Mapping
from typing import Final

from liftlock.language.settings import words
from liftlock.language.settings.model import Analysis, Condition

INTERVAL: Final = 10.0
COUNT: Final = 12
NO_LIMIT: Final = -1

_BASE: Final = Analysis(interval=INTERVAL, measurements=COUNT)
_ISTIO: Final = 'reporter="source",destination_service=~"{service}"'


def of_condition(condition: Condition) -> Analysis:
    """The analysis that `rollback: {on: …}` means by a condition: for as long as it is watched, and
    what cannot be measured for a while takes nothing back. The lone word `unhealthy` is about the
    number of instances that are."""
    if not condition.operator:
        condition = condition._replace(operator='>', value=0.0)
    return Analysis(
        metric=condition.metric,
        failure=condition,
        interval=INTERVAL,
        inconclusive_limit=NO_LIMIT,
        consecutive_error_limit=NO_LIMIT,
    )


def find(name: str, args: Mapping[str, str] | None = None) -> Analysis | None:
    """A built-in one, with the arguments that an Argo manifest gives to it; None if there is none
    of that name. Raises ValueError for an argument that cannot be read; unknown ones mean nothing
    here (`service-name`: the router knows which version it counts)."""
    make = _MAKERS.get(name)
    return make(args or {}) if make else None


def _success_rate(args: Mapping[str, str]) -> Analysis:
    least = _number(args, 'minimum-success-rate', 0.95)
    fails = _number(args, 'failure-threshold', None)
    query = f'{_rate(args, "!~")} / {_rate(args, "")}'
    return _measured(args, 'success_rate', query)._replace(
        success=None if least is None else Condition('', '>=', least * 100.0, '%'),
        failure=None if fails is None else Condition('', '<', fails * 100.0, '%'),
    )


def _error_rate(args: Mapping[str, str]) -> Analysis:
    most = _number(args, 'maximum-error-rate', 0.05) or 0.0
    query = f'({_rate(args, "=~")} or vector(0)) / {_rate(args, "")}'
    failure = Condition('', '>', most * 100.0, '%')
    return _measured(args, 'error_rate', query)._replace(failure=failure)


def _latency(args: Mapping[str, str]) -> Analysis:
    text = args.get('maximum-latency', '1s')
    seconds = words.duration(text)
    if seconds is None:
        raise ValueError(f'maximum-latency: "{text}" is no duration like 500ms')
    percentile = _number(args, 'percentile', 95.0) or 95.0
    buckets = f'istio_request_duration_milliseconds_bucket{{{_service(args)}}}[1m]'
    query = f'histogram_quantile({percentile / 100:g}, sum(rate({buckets})) by (le)) / 1000'
    failure = Condition('', '>', seconds * 1000.0, 'ms')
    return _measured(args, f'p{percentile:g}', query)._replace(failure=failure)


def _measured(args: Mapping[str, str], metric: str, query: str) -> Analysis:
    address = args.get('prometheus-address', '')
    if address:
        return _BASE._replace(prometheus=query, address=address)
    return _BASE._replace(metric=metric)


def _rate(args: Mapping[str, str], of_errors: str) -> str:
    """Requests a second; with an operator only those whose code is (=~) or is not (!~) an error."""
    code = f',response_code{of_errors}"5.*"' if of_errors else ''
    return f'sum(rate(istio_requests_total{{{_service(args)}{code}}}[1m]))'


def _service(args: Mapping[str, str]) -> str:
    return _ISTIO.format(service=args.get('service-name', '.+'))


def _number(args: Mapping[str, str], name: str, otherwise: float | None) -> float | None:
    text = args.get(name)
    if text is None:
        return otherwise
    try:
        return float(text)
    except ValueError:
        raise ValueError(f'{name}: "{text}" is no number') from None


_MAKERS: Final[Mapping[str, Callable[[Mapping[str, str]], Analysis]]] = {
    'success-rate': _success_rate,
    'error-rate': _error_rate,
    'latency': _latency,
}
TEMPLATES: Final[Mapping[str, Analysis]] = {name: make({}) for name, make in _MAKERS.items()}
