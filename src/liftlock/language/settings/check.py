"""What no table of keys can see: names that stand for nothing, and words that contradict."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from liftlock.language.diagnostics import Diagnostic
from liftlock.language.nearest import suggestion
from liftlock.language.reading.schedules import cron_problem, timezone_problem
from liftlock.language.rule import Rule
from liftlock.language.settings import analyses, clusters, gating, moments, places, syncs
from liftlock.language.settings.metrics import BUILT_IN
from liftlock.language.settings.model import (
    Analyse,
    BlueGreen,
    Canary,
    Environment,
    Freeze,
    HealthCheck,
    Rolling,
    Settings,
    SetWeight,
    Word,
)
from liftlock.language.settings.rules import CHANNEL, CONFLICT, MISSING, NAME, VALUE
from liftlock.language.settings.table import CHANNELS
from liftlock.language.source import Span


def check(settings: Settings) -> Iterator[Diagnostic]:
    for rule, span, message, hint in _all(settings):
        yield Diagnostic(settings.path, span, rule.severity, rule.code, message, hint)


Finding = tuple[Rule, Span, str, str]


def _all(settings: Settings) -> Iterator[Finding]:
    everywhere = {name for each in settings.environments.values() for name in each.analysis}
    for environment in settings.environments.values():
        where = f'environment "{environment.name.text}"'
        own = [*environment.analysis, *BUILT_IN]
        yield from _unknown(_analyses(environment), own, f'analysis of {where}')
        yield from _unknown(
            environment.tests, [*everywhere, *BUILT_IN], 'analysis of any environment'
        )
        yield from _unknown(environment.needs, _others(settings, environment), 'other environment')
        yield from _contradictions(environment)
    if settings.gates is not None:
        yield from gating.check(settings.gates)
    yield from _unknown(settings.deploys.values(), settings.environments, 'environment')
    yield from _channels(settings)


def _others(settings: Settings, environment: Environment) -> Iterator[str]:
    return (name for name in settings.environments if name != environment.name.text)


def _unknown(words: Iterable[Word], known: Iterable[str], noun: str) -> Iterator[Finding]:
    names = list(known)
    for word in words:
        if word.text not in names:
            hint = suggestion(word.text, names, _listed(names))
            yield NAME, word.span, f'"{word.text}" is no {noun}', hint


def _listed(names: Sequence[str]) -> str:
    return f'there are: {", ".join(names)}' if names else ''


def _analyses(environment: Environment) -> Iterator[Word]:
    match environment.strategy:
        case BlueGreen() as blue_green:
            yield from blue_green.pre_promotion_analysis
            yield from blue_green.post_promotion_analysis
        case Canary() as canary:
            yield from canary.analysis
            for step in canary.steps:
                if isinstance(step, Analyse):
                    yield from step.names


def _channels(settings: Settings) -> Iterator[Finding]:
    for alert in settings.alerts:
        strangers = [name for name in alert.notify if name.text not in CHANNELS]
        yield from _unknown(strangers, CHANNELS, 'channel')
        for name in alert.notify:
            if name.text in CHANNELS and name.text not in settings.notify:
                message = f'"{name.text}" is not set up, so this alert tells nobody there'
                yield CHANNEL, name.span, message, f'add it under notify: {name.text}: …'


def _contradictions(environment: Environment) -> Iterator[Finding]:
    yield from _strategy(environment)
    for one in environment.health_checks:
        yield from _health(one)
    yield from analyses.check(environment)
    yield from _freezes(environment.freeze)
    yield from clusters.check(environment)
    yield from syncs.check(environment)
    yield from places.check(environment)


def _strategy(environment: Environment) -> Iterator[Finding]:
    match environment.strategy:
        case BlueGreen(auto_promotion_enabled=False, auto_promotion_seconds=int(), span=span):
            message = 'autoPromotionSeconds promotes nothing while autoPromotionEnabled is false'
            yield CONFLICT, span, message, 'remove one of them'
        case Canary(steps=steps):
            weights = [step for step in steps if isinstance(step, SetWeight)]
            for before, after in pairwise(weights):
                if after.percent <= before.percent:
                    message = f'weight {after.percent} is not more than the {before.percent} before'
                    yield CONFLICT, after.span, message, 'let the weights rise'
        case Rolling(max_unavailable, max_surge, span) if not (
            max_unavailable.value or max_surge.value
        ):
            message = 'nothing may be missing and nothing may be added: no instance can be replaced'
            yield CONFLICT, span, message, 'let maxSurge or maxUnavailable be at least 1'


def _freezes(freezes: Iterable[Freeze]) -> Iterator[Finding]:
    for one in freezes:
        if one.begin and not one.end:
            message = 'this freeze never ends'
            yield CONFLICT, one.span, message, 'add to:'
        if one.schedule and not one.duration:
            message = 'this freeze has no length'
            yield MISSING, one.span, message, 'add duration:'
        if problem := timezone_problem(one.timezone) or _moments(one):
            yield VALUE, one.span, *problem


def _moments(freeze: Freeze) -> tuple[str, str] | None:
    """Message and hint if its times cannot be read."""
    if freeze.schedule:
        return cron_problem(freeze.schedule)
    try:
        begin = moments.read(freeze.begin, freeze.timezone)
        if freeze.end and moments.read(freeze.end, freeze.timezone, end=True) <= begin:
            return 'this freeze ends before it begins', 'let from: be before to:'
    except ValueError as error:
        return str(error), 'write a date as in 2026-12-24, or a time as in 2026-12-24T18:00'
    return None


def _health(check: HealthCheck) -> Iterator[Finding]:
    if check.timeout > check.interval:
        message = 'the next look would begin before this one has timed out'
        yield CONFLICT, check.span, message, 'let timeout be at most interval'
