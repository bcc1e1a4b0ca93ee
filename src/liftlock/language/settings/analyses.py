"""What an environment's analyses say that cannot be meant."""

from collections.abc import Iterator
from typing import Final

from liftlock.language.nearest import suggestion
from liftlock.language.rule import Rule
from liftlock.language.settings.metrics import COUNTS, RATES, is_known, percentile
from liftlock.language.settings.model import (
    Analyse,
    Analysis,
    BlueGreen,
    Canary,
    Condition,
    Environment,
    Word,
)
from liftlock.language.settings.rules import CONFLICT, NAME, VALUE
from liftlock.language.source import Span

METRICS: Final = (*RATES, *COUNTS, 'p50', 'p90', 'p95', 'p99')
TIMES: Final = ('ms', 's', 'm', 'h')


def check(environment: Environment) -> Iterator[tuple[Rule, Span, str, str]]:
    for name, analysis in environment.analysis.items():
        yield from _verdict(name, analysis)
        yield from _metric(analysis.metric, analysis.span)
        for condition in (analysis.failure, analysis.success):
            if condition is not None and analysis.metric:
                yield from _unit(analysis.metric, condition)
    yield from _endless(environment)
    for condition in environment.rollback.on if environment.rollback else ():
        if condition.operator:
            yield from _metric(condition.metric, condition.span)
            yield from _unit(condition.metric, condition)


def blocking(environment: Environment) -> Iterator[Word]:
    """Analyses for whose end a deployment waits."""
    match environment.strategy:
        case BlueGreen() as blue_green:
            yield from blue_green.pre_promotion_analysis
            yield from blue_green.post_promotion_analysis
        case Canary() as canary:
            for step in canary.steps:
                if isinstance(step, Analyse):
                    yield from step.names
    yield from environment.tests


def _verdict(name: str, analysis: Analysis) -> Iterator[tuple[Rule, Span, str, str]]:
    decided = analysis.failure or analysis.success or analysis.baseline
    if not (decided or analysis.command or analysis.url):
        message = f'analysis "{name}" has neither failure nor success, so it decides nothing'
        yield CONFLICT, analysis.span, message, 'say which measurement has failed: failure: …'
    if analysis.measurements > 1 and analysis.interval is None:
        message = f'analysis "{name}" measures {analysis.measurements} times without a pause'
        yield CONFLICT, analysis.span, message, 'add interval:'
    if analysis.baseline and not _has_counts(analysis.metric):
        message = f'analysis "{name}" has nothing that could be compared with the old version'
        hint = 'baseline: needs metric: error_rate, success_rate or a latency'
        yield CONFLICT, analysis.span, message, hint


def _has_counts(metric: str) -> bool:
    return metric in RATES or percentile(metric) is not None


def _metric(metric: str, span: Span) -> Iterator[tuple[Rule, Span, str, str]]:
    if metric and not is_known(metric):
        hint = suggestion(metric, METRICS, f'there are: {", ".join(METRICS)}')
        yield NAME, span, f'"{metric}" is no metric of the router', hint


def _unit(metric: str, condition: Condition) -> Iterator[tuple[Rule, Span, str, str]]:
    """A rate above 1 without `%` would be taken for percent; a wrong unit for nothing."""
    value, unit = condition.value, condition.unit
    if metric in RATES:
        if unit not in ('', '%'):
            yield VALUE, condition.span, f'{metric} is a share, not {value:g}{unit}', 'write 5%'
        elif not unit and value >= 1:
            message = f'{value:g} may be a share or a percentage'
            yield CONFLICT, condition.span, message, f'write {value:g}% or {value * 100:g}%'
    elif percentile(metric) is not None and unit not in ('', *TIMES):
        message = f'a latency is a time, not {value:g}{unit}'
        yield VALUE, condition.span, message, 'write 500ms'


def _endless(environment: Environment) -> Iterator[tuple[Rule, Span, str, str]]:
    for word in blocking(environment):
        analysis = environment.analysis.get(word.text)
        if analysis and analysis.interval is not None and not analysis.measurements:
            message = f'the deployment waits for the end of "{word.text}", which has none'
            yield CONFLICT, word.span, message, 'add count: to that analysis'
