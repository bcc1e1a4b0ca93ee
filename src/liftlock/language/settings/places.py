"""What an environment says that the place where it lives cannot carry out."""

from collections.abc import Iterator
from typing import Final

from liftlock.language.rule import Rule
from liftlock.language.settings.model import (
    BlueGreen,
    Canary,
    Command,
    Ecs,
    Environment,
    Hooks,
    Kubernetes,
    Rolling,
)
from liftlock.language.settings.rules import CONFLICT
from liftlock.language.source import NOWHERE, Span

Finding = tuple[Rule, Span, str, str]
WORDS: Final = {BlueGreen: 'blueGreen', Canary: 'canary', Rolling: 'rolling'}
JOBS: Final = 'jobs deploy here by their own commands, as there is no target'


def check(environment: Environment) -> Iterator[Finding]:
    yield from _strategy(environment)
    if environment.target is None and environment.hooks != Hooks():
        message = f'hooks are never run: {JOBS}'
        yield CONFLICT, environment.span, message, 'make them steps of the job, or add target:'
    if environment.target is None or isinstance(environment.target, Ecs | Command | Kubernetes):
        yield from _counts(environment)
    if isinstance(environment.target, Ecs | Command) and not environment.url:
        yield from _addresses(environment)
    if isinstance(environment.target, Command | None) and not environment.health_checks:
        yield from _health(environment)


def _strategy(environment: Environment) -> Iterator[Finding]:
    strategy = environment.strategy
    if not isinstance(strategy, BlueGreen | Canary | Rolling):
        return
    word = WORDS[type(strategy)]
    span = environment.span if strategy.span == NOWHERE else strategy.span
    match environment.target:
        case None:
            hint = 'take strategy out, or add target:'
            yield CONFLICT, span, f'{word} means nothing: {JOBS}', hint
        case Ecs() if not isinstance(strategy, Rolling):
            message = f'{word} is refused: ECS updates a service as a whole'
            yield CONFLICT, span, message, 'take strategy: rolling'
        case Command():
            message = f'{word} is refused: commands of your own update the place as a whole'
            yield CONFLICT, span, message, 'take strategy: direct'


def _counts(environment: Environment) -> Iterator[Finding]:
    """Without a router of ours there is nobody who would have counted."""
    hint = 'ask somebody who counts, in an analysis with prometheus:, url: or command:'
    for condition in environment.rollback.on if environment.rollback else ():
        if condition.operator:
            message = f'{condition.metric} is counted by the router, and there is none here'
            yield CONFLICT, condition.span, message, hint
    for name, analysis in environment.analysis.items():
        if analysis.metric:
            message = f'"{name}" is counted by the router, and there is none here'
            yield CONFLICT, analysis.span, message, hint


def _addresses(environment: Environment) -> Iterator[Finding]:
    for one in environment.health_checks:
        if one.endpoint.startswith('/'):
            message = f'nobody can ask for {one.endpoint}: the environment has no url'
            yield CONFLICT, one.span, message, 'add url:'


def _health(environment: Environment) -> Iterator[Finding]:
    for condition in environment.rollback.on if environment.rollback else ():
        if condition.metric == 'unhealthy':
            message = 'nothing here can be unhealthy: there are no health checks'
            yield CONFLICT, condition.span, message, 'add health_checks to this environment'
