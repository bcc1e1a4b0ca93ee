"""Istio's VirtualService as the steps of a canary, as it would be walked to where it stands."""

from collections.abc import Sequence
from typing import Final

from liftlock.language.manifests.draft import Tree, without_nothing
from liftlock.language.manifests.objects import Object, of_kind
from liftlock.language.manifests.part import ASSUMED, MISTAKE, UNSUPPORTED, Part
from liftlock.language.records import NamedTuple

NEW: Final = ('canary', 'preview', 'green', 'new', 'next', 'v2')
KEPT: Final = (
    'name', 'timeout', 'retries', 'fault', 'rewrite', 'redirect', 'corsPolicy', 'headers', 'mirror',
    'mirrorPercentage', 'delegate', 'directResponse', 'match', 'route', 'mirrors',
)  # fmt: skip


class Destination(NamedTuple):
    host: str
    subset: str
    weight: int

    @property
    def name(self) -> str:
        return self.subset or self.host


def read(one: Object, others: Sequence[Object]) -> Tree:
    spec = one.spec()
    routes = spec.parts('http')
    pairs = [found for found in map(_destinations, routes) if len(found) == 2]
    if not pairs:
        message = f'VirtualService {one.name} sends nothing to two versions of one service'
        spec.tell('http', UNSUPPORTED, message)
        return {}
    stable, canary = _sides(pairs[0], spec)
    steps = [step for route in routes for step in _headers(route, canary)]
    steps += [step for route in routes if (step := _mirror(route, canary))]
    steps.append({'setWeight': canary.weight})
    steps.append({'pause': {}})
    message = 'the weights stand as they are: a pause until somebody promotes comes after them'
    spec.tell('http', ASSUMED, message)
    for route in routes:
        route.pass_over(*KEPT)
        route.finish()
    spec.pass_over('hosts', 'gateways', 'exportTo')
    spec.unsupported(('tls', 'tcp'), 'only HTTP routes get weights')
    spec.finish(('http',))
    return {
        'target': {'kubernetes': _target(one, stable, canary, spec, others)},
        'strategy': {'canary': {'steps': steps}},
    }


def _destinations(route: Part) -> list[Destination]:
    found = []
    for one in route.parts('route'):
        destination = one.part('destination')
        weight = one.whole('weight')
        found.append(
            Destination(
                destination.text('host'),
                destination.text('subset'),
                100 if weight is None else weight,
            )
        )
    return found


def _sides(pair: list[Destination], spec: Part) -> tuple[Destination, Destination]:
    """The stable version and the new one: by their names, else the new one has less."""
    first, second = pair
    if first.weight + second.weight != 100:
        total = first.weight + second.weight
        spec.tell('http', MISTAKE, f'the weights add up to {total}, not 100')
    named = [one for one in pair if any(word in one.name.lower() for word in NEW)]
    if len(named) == 1:
        new = named[0]
    else:
        new = min(pair, key=lambda one: one.weight)
        spec.tell(
            'http', ASSUMED, f'{new.name} is taken to be the new version: it has less traffic'
        )
    return (second if new == first else first), new


def _headers(route: Part, canary: Destination) -> list[Tree]:
    """A route by headers that leads to the new version only; one step for each alternative."""
    matches = [one for one in route.parts('match') if 'headers' in one]
    found = _destinations(route)
    if not matches:
        return []
    if len(found) != 1 or found[0].name != canary.name:
        message = 'a route by headers that does not lead to the new version stays as it is'
        route.tell('match', UNSUPPORTED, message)
        return []
    if any(set(one.keys()) - {'headers', 'name'} for one in matches):
        route.tell('match', UNSUPPORTED, 'what else than headers is matched is left out')
    message = 'this route is written by Liftlock from now on'
    route.tell('match', ASSUMED, message, 'take it out of the manifest')
    return [
        {'setHeaderRoute': {'name': _name(route, one, matches), 'match': _conditions(one)}}
        for one in matches
    ]


def _name(route: Part, one: Part, matches: list[Part]) -> str:
    first = next(iter(one.part('headers').keys()))
    name = route.text('name') or f'header-{first}'
    return name if len(matches) == 1 else f'{name}-{matches.index(one) + 1}'


def _conditions(one: Part) -> list[Tree]:
    headers = one.part('headers')
    return [
        {
            'headerName': header,
            'headerValue': {
                kind: headers.part(header).text(kind)
                for kind in ('exact', 'prefix', 'regex')
                if kind in headers.part(header)
            },
        }
        for header in headers.keys()  # noqa: SIM118 - no mapping
    ]


def _mirror(route: Part, canary: Destination) -> Tree | None:
    mirror = route.part('mirror')
    if 'host' not in mirror:
        return None
    name = mirror.text('subset') or mirror.text('host')
    if name != canary.name:
        route.tell('mirror', UNSUPPORTED, 'a mirror to something else than the new version')
        return None
    share = route.part('mirrorPercentage').text('value')
    percentage = round(float(share)) if share.replace('.', '', 1).isdecimal() else 100
    return {'setMirrorRoute': {'name': 'mirror', 'percentage': percentage}}


def _target(
    one: Object,
    stable: Destination,
    canary: Destination,
    spec: Part,
    others: Sequence[Object],
) -> Tree:
    host = stable.host.partition('.')[0]
    target: Tree = {
        'namespace': one.part.part('metadata').text('namespace') or None,
        'deployment': host,
        'virtual_service': one.name,
        'instances': 1,
    }
    message = f'nothing says which Deployment is behind {host}, or how many: {host}, 1 instance'
    spec.tell('http', ASSUMED, message, 'correct deployment: and instances:')
    if stable.subset or canary.subset:
        rules = [
            each.name
            for each in of_kind(others, 'DestinationRule')
            if each.spec().text('host').partition('.')[0] == host
        ]
        if not rules:
            message = f'no DestinationRule for {host} is among the files: {host} is taken'
            spec.tell('http', ASSUMED, message)
        target['destination_rule'] = rules[0] if rules else host
    else:
        target['service'] = host
    return without_nothing(target)  # type: ignore[no-any-return]
