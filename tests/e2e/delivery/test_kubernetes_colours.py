"""Revisions side by side on Kubernetes, and traffic between them, by kubectl."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from e2e.delivery.clusters import DEPLOYMENT, IMAGE, OTHER, SERVICE, Stage, cluster, revision
from fakekube.server import Cluster
from liftlock.language.settings.model import BlueGreen, Canary, Kubernetes
from liftlock.rollout.sight import Capabilities, HeaderRoute, Match, Mirror, Routes
from liftlock.rollout.trouble import Trouble

PREVIEW = SERVICE.replace('name: shop}', 'name: shop-preview}')
VIRTUAL_SERVICE = """
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop.example.com]
  http:
    - name: api
      match: [{uri: {prefix: /api}}]
      timeout: 5s
      route: [{destination: {host: shop, port: {number: 80}}}]
    - match: [{uri: {prefix: /static}}]
      route: [{destination: {host: assets}}]
    - route:
        - {destination: {host: shop.default.svc.cluster.local}, weight: 100}
"""
DESTINATION_RULE = """
apiVersion: networking.istio.io/v1beta1
kind: DestinationRule
metadata: {name: shop}
spec:
  host: shop
  trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST}}
  subsets: [{name: stable, labels: {version: stable}}, {name: canary, labels: {version: canary}}]
"""
SUBSETS = """
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
    - route:
        - {destination: {host: shop, subset: stable}, weight: 95}
        - {destination: {host: shop, subset: canary}, weight: 5}
"""
HTTP_ROUTE = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: public}]
  hostnames: [shop.example.com]
  rules:
    - matches: [{path: {type: PathPrefix, value: /static}}]
      backendRefs: [{name: assets, port: 80}]
    - backendRefs: [{name: shop, port: 80}]
"""
ASSETS = SERVICE.replace('shop', 'assets')
ALL = Routes((('r1', 100),))


@pytest.fixture
def kube(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    with cluster(tmp_path, monkeypatch) as made:
        yield made


def put(kube: Cluster, *texts: str) -> None:
    for text in texts:
        kube.store.put(yaml.safe_load(text))


def behind(kube: Cluster, service: str = 'shop') -> 'Counter[str]':
    """How many ready pods of which revision the Service leads to."""
    found = kube.store.get('EndpointSlice', f'{service}-slice')
    assert found is not None
    pods = [kube.store.get('Pod', one['targetRef']['name']) for one in found['endpoints']]
    return Counter(
        pod['metadata']['labels'].get('liftlock.dev/revision', 'none') for pod in pods if pod
    )


def leads(kube: Cluster, wanted: dict[str, int], service: str = 'shop') -> None:
    kube.store.wait(lambda: behind(kube, service) == wanted)


def spec(kube: Cluster, kind: str) -> Any:
    found = kube.store.get(kind, 'shop')
    assert found is not None
    return found['spec']


async def start(stage: Stage, number: int, count: int = 2, image: str = IMAGE) -> None:
    made = revision(number, image)
    await stage.target.prepare(made)
    await stage.target.scale(made, count)
    await ready(stage, f'r{number}', count)


async def ready(stage: Stage, name: str, count: int) -> None:
    for _ in range(200):
        seen = await stage.target.look()
        found = [one for one in seen.instances if one.revision == name and one.alive]
        if len(found) == count and all(one.ready for one in found):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(seen)


# --- a Service


def test_blue_green_switches_the_selector_and_back(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        put(kube, SERVICE, PREVIEW)
        settings = Kubernetes(
            manifests=('k8s.yaml',), service='shop', preview_service='shop-preview'
        )
        stage = Stage(tmp_path, settings, BlueGreen(), {'k8s.yaml': DEPLOYMENT})
        assert stage.target.capabilities == Capabilities(preview=True)
        assert (await stage.target.look()).routes == Routes()
        await start(stage, 1)
        await stage.target.route(ALL)
        assert (await stage.target.look()).routes == ALL
        leads(kube, {'r1': 2})
        await start(stage, 2, image=OTHER)
        leads(kube, {'r1': 2})
        beside = Routes((('r1', 100),), preview='r2')
        await stage.target.route(beside)
        leads(kube, {'r1': 2})
        leads(kube, {'r2': 2}, 'shop-preview')
        after = Routes((('r2', 100), ('r1', 0)), preview='r2', fallback='r1')
        await stage.target.route(after)
        assert (await stage.target.look()).routes == after
        leads(kube, {'r2': 2})
        await stage.target.route(ALL)
        leads(kube, {'r1': 2})
        leads(kube, {'r1': 2}, 'shop-preview')
        await stage.target.scale(revision(2, OTHER), 0)
        await ready(stage, 'r2', 0)
        assert [one['metadata']['name'] for one in kube.store.all('Deployment')] == ['shop-r1']

    asyncio.run(scene())


def test_a_first_version_that_is_withdrawn_leaves_the_selector_as_it_was(
    kube: Cluster, tmp_path: Path
) -> None:
    async def scene() -> None:
        put(kube, SERVICE, DEPLOYMENT)
        stage = Stage(
            tmp_path,
            Kubernetes(deployment='shop', container='app', service='shop'),
            BlueGreen(),
        )
        await start(stage, 1)
        await stage.target.route(ALL)
        leads(kube, {'r1': 2})
        await stage.target.route(Routes())
        await stage.target.scale(revision(1), 0)
        assert spec(kube, 'Service')['selector'] == {'app': 'shop'}
        leads(kube, {'none': 2})
        assert (await stage.target.look()).routes == Routes()

    asyncio.run(scene())


def test_a_canary_without_a_router_shares_the_service_and_nobody_else_does(
    kube: Cluster, tmp_path: Path
) -> None:
    async def scene() -> None:
        put(kube, SERVICE)
        settings = Kubernetes(manifests=('k8s.yaml',), service='shop')
        stage = Stage(tmp_path, settings, Canary(), {'k8s.yaml': DEPLOYMENT})
        assert not stage.target.capabilities.weights
        await start(stage, 1, 1)
        await start(stage, 2, 3)
        await stage.target.route(Routes((('r2', 100), ('r1', 0)), fallback='r1'))
        await start(stage, 3, 1)
        leads(kube, {'r2': 3})
        shared = Routes((('r2', 75), ('r3', 25)), fallback='r2')
        await stage.target.route(shared)
        assert (await stage.target.look()).routes == shared
        leads(kube, {'r2': 3, 'r3': 1})
        await stage.target.scale(revision(3), 2)
        await ready(stage, 'r3', 2)
        assert (await stage.target.look()).routes == Routes(), 'a pod of it gets no traffic yet'
        await stage.target.route(shared)
        leads(kube, {'r2': 3, 'r3': 2})
        await stage.target.route(Routes((('r2', 100),)))
        leads(kube, {'r2': 3})

    asyncio.run(scene())


def test_whoever_changes_the_selector_by_hand_is_noticed(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        put(kube, SERVICE)
        settings = Kubernetes(manifests=('k8s.yaml',), service='shop')
        stage = Stage(tmp_path, settings, BlueGreen(), {'k8s.yaml': DEPLOYMENT})
        await start(stage, 1)
        await stage.target.route(ALL)
        changed = kube.store.get('Service', 'shop')
        assert changed is not None
        changed['spec']['selector']['liftlock.dev/revision'] = 'r9'
        kube.store.put(changed)
        assert (await stage.target.look()).routes == Routes()
        await stage.target.route(ALL)
        assert (await stage.target.look()).routes == ALL

    asyncio.run(scene())


def test_what_else_the_manifests_hold_is_applied_but_the_routers_objects_are_left(
    kube: Cluster, tmp_path: Path
) -> None:
    async def scene() -> None:
        config = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\ndata: {a: "%s"}\n'
        files = {'a.yaml': DEPLOYMENT, 'b.yaml': SERVICE, 'c.yaml': config % 'one'}
        settings = Kubernetes(manifests=('.',), service='shop')
        stage = Stage(tmp_path, settings, BlueGreen(), files)
        said = await stage.target.prepare(revision(1))
        assert said == 'Deployment/shop-r1, with Service/shop, ConfigMap/shop'
        assert kube.store.get('Service', 'shop') is None
        await start(stage, 1)
        await stage.target.route(ALL)
        files['c.yaml'] = config % 'two'
        await start(stage, 2)
        leads(kube, {'r1': 2})
        assert kube.store.get('ConfigMap', 'shop')['data'] == {'a': 'two'}  # type: ignore[index]
        assert await stage.target.diff(revision(2)) == ''

    asyncio.run(scene())


def test_scaling_replaces_nobody_and_applies_nothing_twice(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        put(kube, SERVICE)
        settings = Kubernetes(manifests=('k8s.yaml',), service='shop')
        stage = Stage(tmp_path, settings, BlueGreen(), {'k8s.yaml': DEPLOYMENT})
        await start(stage, 1)
        await stage.target.route(ALL)
        before, writes = await stage.target.look(), kube.writes
        await stage.target.scale(revision(1), 2)
        await stage.target.route(ALL)
        assert (await stage.target.look()).instances == before.instances
        assert kube.writes == writes
        other = Stage(tmp_path, settings, BlueGreen(), {})
        assert (await other.target.look()).routes == ALL
        await other.target.scale(revision(1), 3)
        await ready(other, 'r1', 3)

    asyncio.run(scene())


def test_an_image_that_cannot_be_pulled_is_told(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        put(kube, SERVICE)
        kube.behaviour.broken[OTHER] = 'ErrImagePull'
        settings = Kubernetes(manifests=('k8s.yaml',), service='shop')
        stage = Stage(tmp_path, settings, BlueGreen(), {'k8s.yaml': DEPLOYMENT})
        await stage.target.scale(revision(1, OTHER), 1)
        for _ in range(100):
            seen = await stage.target.look()
            if seen.instances and seen.instances[0].message:
                break
            await asyncio.sleep(0.05)
        one = seen.instances[0]
        assert (one.alive, one.ready) == (True, False)
        assert one.message == f'ErrImagePull: Back-off pulling image "{OTHER}"'

    asyncio.run(scene())


# --- Istio


def test_weights_headers_and_a_mirror_in_a_virtual_service(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        put(kube, SERVICE, VIRTUAL_SERVICE)
        settings = Kubernetes(manifests=('k8s.yaml',), service='shop', virtual_service='shop')
        stage = Stage(tmp_path, settings, Canary(), {'k8s.yaml': DEPLOYMENT})
        assert stage.target.capabilities == Capabilities(weights=True, headers=True, mirrors=True)
        before = spec(kube, 'VirtualService')['http']
        await start(stage, 1)
        await start(stage, 2, image=OTHER)
        leads(kube, {'r1': 2}, 'shop-r1')
        leads(kube, {'r2': 2}, 'shop-r2')
        header = HeaderRoute('testers', (Match('X-Canary', 'yes'),), 'r2')
        mirror = Mirror('shadow', 20, 'r2')
        routes = Routes((('r1', 90), ('r2', 10)), '', (header,), (mirror,), 'r1')
        await stage.target.route(routes)
        assert (await stage.target.look()).routes == routes
        http = spec(kube, 'VirtualService')['http']
        assert http == EXPECTED
        await stage.target.route(Routes((('r2', 100), ('r1', 0)), fallback='r1'))
        destinations = [one['route'] for one in spec(kube, 'VirtualService')['http']]
        assert destinations == [
            [{'destination': {'host': 'shop-r2', 'port': {'number': 80}}, 'weight': 100}],
            [{'destination': {'host': 'assets'}}],
            [{'destination': {'host': 'shop-r2'}, 'weight': 100}],
        ]
        await stage.target.scale(revision(1), 0)
        assert kube.store.get('Service', 'shop-r1') is None
        await stage.target.route(Routes())
        assert spec(kube, 'VirtualService')['http'] == before

    asyncio.run(scene())


SHARES = [
    {'destination': {'host': 'shop-r1'}, 'weight': 90},
    {'destination': {'host': 'shop-r2'}, 'weight': 10},
]
EXPECTED = [
    {
        'name': 'liftlock-testers',
        'match': [{'uri': {'prefix': '/api'}, 'headers': {'x-canary': {'exact': 'yes'}}}],
        'timeout': '5s',
        'route': [{'destination': {'host': 'shop-r2', 'port': {'number': 80}}, 'weight': 100}],
    },
    {
        'name': 'liftlock-testers',
        'match': [{'headers': {'x-canary': {'exact': 'yes'}}}],
        'route': [{'destination': {'host': 'shop-r2'}, 'weight': 100}],
    },
    {
        'name': 'api',
        'match': [{'uri': {'prefix': '/api'}}],
        'timeout': '5s',
        'route': [
            {'destination': {'host': 'shop-r1', 'port': {'number': 80}}, 'weight': 90},
            {'destination': {'host': 'shop-r2', 'port': {'number': 80}}, 'weight': 10},
        ],
        'mirror': {'host': 'shop-r2', 'port': {'number': 80}},
        'mirrorPercentage': {'value': 20.0},
    },
    {
        'match': [{'uri': {'prefix': '/static'}}],
        'route': [{'destination': {'host': 'assets'}}],
    },
    {
        'route': SHARES,
        'mirror': {'host': 'shop-r2'},
        'mirrorPercentage': {'value': 20.0},
    },
]


def test_revisions_are_subsets_where_there_is_a_destination_rule(
    kube: Cluster, tmp_path: Path
) -> None:
    async def scene() -> None:
        put(kube, SERVICE, SUBSETS, DESTINATION_RULE)
        settings = Kubernetes(
            manifests=('k8s.yaml',), virtual_service='shop', destination_rule='shop'
        )
        stage = Stage(tmp_path, settings, Canary(), {'k8s.yaml': DEPLOYMENT})
        await start(stage, 1)
        await start(stage, 2)
        routes = Routes((('r1', 95), ('r2', 5)))
        await stage.target.route(routes)
        assert (await stage.target.look()).routes == routes
        assert spec(kube, 'VirtualService')['http'] == [
            {
                'route': [
                    {'destination': {'host': 'shop', 'subset': 'r1'}, 'weight': 95},
                    {'destination': {'host': 'shop', 'subset': 'r2'}, 'weight': 5},
                ]
            }
        ]
        subsets = {one['name']: one['labels'] for one in spec(kube, 'DestinationRule')['subsets']}
        assert subsets == {
            'stable': {'version': 'stable'},
            'canary': {'version': 'canary'},
            'r1': {'liftlock.dev/revision': 'r1'},
            'r2': {'liftlock.dev/revision': 'r2'},
        }
        assert spec(kube, 'DestinationRule')['trafficPolicy']
        await stage.target.route(ALL)
        await stage.target.scale(revision(2), 0)
        names = [one['name'] for one in spec(kube, 'DestinationRule')['subsets']]
        assert names == ['stable', 'canary', 'r1']

    asyncio.run(scene())


def test_weights_that_somebody_else_wrote_are_not_confirmed(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        put(kube, SERVICE, VIRTUAL_SERVICE)
        settings = Kubernetes(manifests=('k8s.yaml',), service='shop', virtual_service='shop')
        stage = Stage(tmp_path, settings, Canary(), {'k8s.yaml': DEPLOYMENT})
        await start(stage, 1)
        await start(stage, 2)
        routes = Routes((('r1', 90), ('r2', 10)))
        await stage.target.route(routes)
        theirs = kube.store.get('VirtualService', 'shop')
        assert theirs is not None
        theirs['spec']['http'][0]['route'][0]['weight'] = 50
        theirs['spec']['http'][0]['route'][1]['weight'] = 50
        kube.store.put(theirs)
        assert (await stage.target.look()).routes == Routes()
        await stage.target.route(routes)
        assert (await stage.target.look()).routes == routes

    asyncio.run(scene())


# --- Gateway API


def test_weights_and_headers_in_an_http_route(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        put(kube, SERVICE, ASSETS, HTTP_ROUTE)
        settings = Kubernetes(manifests=('k8s.yaml',), service='shop', http_route='shop')
        stage = Stage(tmp_path, settings, Canary(), {'k8s.yaml': DEPLOYMENT})
        before = spec(kube, 'HTTPRoute')['rules']
        await start(stage, 1)
        await start(stage, 2)
        header = HeaderRoute('testers', (Match('x-canary', 'v2.', 'prefix'),), 'r2')
        routes = Routes((('r1', 90), ('r2', 10)), headers=(header,))
        await stage.target.route(routes)
        assert (await stage.target.look()).routes == routes
        rules = spec(kube, 'HTTPRoute')['rules']
        assert [
            [(one['name'], one['weight']) for one in rule['backendRefs']] for rule in rules
        ] == [
            [('shop-r2', 1)],
            [('assets', 1)],
            [('shop-r1', 90), ('shop-r2', 10)],
        ]
        assert rules[0]['matches'] == [
            {
                'path': {'type': 'PathPrefix', 'value': '/'},
                'headers': [{'type': 'RegularExpression', 'name': 'x-canary', 'value': '^v2\\..*'}],
            }
        ]
        await stage.target.route(Routes((('r2', 100), ('r1', 0))))
        rules = spec(kube, 'HTTPRoute')['rules']
        assert [one['name'] for rule in rules for one in rule['backendRefs']] == [
            'assets', 'shop-r2',
        ]  # fmt: skip
        await stage.target.route(Routes())
        assert spec(kube, 'HTTPRoute')['rules'] == before

    asyncio.run(scene())


def test_an_http_route_that_no_gateway_has_taken_in_is_not_confirmed(
    kube: Cluster, tmp_path: Path
) -> None:
    async def scene() -> None:
        put(kube, SERVICE, ASSETS, HTTP_ROUTE)
        settings = Kubernetes(manifests=('k8s.yaml',), service='shop', http_route='shop')
        stage = Stage(tmp_path, settings, Canary(), {'k8s.yaml': DEPLOYMENT})
        await start(stage, 1)
        await stage.target.route(ALL)
        from fakekube.resources import BY_KIND

        services = BY_KIND['Service']
        kube.store.delete(services, (services.full, 'default', 'shop-r1'))
        for _ in range(100):
            seen = await stage.target.look()
            if seen.routes is None:
                break
            await asyncio.sleep(0.05)
        assert seen.routes is None
        assert seen.message == 'BackendNotFound: Service not found: shop-r1'

    asyncio.run(scene())


# --- what cannot be


def test_colours_without_anything_to_switch_are_refused(kube: Cluster, tmp_path: Path) -> None:
    with pytest.raises(Trouble, match='nothing can send traffic') as caught:
        Stage(tmp_path, Kubernetes(deployment='shop'), BlueGreen())
    assert 'add service:' in caught.value.hint


def test_a_service_that_is_not_there_is_told(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        put(kube, DEPLOYMENT)
        settings = Kubernetes(deployment='shop', container='app', service='shop')
        stage = Stage(tmp_path, settings, BlueGreen())
        assert (await stage.target.look()).message == 'not there: service/shop'
        with pytest.raises(Trouble, match='Service/shop is not there'):
            await stage.target.route(ALL)

    asyncio.run(scene())
