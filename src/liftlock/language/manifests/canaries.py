"""Argo's canary: its steps, and the router that weighs."""

from collections.abc import Sequence
from typing import Final

from liftlock.language.manifests import delays, steps
from liftlock.language.manifests.analyses import Analyses
from liftlock.language.manifests.draft import Tree, without_nothing
from liftlock.language.manifests.objects import Object, of_kind
from liftlock.language.manifests.part import ASSUMED, UNSUPPORTED, Part

ROUTERS: Final = (
    'nginx', 'alb', 'smi', 'traefik', 'apisix', 'ambassador', 'appMesh', 'managedRoutes',
    'maxTrafficWeight',
)  # fmt: skip
GATEWAY: Final = 'argoproj-labs/gatewayAPI'


def read(
    part: Part, analyses: Analyses, others: Sequence[Object], one: Object, spec: Part
) -> tuple[Tree, Tree]:
    found = [tree for each in part.parts('steps') if (tree := steps.read(each, analyses))]
    rolling = {key: _share(part, key) for key in ('maxUnavailable', 'maxSurge')}
    made: Tree = {'steps': found or None}
    if 'analysis' in part:
        made['analysis'] = analyses.use(part.part('analysis')) or None
    made |= delays.read(part)
    target = {} if 'steps' not in part else _target(part, others, one, spec)
    _rest(part)
    if not part.items('steps'):
        hint = 'with Argo, a canary without steps is a rolling update'
        part.tell('steps', ASSUMED, 'there are no steps: strategy rolling', hint)
        if made.get('analysis'):
            part.tell('analysis', UNSUPPORTED, 'a rolling update has no analysis beside it')
        return {'rolling': without_nothing(rolling)}, {}
    for key in rolling:
        if key in part:
            message = f'{key} counts for rolling only'
            part.tell(key, UNSUPPORTED, message, 'instances are exact here')
    return {'canary': without_nothing(made)}, target


def _rest(part: Part) -> None:
    names = (
        'canaryMetadata', 'stableMetadata', 'antiAffinity', 'minPodsPerReplicaSet',
        'dynamicStableScale', 'pingPong',
    )  # fmt: skip
    part.unsupported(names)
    part.pass_over('rollbackWindow', 'trafficRouting', 'stableService', 'canaryService')
    part.finish(('steps', 'analysis', *delays.DELAYS))


def _share(part: Part, key: str) -> int | str | None:
    text = part.text(key)
    return int(text) if text.isdecimal() else text or None


def _target(part: Part, others: Sequence[Object], one: Object, spec: Part) -> Tree:
    stable, canary = part.text('stableService'), part.text('canaryService')
    routing = part.part('trafficRouting')
    target: Tree = {'preview_service': canary or None}
    istio = routing.part('istio')
    plugin = routing.part('plugins').part(GATEWAY)
    if 'istio' in routing:
        target |= _istio(istio, others)
    elif 'httpRoute' in plugin:
        target['http_route'] = plugin.text('httpRoute')
        plugin.pass_over('namespace')
    elif 'plugins' in routing:
        routing.unsupported(('plugins',))
    routing.unsupported(ROUTERS[:-2], 'Liftlock writes Istio VirtualServices and HTTPRoutes')
    routing.pass_over(*ROUTERS[-2:])
    routing.finish(('istio', 'plugins'))
    if not stable and not target.get('destination_rule'):
        stable = _service_of(spec, others, part, one)
    target['service'] = stable or None
    return target


def _istio(istio: Part, others: Sequence[Object]) -> Tree:
    service = istio.part('virtualService')
    if 'virtualServices' in istio:
        istio.tell('virtualServices', UNSUPPORTED, 'one VirtualService gets weights')
        service = (istio.parts('virtualServices') or [service])[0]
    rule = istio.part('destinationRule')
    name = service.text('name')
    if name and not any(each.name == name for each in of_kind(others, 'VirtualService')):
        message = f'VirtualService {name} is not among the files: it must be in the cluster'
        service.tell('name', ASSUMED, message)
    service.pass_over('routes')
    rule.pass_over('canarySubsetName', 'stableSubsetName')
    return {'virtual_service': name or None, 'destination_rule': rule.text('name') or None}


def _service_of(spec: Part, others: Sequence[Object], part: Part, one: Object) -> str:
    """The Service whose selector finds the pods; else one of the Rollout's name."""
    labels = spec.part('template').part('metadata').part('labels')
    have = {key: labels.text(key) for key in labels.keys()}  # noqa: SIM118 - no mapping
    for each in of_kind(others, 'Service'):
        selector = each.spec().part('selector')
        wanted = {key: selector.text(key) for key in selector.keys()}  # noqa: SIM118
        if wanted and wanted.items() <= have.items():
            return each.name
    message = f'nothing says which Service leads to it: {one.name} is taken'
    part.tell('stableService', ASSUMED, message, 'correct service: in target, or give its file')
    return one.name
