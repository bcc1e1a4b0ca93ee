"""A cluster in memory, which the real kubectl updates: a Deployment, or manifests."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import yaml

from e2e.delivery.clusters import DEPLOYMENT, SERVICE, kubectl
from fakekube.server import Cluster, running
from liftlock.language.settings import model
from liftlock.rollout.version import Version
from liftlock.targets.kubernetes.target import Kubernetes, make

REPOSITORY = 'ghcr.io/me/shop'


class KubernetesPlace:
    env: Mapping[str, str] = {'LEVEL': 'debug'}

    def __init__(self, root: Path, cluster: Cluster, settings: model.Kubernetes) -> None:
        self.root = root
        self.cluster = cluster
        self.settings = settings

    def open(self) -> Kubernetes:
        return make(
            self.settings,
            model.Direct(),
            name='shop-production',
            directory=self.root / 'state',
            lay=self.lay,
        )

    async def lay(self, version: Version, directory: Path) -> None:
        (directory / 'shop.yaml').write_text(f'{DEPLOYMENT}---{SERVICE}')

    def version(self, name: str, *, bad: bool = False) -> Version:
        image = f'{REPOSITORY}:{name}{"-bad" if bad else ""}'
        if bad:
            self.cluster.behaviour.broken[image] = 'ErrImagePull'
        return Version(name, commit=f'{name.encode().hex():0>40}', image=image)

    def changes(self) -> int:
        """What was asked for from outside; the controllers go on by themselves."""
        return self.cluster.writes

    def running(self) -> str:
        pods = self.cluster.store.all('Pod')
        images = {
            one['spec']['containers'][0]['image'].removeprefix(f'{REPOSITORY}:')
            for one in pods
            if 'deletionTimestamp' not in one['metadata']
        }
        return images.pop() if len(images) == 1 else f'{sorted(images)}'


@contextmanager
def _open(root: Path, settings: model.Kubernetes) -> Iterator[KubernetesPlace]:
    tools = root / 'tools'
    tools.mkdir()
    (tools / 'kubectl').symlink_to(kubectl())
    with running() as cluster:
        env = {
            'PATH': f'{tools}:{os.environ["PATH"]}',
            'KUBECONFIG': str(cluster.kubeconfig(root / 'kubeconfig')),
            'HOME': str(root),
        }
        with mock.patch.dict(os.environ, env):
            yield KubernetesPlace(root, cluster, settings)


@contextmanager
def open_deployment(root: Path) -> Iterator[KubernetesPlace]:
    with _open(root, model.Kubernetes(deployment='shop', container='app')) as place:
        place.cluster.store.put(yaml.safe_load(DEPLOYMENT))
        yield place


@contextmanager
def open_manifests(root: Path) -> Iterator[KubernetesPlace]:
    with _open(root, model.Kubernetes(manifests=('shop.yaml',), container='app')) as place:
        yield place
