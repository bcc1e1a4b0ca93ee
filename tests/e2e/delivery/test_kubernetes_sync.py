"""An environment on Kubernetes follows git: what was changed by hand is shown and put back, and
what the manifests no longer have goes."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from e2e.cli.conftest import Project
from e2e.delivery.clusters import DEPLOYMENT, SERVICE, cluster
from fakekube.server import Cluster
from liftlock.engine.delivery import blueprint as blueprints
from liftlock.engine.delivery import requests, syncing
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
from liftlock.rollout.environment import Environment, fold
from liftlock.rollout.sync import Desired
from liftlock.rollout.version import Version
from liftlock.store import deliveries
from liftlock.store.database import Store, open_store
from liftlock.targets.kubernetes import target as kubernetes


class Git:
    """What is delivered, and what git says: the manifests of each version."""

    def __init__(self, root: Path, store: Store, sync: dict[str, Any]) -> None:
        self.root = root
        self.store = store
        self.manifests: dict[str, str] = {}
        production = {
            'on': {'branches': ['main']},
            'target': {'kubernetes': {'manifests': ['shop.yaml'], 'container': 'app'}},
            'strategy': 'rolling',
            'sync': sync,
        }
        text = json.dumps({'environments': {'production': production}})
        self.blueprint = Blueprint('o/shop', 'production', text)
        self.place = deliveries.environment(store, 'o/shop', 'production')
        self.desired = Desired()

    def version(self, name: str, manifests: str) -> Version:
        self.manifests[name] = manifests
        return Version(name, commit=f'{name.encode().hex():0>40}', image=f'ghcr.io/me/shop:{name}')

    def push(self, name: str, manifests: str) -> None:
        settings = deliveries.keep(self.store, blueprints.dump(self.blueprint))
        self.desired = Desired(self.version(name, manifests), settings, since=1e12)

    async def desire(self, place: Any, blueprint: Blueprint) -> Desired:
        assert blueprint == self.blueprint
        return self.desired

    async def lay(self, version: Version, directory: Path) -> None:
        (directory / 'shop.yaml').write_text(self.manifests[version.name])

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
    async def followed(self) -> AsyncIterator[None]:
        """With v1, which a person has deployed."""
        bench = Bench(
            self.store, self.target, lambda place: {}, Hooks(self.lay), probes.probe, Measuring(),
            self.root / 'delivery', desire=self.desire,
        )  # fmt: skip
        token = deliveries.claim(self.store, self.place.id, 'us', lambda owner: True)
        task = asyncio.create_task(Controller(bench, self.place._replace(token=token)).run())
        first = self.version('v1', f'{DEPLOYMENT}---{SERVICE}')
        requests.deploy(self.store, self.blueprint, first, Wish('mona'))
        try:
            await self.until(lambda: self.environment.current == first)
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @property
    def environment(self) -> Environment:
        return fold(deliveries.facts(self.store, self.place.id))

    def told(self) -> list[f.Fact]:
        return [one.fact for one in deliveries.facts(self.store, self.place.id)]

    async def until(self, true: Callable[[], bool]) -> None:
        for _ in range(600):
            if true():
                return
            await asyncio.sleep(0.05)
        raise AssertionError('\n'.join(map(str, self.told())))


@pytest.fixture
def kube(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setattr(syncing, 'PERIOD', 0.2)
    monkeypatch.setattr(syncing, 'COMPARING', 0.2)
    with cluster(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / 'store')
    yield opened
    opened.close()


def level(kube: Cluster) -> str:
    (deployment,) = kube.store.all('Deployment')
    (app, _) = deployment['spec']['template']['spec']['containers']
    return next(one['value'] for one in app['env'] if one['name'] == 'LEVEL')


def change_by_hand(kube: Cluster) -> None:
    (deployment,) = kube.store.all('Deployment')
    (app, _) = deployment['spec']['template']['spec']['containers']
    for one in app['env']:
        if one['name'] == 'LEVEL':
            one['value'] = 'debug'
    kube.store.put(deployment)


def test_what_was_changed_by_hand_is_only_shown_where_nothing_is_automated(
    kube: Cluster, store: Store, tmp_path: Path
) -> None:
    git = Git(tmp_path, store, {})

    async def scene() -> None:
        async with git.followed():
            change_by_hand(kube)
            await git.until(lambda: 'debug' in git.environment.drift)
            assert level(kube) == 'debug'
            assert len(git.environment.deployments) == 1

    asyncio.run(scene())


def test_what_was_changed_by_hand_is_put_back_and_nothing_newer_comes_with_it(
    kube: Cluster, store: Store, tmp_path: Path
) -> None:
    git = Git(tmp_path, store, {'automated': {'selfHeal': True}})
    git.desired = Desired(lacking='abc1234 of main has no green run yet')

    async def scene() -> None:
        async with git.followed():
            change_by_hand(kube)
            await git.until(lambda: len(git.environment.successes) == 2)
            assert level(kube) == 'info'
            healed = git.environment.deployments[2]
            assert healed.request.kind == f.SYNC
            assert healed.request.by == 'liftlock'
            name = 'apps.v1.Deployment.default.shop'
            assert healed.request.reason == f'self-heal: changed by hand: {name}'
            assert healed.version.name == 'v1'
            await git.until(lambda: git.environment.drift == git.desired.lacking)

    asyncio.run(scene())


def test_a_new_version_is_deployed_and_what_it_no_longer_has_is_pruned(
    kube: Cluster, store: Store, tmp_path: Path
) -> None:
    git = Git(tmp_path, store, {'automated': {'prune': True}})

    async def scene() -> None:
        async with git.followed():
            assert kube.store.all('Service')
            git.push('v2', DEPLOYMENT)
            await git.until(lambda: git.environment.current == git.desired.version)
            await git.until(lambda: not kube.store.all('Service'))
            await git.until(lambda: git.environment.drift == '')
            assert len(git.environment.deployments) == 2

    asyncio.run(scene())
    noticed = [one.message for one in git.told() if isinstance(one, f.Noticed)]
    assert noticed == ['pruned: Service/shop']


SETTINGS = """
environments:
  production:
    on: {branches: [main]}
    target: {kubernetes: {manifests: [shop.yaml], container: app}}
    strategy: rolling
"""
WORKFLOW = 'on: push\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: "true"}]}}\n'


def test_a_person_sees_what_was_changed_by_hand_and_puts_it_back(
    kube: Cluster, tmp_path: Path
) -> None:
    (tmp_path / 'work').mkdir()
    project = Project(tmp_path / 'work')
    project.write('shop.yaml', DEPLOYMENT)
    project.write('liftlock.yml', SETTINGS)
    project.workflow(WORKFLOW)

    def say(*words: str, status: int = 0) -> str:
        done = project.liftlock(*words)
        assert done.status == status, (done.out, done.err)
        return done.out

    try:
        say('run', '--deploy')
        say('sync', '--dry-run')
        change_by_hand(kube)
        shown = say('sync', '--dry-run', status=1)
        assert 'Drift of what runs' in shown
        assert '-          value: debug' in shown
        say('sync')
        assert level(kube) == 'info'
        say('sync', '--dry-run')
        assert json.loads(say('deployments', '--json'))[0]['kind'] == 'sync'
    finally:
        project.liftlock('supervise', '--stop')
