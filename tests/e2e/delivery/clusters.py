"""A cluster in memory and the real kubectl, with a target for it."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from containers import lack
from fakekube.server import Cluster, running
from liftlock.language.settings import model
from liftlock.rollout.sight import Sight
from liftlock.rollout.version import Revision, Version
from liftlock.targets.kubernetes.target import make

IMAGE = 'ghcr.io/me/shop@sha256:' + '0123456789abcdef' * 4
DIRECT = model.Direct()
OTHER = 'ghcr.io/me/shop@sha256:' + 'fedcba9876543210' * 4

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {app: shop}}
spec:
  replicas: 2
  progressDeadlineSeconds: 1
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: app
          image: ghcr.io/me/shop:latest
          ports: [{containerPort: 8000}]
          env: [{name: LEVEL, value: info}]
        - {name: proxy, image: 'ghcr.io/me/proxy:3'}
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{name: http, port: 80, targetPort: 8000}]}
"""


def kubectl() -> str:
    found = os.environ.get('LIFTLOCK_TEST_KUBECTL') or shutil.which('kubectl')
    if found is None:
        lack('kubectl is not installed. To run this: apt install kubernetes-client')
    return found


@contextmanager
def cluster(directory: Path, monkeypatch: Any) -> Iterator[Cluster]:
    program = kubectl()
    with running() as made:
        tools = directory / 'tools'
        tools.mkdir()
        (tools / 'kubectl').symlink_to(program)
        monkeypatch.setenv('PATH', f'{tools}:{os.environ["PATH"]}')
        monkeypatch.setenv('KUBECONFIG', str(made.kubeconfig(directory / 'kubeconfig')))
        monkeypatch.setenv('HOME', str(directory))  # kubectl keeps what it has discovered
        yield made


class Stage:
    """A target, and the files that its versions have."""

    def __init__(
        self,
        directory: Path,
        target: model.Kubernetes,
        strategy: model.Strategy = DIRECT,
        files: dict[str, str] | None = None,
        name: str = 'shop-production',
    ) -> None:
        self.files = files or {}
        self.target: Any = make(
            target, strategy, name=name, directory=directory / 'state', lay=self.lay
        )

    async def lay(self, version: Version, place: Path) -> None:
        for name, text in self.files.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    async def settled(self, revision: str = '', patience: float = 20.0) -> Sight:
        """The look at which it has settled, or has failed for good."""
        import asyncio

        until = time.monotonic() + patience
        while True:
            sight: Sight = await self.target.look()
            if (sight.settled or sight.failed) and revision in ('', sight.revision):
                return sight
            assert time.monotonic() < until, f'it never settled: {sight}'
            await asyncio.sleep(0.1)


def revision(number: int, image: str = IMAGE, **env: str) -> Revision:
    secrets = tuple(name for name in env if 'PASSWORD' in name)
    version = Version(f'v1.{number}.0', commit=f'{number:040x}', image=image)
    return Revision(f'r{number}', version, env, secrets)
