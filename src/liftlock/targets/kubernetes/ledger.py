"""The inventory in the cluster: read, written before anything is applied, and pruned by."""

from collections.abc import Iterable

from liftlock.rollout.trouble import Trouble
from liftlock.targets.kubernetes import commands, documents, inventory
from liftlock.targets.kubernetes.inventory import Inventory, Reference
from liftlock.targets.kubernetes.names import ENVIRONMENT, Doc, labelled
from liftlock.targets.kubernetes.place import Place


async def read(place: Place) -> Inventory:
    found = await place.client.get(f'configmap/{inventory.name_for(place.label)}')
    return inventory.parse(found[0] if found else None)


async def plan(place: Place, revision: str, docs: Iterable[Doc]) -> Inventory:
    """Name what is about to be applied. Nothing is written where that is known already."""
    before = await read(place)
    wanted = inventory.references(docs, place.namespace)
    planned = inventory.planned(before, revision, wanted)
    if planned != before:
        await write(place, planned)
    return planned


async def write(place: Place, planned: Inventory) -> None:
    await place.client.apply([inventory.render(planned, place.label, place.namespace)])


async def prune(place: Place, *, allow_empty: bool) -> tuple[Inventory, str]:
    """Delete what earlier revisions created and the manifests no longer have. To be called once
    the revision has settled (`PruneLast`). What is left, and what was deleted, for people.

    Only what still carries the environment's label goes; namespaces and volumes never do.
    """
    known = await read(place)
    if not known.stale:
        return known, ''
    if not known.objects and not allow_empty:
        raise Trouble(
            'nothing would be left: nothing is pruned',
            'if that is meant: sync: {automated: {prune: true, allowEmpty: true}}',
        )
    gone = [one for one in known.stale if inventory.kind(one) not in inventory.KEPT]
    ours = [one for one in gone if await _is_ours(place, one)]
    for one in ours:
        cluster = place.client.cluster._replace(namespace=one.namespace)
        cascade = place.options.cascade
        await place.client.run(commands.delete(cluster, one.word, cascade=cascade))
    left = known._replace(stale=())
    await write(place, left)
    return left, ', '.join(one.word for one in ours)


async def _is_ours(place: Place, one: Reference) -> bool:
    cluster = place.client.cluster._replace(namespace=one.namespace)
    found = documents.from_json(await place.client.run(commands.get(cluster, one.word)))
    return bool(found) and labelled(found[0], ENVIRONMENT) == place.label
