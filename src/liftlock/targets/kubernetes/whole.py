"""In place: what `look` and `logs` of a deployment, of manifests and of a chart have in common."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable

from liftlock.rollout.sight import Instance, Sight
from liftlock.targets.kubernetes import argo, progress
from liftlock.targets.kubernetes import place as places
from liftlock.targets.kubernetes.calm import Calm
from liftlock.targets.kubernetes.names import Doc, selector
from liftlock.targets.kubernetes.place import Place, Usage
from liftlock.targets.whole import Whole


class Updated(Whole, ABC):
    """Kubernetes replaces the pods itself, and tells how far it is."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._usage = Usage(place.client)
        self._calm = Calm()
        self._selectors: tuple[str, ...] = ()

    async def look(self) -> Sight:
        return await self._calm.look(self._look)

    @abstractmethod
    async def _look(self) -> Sight: ...

    async def seen(self, revision: str, workloads: list[Doc]) -> Sight:
        self._selectors = tuple(filter(None, map(pods_of, workloads)))
        found = progress.together(workloads)
        settled = found.settled and not found.failed
        instances = await self._instances(revision)
        waits = any(argo.paused(one) for one in workloads if one['kind'] == 'Rollout')
        return Sight(
            instances,
            revision=revision,
            settled=settled,
            failed=found.failed,
            message=found.message or _why(instances),
            paused=found.message if waits else '',
        )

    async def _instances(self, revision: str) -> tuple[Instance, ...]:
        found: list[Instance] = []
        for one in self._selectors:
            found += await places.instances(self.place, self._usage, one, revision)
        return tuple(found)

    async def logs(self, revision: str, *, follow: bool, previous: bool) -> AsyncIterator[str]:
        for one in self._selectors:
            async for line in places.logs(self.place, one, follow=follow, previous=previous):
                yield line


def pods_of(workload: Doc) -> str:
    """A selector of its pods."""
    return selector(((workload.get('spec') or {}).get('selector') or {}).get('matchLabels') or {})


def _why(instances: Iterable[Instance]) -> str:
    return '; '.join(
        f'{one.id}: {one.message}' for one in instances if one.message and not one.ready
    )
