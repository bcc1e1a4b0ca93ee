"""The controller walks blue-green and canaries on Kubernetes, and takes back what fails there."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from e2e.delivery.clusters import DEPLOYMENT, SERVICE, cluster
from fakekube.server import Cluster
from liftlock.engine.delivery import requests
from liftlock.engine.delivery.bench import Bench
from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.engine.delivery.controller import Controller
from liftlock.engine.delivery.hooks import Hooks
from liftlock.engine.delivery.ports import Target
from liftlock.engine.delivery.requests import Wish
from liftlock.language.settings import model
from liftlock.observe import probes
from liftlock.observe.measuring import Measuring
from liftlock.rollout import facts as f
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.environment import fold
from liftlock.rollout.version import Version
from liftlock.store import deliveries
from liftlock.store.database import Store, open_store
from liftlock.targets.kubernetes import target as kubernetes

VIRTUAL_SERVICE = """
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: shop}
spec: {hosts: [shop], http: [{route: [{destination: {host: shop}}]}]}
"""


class Stage:
    def __init__(self, root: Path, store: Store, settings: dict[str, Any]) -> None:
        self.root = root
        self.store = store
        self.settings = {'on': 'manual', **settings}
        self.environment = deliveries.environment(store, 'o/shop', 'production')
        self.controller: Controller | None = None

    async def lay(self, version: Version, directory: Path) -> None:
        (directory / 'shop.yaml').write_text(DEPLOYMENT)

    async def target(
        self, place: Any, blueprint: Blueprint, environment: model.Environment, directory: Path
    ) -> Target:
        assert isinstance(environment.target, model.Kubernetes)
        made: Target = kubernetes.make(
            environment.target, environment.strategy, name='shop-production', directory=directory,
            lay=self.lay,
        )  # fmt: skip
        return made

    @asynccontextmanager
    async def controlled(self) -> AsyncIterator[None]:
        bench = Bench(
            self.store, self.target, lambda place: {}, Hooks(self.lay), probes.probe, Measuring(),
            self.root / 'delivery',
        )  # fmt: skip
        token = deliveries.claim(self.store, self.environment.id, 'us', lambda owner: True)
        self.controller = Controller(bench, self.environment._replace(token=token))
        task = asyncio.create_task(self.controller.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def deploy(self, name: str, image: str) -> Deployment:
        document = json.dumps({'environments': {'production': self.settings}})
        blueprint = Blueprint('o/shop', 'production', document)
        version = Version(name, commit=f'{name.encode().hex():0>40}', image=image)
        number = requests.deploy(self.store, blueprint, version, Wish('mona'))[1]
        assert self.controller is not None
        self.controller.wake()
        for _ in range(900):
            one = fold(self.facts()).deployments[number]
            if one.conclusion:
                return one
            await asyncio.sleep(0.1)
        raise AssertionError(self.facts())

    def facts(self) -> Any:
        return deliveries.facts(self.store, self.environment.id)

    def weights(self) -> list[dict[str, int]]:
        """As traffic was confirmed, one after the other."""
        found = [dict(one.fact.routes.weights) for one in self.facts()
                 if isinstance(one.fact, f.Shifted)]  # fmt: skip
        return [one for at, one in enumerate(found) if at == 0 or found[at - 1] != one]


@pytest.fixture
def kube(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    with cluster(tmp_path, monkeypatch) as made:
        made.store.put(yaml.safe_load(SERVICE))
        yield made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / 'store')
    try:
        yield opened
    finally:
        opened.close()


def test_a_bad_version_never_gets_traffic_and_the_good_one_keeps_it(
    kube: Cluster, store: Store, tmp_path: Path
) -> None:
    settings = {
        'target': {
            'kubernetes': {
                'manifests': ['shop.yaml'], 'container': 'app', 'service': 'shop', 'instances': 2,
            }
        },
        'strategy': {'blueGreen': {'abortScaleDownDelaySeconds': 0}},
        'progressDeadlineSeconds': 5,
    }  # fmt: skip

    async def scene() -> None:
        stage = Stage(tmp_path, store, settings)
        async with stage.controlled():
            assert (await stage.deploy('v1', 'ghcr.io/me/shop:1')).conclusion == 'success'
            kube.behaviour.broken['ghcr.io/me/shop:2'] = 'ImagePullBackOff'
            bad = await stage.deploy('v2', 'ghcr.io/me/shop:2')
            assert bad.conclusion in ('failure', 'rolled_back')
            assert bad.back is not None
            assert 'ImagePullBackOff' in bad.back.reason
            assert (await stage.deploy('v3', 'ghcr.io/me/shop:3')).conclusion == 'success'
        assert all('r2' not in one for one in stage.weights())

    asyncio.run(scene())
    service = kube.store.get('Service', 'shop')
    assert service is not None
    assert service['spec']['selector']['liftlock.dev/revision'] == 'r3'


def test_a_canary_is_walked_by_weights_of_a_virtual_service(
    kube: Cluster, store: Store, tmp_path: Path
) -> None:
    kube.store.put(yaml.safe_load(VIRTUAL_SERVICE))
    settings = {
        'target': {
            'kubernetes': {
                'manifests': ['shop.yaml'], 'container': 'app', 'service': 'shop',
                'virtual_service': 'shop', 'instances': 2,
            }
        },
        'strategy': {'canary': {'steps': [{'setWeight': 10}, {'setWeight': 50}]}},
    }  # fmt: skip

    async def scene() -> None:
        stage = Stage(tmp_path, store, settings)
        async with stage.controlled():
            assert (await stage.deploy('v1', 'ghcr.io/me/shop:1')).conclusion == 'success'
            assert (await stage.deploy('v2', 'ghcr.io/me/shop:2')).conclusion == 'success'
        assert stage.weights() == [
            {'r1': 100},
            {'r1': 90, 'r2': 10},
            {'r1': 50, 'r2': 50},
            {'r2': 100, 'r1': 0},
        ]

    asyncio.run(scene())
    found = kube.store.get('VirtualService', 'shop')
    assert found is not None
    assert found['spec']['http'] == [
        {'route': [{'destination': {'host': 'shop-r2'}, 'weight': 100}]}
    ]
