"""The one place in a cluster that a target is for, and what all kinds of targets do there."""

import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final, TypeAlias

from liftlock.language.records import NamedTuple
from liftlock.language.settings import model
from liftlock.rollout.sight import Instance
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision, Version
from liftlock.targets.kubernetes import commands, documents, pods
from liftlock.targets.kubernetes.client import Client
from liftlock.targets.kubernetes.documents import Marks
from liftlock.targets.kubernetes.names import ENVIRONMENT, Doc, object_name
from liftlock.targets.kubernetes.options import Options
from liftlock.targets.kubernetes.shape import Shape

Lay: TypeAlias = Callable[[Version, Path], Awaitable[None]]  # puts a version's files there

MEASURED_EVERY: Final = 15.0  # seconds between two looks at CPU and memory
UNMEASURED_FOR: Final = 300.0  # after the cluster said that it measures nothing
SECRETS_KEPT: Final = 10  # as many as Deployments keep old ReplicaSets


class Place(NamedTuple):
    """`label` is the environment's, on everything of ours; `directory` is where records are."""

    target: model.Kubernetes
    client: Client
    label: str
    directory: Path
    lay: Lay
    options: Options
    shape: Shape = Shape()

    @property
    def name(self) -> str:
        """What Secrets of a revision are called after."""
        helm = self.target.helm
        release = (helm.release or Path(helm.chart).name) if helm else ''
        return object_name(self.target.deployment or self.target.rollout or release or self.label)

    @property
    def namespace(self) -> str:
        return self.client.cluster.namespace

    def marks(self, revision: Revision) -> Marks:
        return Marks(self.label, revision.name, revision.version.name)


async def make_namespace(place: Place) -> bool:
    """Whether it was made. Only where the settings ask for it."""
    if not place.options.create_namespace:
        return False
    if await place.client.get(f'namespace/{place.namespace}'):
        return False
    doc = {'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': place.namespace}}
    answer = await place.client.ask(commands.create(place.client.cluster), json.dumps(doc))
    if answer.status and 'AlreadyExists' not in answer.err:
        raise Trouble(f'namespace {place.namespace} cannot be created: {answer.err.strip()}')
    return True


async def is_there(place: Place) -> bool:
    """Whether the namespace can be used; an account that may not look at it has it."""
    answer = await place.client.ask(
        commands.get(place.client.cluster, f'namespace/{place.namespace}')
    )
    return answer.status != 0 or bool(answer.out.strip())


async def keep_secret(place: Place, revision: Revision) -> None:
    """The Secret of a revision, before anything that names it; old ones go."""
    if not revision.secrets:
        return
    made = documents.secret(place.name, revision, place.marks(revision), place.namespace)
    await place.client.apply([made])
    listed = await place.client.listing(('secrets',), f'{ENVIRONMENT}={place.label}')
    gone = surplus(listed, made['metadata']['name'])
    if gone:
        words = (f'secret/{name}' for name in gone)
        await place.client.run(commands.delete(place.client.cluster, *words))


def surplus(secrets: list[Doc], used: str, kept: int = SECRETS_KEPT) -> list[str]:
    """Names of the oldest, by the number of their revision."""

    def number(name: str) -> int:
        digits = name.rpartition('-r')[2]
        return int(digits) if digits.isdecimal() else 0

    names = sorted((str(one['metadata']['name']) for one in secrets), key=number)
    ours = [name for name in names if number(name) and name != used]
    return ours[: max(0, len(ours) + 1 - kept)]


async def logs(place: Place, selector: str, *, follow: bool, previous: bool) -> AsyncIterator[str]:
    command = commands.logs(
        place.client.cluster, selector, place.target.container, follow=follow, previous=previous
    )
    async for line in place.client.lines(command):
        yield log_line(line)


def log_line(line: str) -> str:
    """`[pod/shop-1/app] text` becomes `shop-1 text`."""
    head, closed, text = line.partition('] ')
    if not closed or not head.startswith('[pod/'):
        return line
    return f'{head.removeprefix("[pod/").partition("/")[0]} {text}'


class Usage:
    """CPU and memory of pods, asked for seldom, and hardly ever where nobody measures them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, tuple[float, int]] = {}
        self._next = 0.0

    async def read(self, selector: str) -> dict[str, tuple[float, int]]:
        now = time.monotonic()
        if now >= self._next:
            answer = await self._client.ask(commands.usage(self._client.cluster, selector))
            self._known = _measured(answer.out) if answer.status == 0 else {}
            self._next = now + (MEASURED_EVERY if answer.status == 0 else UNMEASURED_FOR)
        return self._known


def _measured(text: str) -> dict[str, tuple[float, int]]:
    try:
        return pods.usage(json.loads(text))
    except (ValueError, KeyError, TypeError):
        return {}


async def instances(
    place: Place, usage: Usage, selector: str, revision: str = ''
) -> tuple[Instance, ...]:
    listed = await place.client.listing(('pods',), selector)
    found = pods.instances(listed, await usage.read(selector), revision)
    return tuple(map(reachable, found))


def reachable(one: Instance) -> Instance:
    """Pods have addresses only for whoever is in the cluster, too."""
    return one if is_inside() else one._replace(address='')


def is_inside() -> bool:
    """Whether we run in a pod ourselves."""
    return bool(os.environ.get('KUBERNETES_SERVICE_HOST'))
