"""A service on moto's ECS that somebody has made, running an image of theirs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from e2e.actions.cloud import REGION, Cloud
from liftlock.language.settings import model
from liftlock.rollout.version import Version
from liftlock.targets.ecs import Ecs
from places.amazon import Life, open_amazon, wait_for_complete

KEYS = {'AWS_ACCESS_KEY_ID': 'AKIAEXAMPLE', 'AWS_SECRET_ACCESS_KEY': 'wonder/land'}
DEFINITION = {
    'family': 'shop',
    'containerDefinitions': [{'name': 'web', 'image': 'shop:old', 'memory': 128}],
}


class Clock:
    """Every look is a look: what was seen is never young enough."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 60
        return self.now


class EcsPlace:
    def __init__(self, root: Path, cloud: Cloud, life: Life, service: str, instances: int) -> None:
        self.root = root
        self.cloud = cloud
        self.life = life
        self.service = service
        self.files: dict[str, str] = {}
        self.env = {'MODE': 'production'}
        self.settings = model.Ecs('shop', service, region=REGION)
        self.client = cloud.client('ecs')
        self.client.create_cluster(clusterName='shop')
        self.client.register_task_definition(**DEFINITION)
        self.client.create_service(
            cluster='shop', serviceName=service, taskDefinition='shop', desiredCount=instances
        )
        wait_for_complete(cloud, 'shop', service)

    def open(self, **more: Any) -> Ecs:
        env = {**KEYS, 'AWS_ENDPOINT_URL': self.cloud.url}
        settings = self.settings._replace(**more)
        return Ecs(
            settings, self.root, environment='shop/production', read=self.read, env=env,
            clock=Clock(),
        )  # fmt: skip

    async def read(self, version: Version, path: str) -> str:
        return self.files[path].replace('COMMIT', version.commit)

    def version(self, name: str, *, bad: bool = False) -> Version:
        image = f'registry.example/{"bad" if bad else "shop"}@sha256:{name.encode().hex():0>64}'
        return Version(name, commit=f'{name.encode().hex():0>40}', image=image)

    def changes(self) -> int:
        return self.life.begun + len(self.definitions())

    def running(self) -> str:
        told = self.client.describe_task_definition(taskDefinition=self.state()['taskDefinition'])
        image = told['taskDefinition']['containerDefinitions'][0]['image']
        if '@' not in image:
            return str(image)
        return bytes.fromhex(image.rpartition(':')[2].lstrip('0')).decode()

    def definitions(self) -> list[str]:
        return list(self.client.list_task_definitions()['taskDefinitionArns'])

    def state(self) -> dict[str, Any]:
        told = self.client.describe_services(cluster='shop', services=[self.service])
        return dict(told['services'][0])

    def container(self, definition: str = '') -> dict[str, Any]:
        """Of the definition that the service has, or of this one."""
        name = definition or self.state()['taskDefinition']
        told = self.client.describe_task_definition(taskDefinition=name)
        return dict(told['taskDefinition']['containerDefinitions'][0])

    def dump(self) -> str:
        return json.dumps(self.state(), default=str, indent=1)


@contextmanager
def open_ecs(root: Path, *, instances: int = 2) -> Iterator[EcsPlace]:
    with open_amazon() as (cloud, life):
        yield EcsPlace(root, cloud, life, 'web', instances)
