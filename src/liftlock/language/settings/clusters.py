"""What `target: kubernetes` says that contradicts, or cannot be carried out."""

from collections.abc import Iterator

from liftlock.language.rule import Rule
from liftlock.language.settings.model import BlueGreen, Canary, Environment, Kubernetes
from liftlock.language.settings.rules import CONFLICT
from liftlock.language.source import Span

Finding = tuple[Rule, Span, str, str]


def check(environment: Environment) -> Iterator[Finding]:
    target = environment.target
    if not isinstance(target, Kubernetes):
        return
    for message, hint in (*_applied(target), *_routed(target, environment)):
        yield CONFLICT, environment.span, message, hint


def _applied(target: Kubernetes) -> Iterator[tuple[str, str]]:
    sources = [name for name in ('manifests', 'kustomize', 'helm') if getattr(target, name)]
    if len(sources) > 1:
        yield f'{" and ".join(sources)} cannot both say what is applied', 'keep one of them'
    if not (sources or target.deployment or target.rollout):
        hint = 'add deployment, rollout, manifests, kustomize or helm'
        yield 'nothing says what is deployed', hint


def _routed(target: Kubernetes, environment: Environment) -> Iterator[tuple[str, str]]:
    strategy = environment.strategy
    if not isinstance(strategy, BlueGreen | Canary):
        return
    word = 'blueGreen' if isinstance(strategy, BlueGreen) else 'canary'
    routers = [name for name in ('virtual_service', 'http_route') if getattr(target, name)]
    if target.rollout:
        yield f'{word} is not possible: Argo takes the Rollout its own way', 'leave strategy out'
        return
    if target.helm:
        yield f'{word} is not possible: a chart is updated in place', 'take strategy: rolling'
    elif not (routers or target.service):
        hint = 'add service, virtual_service or http_route; or take strategy: rolling'
        yield f'{word} has nothing to switch traffic with', hint
    if len(routers) > 1:
        yield f'{" and ".join(routers)} cannot both send traffic', 'keep one of them'
    if target.virtual_service and not (target.service or target.destination_rule):
        hint = 'add service (its host) or destination_rule (its subsets)'
        yield 'nothing says where the VirtualService leads', hint
    if target.http_route and not target.service:
        yield 'nothing says where the HTTPRoute leads', 'add service (its backend)'
    if target.instances is None:
        hint = 'add instances; replicas of the manifests do not count, as both versions run at once'
        yield f'{word} will run one instance', hint
