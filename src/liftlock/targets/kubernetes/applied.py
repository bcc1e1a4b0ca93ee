"""In place: the objects of manifests or a kustomization are applied.

What was applied for a revision is kept on this machine (without secrets), so that going back
applies exactly that again; where it is not there, it is made anew from the version's files. The
inventory in the cluster tells what there is, and what the manifests no longer have.
"""

import asyncio
from pathlib import Path

from liftlock.rollout.sight import Sight
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision
from liftlock.targets import notes
from liftlock.targets.kubernetes import commands, documents, drift, inventory, ledger, sources
from liftlock.targets.kubernetes import place as places
from liftlock.targets.kubernetes.inventory import Inventory
from liftlock.targets.kubernetes.names import Doc, identity
from liftlock.targets.kubernetes.place import Place
from liftlock.targets.kubernetes.whole import Updated


class Applied(Updated):
    """`manifests:` or `kustomize:`."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._known: Inventory | None = None

    async def _look(self) -> Sight:
        known = self._known or await ledger.read(self.place)
        listed = f'configmap/{inventory.name_for(self.place.label)}'
        words = (one.word for one in known.objects if inventory.kind(one) in documents.WORKLOADS)
        found = await self.place.client.get(listed, *words)
        now = inventory.parse(next((one for one in found if one['kind'] == 'ConfigMap'), None))
        if now.objects != known.objects:  # somebody else has applied meanwhile
            self._known = now
            return await self._look()
        self._known = now
        return await self._told(now, documents.workloads(found))

    async def _told(self, now: Inventory, workloads: list[Doc]) -> Sight:
        wanted = [one for one in now.objects if inventory.kind(one) in documents.WORKLOADS]
        sight = await self.seen(now.revision, workloads)
        if len(workloads) < len(wanted):
            there = {one['metadata']['name'] for one in workloads}
            gone = ', '.join(one.name for one in wanted if one.name not in there)
            return sight._replace(settled=False, message=f'not there: {gone}')
        return sight

    async def prepare(self, revision: Revision) -> str:
        docs = await sources.render(self.place, revision)
        if not docs:
            raise Trouble('the manifests hold no objects', 'see manifests: in liftlock.yml')
        if await places.is_there(self.place):
            cluster = self.place.client.cluster
            dry = commands.apply(cluster, dry=True, options=self.place.options.apply)
            await self.place.client.run(dry, documents.as_list(docs))
        await asyncio.to_thread(self._keep, revision, docs)
        return f'{len(docs)} objects: {", ".join(map(identity, docs))}'

    async def apply(self, revision: Revision, *, back: bool) -> str:
        self._calm.wake()
        docs = await self._objects(revision)
        await places.make_namespace(self.place)
        await places.keep_secret(self.place, revision)
        self._known = await ledger.plan(self.place, revision.name, docs)
        applied = await self.place.client.apply(docs, self.place.options.apply)
        return ' '.join(
            f'{identity(one)}@{one["metadata"].get("generation", 0)}'
            for one in documents.workloads(applied)
        )

    async def _objects(self, revision: Revision) -> list[Doc]:
        kept = await asyncio.to_thread(notes.read, self._record(revision))
        return kept.get('objects') or await sources.render(self.place, revision)

    # --- sync

    async def diff(self, revision: Revision) -> str:
        """What runs is not what the revision says: as `kubectl diff` shows it. '' if it is."""
        return await drift.differences(self.place.client, await self._objects(revision))

    async def prune(self, *, allow_empty: bool = False) -> str:
        """Delete what the manifests no longer have; what that was. To be called once the revision
        has settled."""
        self._known, gone = await ledger.prune(self.place, allow_empty=allow_empty)
        return gone

    # --- records

    def _record(self, revision: Revision) -> Path:
        return self.place.directory / 'applied' / f'{revision.name}.json'

    def _keep(self, revision: Revision, docs: list[Doc]) -> None:
        notes.write(self._record(revision), {'objects': docs})
