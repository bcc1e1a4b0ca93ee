"""With colours: each revision is a Deployment of its own, and a router sends traffic to them.

`scale` makes, scales and deletes a revision's Deployment; Kubernetes replaces pods that die. Its
template is that of the manifests, or of the Deployment that is there, which is left as it is. What
else the manifests hold is applied before a revision is made, but for what the router writes to:
that is created once and then belongs to the router.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from liftlock.rollout.sight import Routes, Sight
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision
from liftlock.targets import notes
from liftlock.targets.kubernetes import (
    colour,
    commands,
    documents,
    drift,
    ledger,
    pods,
    routers,
    sources,
)
from liftlock.targets.kubernetes import place as places
from liftlock.targets.kubernetes.calm import Calm
from liftlock.targets.kubernetes.names import (
    ENVIRONMENT,
    REVISION,
    Doc,
    identity,
    labelled,
    of_revision,
)
from liftlock.targets.kubernetes.place import Place, Usage
from liftlock.targets.kubernetes.routers import Live, Router

PATIENCE: Final = 30.0  # seconds in which a router has to confirm


class Coloured:
    def __init__(self, place: Place, router: Router) -> None:
        self.place = place
        self.router = router
        self.capabilities = router.capabilities
        self._usage = Usage(place.client)
        self._calm = Calm()
        self._entrances: Live = {}
        self._writing = asyncio.Lock()  # one writes to the router's objects at a time

    @property
    def _all(self) -> str:
        return f'{ENVIRONMENT}={self.place.label}'

    async def look(self) -> Sight:
        return await self._calm.look(self._look)

    async def _look(self) -> Sight:
        found, live = await asyncio.gather(
            self.place.client.listing(('deployments.apps', 'pods'), self._all),
            routers.read(self.place.client, self.router),
        )
        self._entrances = live
        used = await self._usage.read(self._all)
        return Sight(
            tuple(map(places.reachable, pods.instances(found, used))),
            routes=self.router.told(live, found),
            message=self.router.complaint(live) or _stuck(found),
        )

    # --- revisions

    async def prepare(self, revision: Revision) -> str:
        model, around = await self._make(revision)
        made = colour.deployment(model, self.place.marks(revision), 0)
        if await places.is_there(self.place):
            dry = commands.apply(
                self.place.client.cluster, dry=True, options=self.place.options.apply
            )
            await self.place.client.run(dry, documents.as_list([made]))
        record = {'model': model, 'around': around}
        await asyncio.to_thread(notes.write, self._record(revision), record)
        told = f', with {", ".join(map(identity, around))}' if around else ''
        return f'{identity(made)}{told}'

    async def scale(self, revision: Revision, instances: int) -> None:
        self._calm.wake()
        name = await self._name(revision)
        word = f'deployment.apps/{name}'
        if not instances:
            await self._end(revision, word)
            return
        found = await self.place.client.get(word)
        if not found:
            await self._start(revision, instances)
        elif found[0]['spec'].get('replicas') != instances:
            await self.place.client.run(commands.scale(self.place.client.cluster, word, instances))

    async def _start(self, revision: Revision, instances: int) -> None:
        model, around = await self._recorded(revision)
        await places.make_namespace(self.place)
        await self._surround(revision, around)
        await places.keep_secret(self.place, revision)
        async with self._writing:
            live = await routers.read(self.place.client, self.router)
            await self.router.admit(self.place.client, live, revision.name)
        made = colour.deployment(model, self.place.marks(revision), instances)
        await self.place.client.apply([made], self.place.options.apply)

    async def _surround(self, revision: Revision, around: list[Doc]) -> None:
        if not around:
            return
        await ledger.plan(self.place, revision.name, around)
        live = await routers.read(self.place.client, self.router)
        kept = {_identity(word) for word in self.router.words} & set(live)
        docs = [one for one in around if identity(one) not in kept]
        if docs:
            await self.place.client.apply(docs, self.place.options.apply)

    async def _end(self, revision: Revision, word: str) -> None:
        secret = f'secret/{of_revision(self.place.name, revision.name)}'
        words = (word, secret) if revision.secrets else (word,)
        await self.place.client.run(commands.delete(self.place.client.cluster, *words))
        async with self._writing:
            live = await routers.read(self.place.client, self.router)
            await self.router.dismiss(self.place.client, live, revision.name)

    async def _name(self, revision: Revision) -> str:
        """Of its Deployment, which is looked for by its labels: the settings may have changed."""
        marks = f'{self._all},{REVISION}={revision.name}'
        found = await self.place.client.listing(('deployments.apps',), marks)
        if found:
            return str(found[0]['metadata']['name'])
        model, _ = await self._recorded(revision)
        return of_revision(model['metadata']['name'], revision.name)

    async def _recorded(self, revision: Revision) -> tuple[Doc, list[Doc]]:
        kept = await asyncio.to_thread(notes.read, self._record(revision))
        return (kept['model'], kept['around']) if kept else await self._make(revision)

    async def _make(self, revision: Revision) -> tuple[Doc, list[Doc]]:
        """The Deployment to make the revision after, with image and variables; and what else the
        manifests hold."""
        target = self.place.target
        if target.manifests or target.kustomize:
            docs = await sources.render(self.place, revision)
            found = colour.base(docs, target.deployment)
            return found, colour.around(docs, found)
        found = await self._present()
        marked = documents.mark([found], self.place.marks(revision), self.place.namespace)
        documents.fill(marked, sources.wanted(self.place, revision))
        return marked[0], []

    async def _present(self) -> Doc:
        """The Deployment that is there, without what the cluster has made of it."""
        word = f'deployment.apps/{self.place.target.deployment}'
        found = await self.place.client.get(word)
        if not found:
            raise Trouble(
                f'{word} is not in namespace {self.place.namespace}',
                'create it once, with replicas: 0, or name its manifests: manifests: […]',
            )
        kept = {key: found[0][key] for key in ('apiVersion', 'kind', 'metadata', 'spec')}
        cleaned = {
            key: value
            for key, value in kept['metadata'].items()
            if key in ('name', 'namespace', 'labels', 'annotations')
        }
        return {**kept, 'metadata': cleaned}

    def _record(self, revision: Revision) -> Path:
        return self.place.directory / 'colours' / f'{revision.name}.json'

    # --- traffic

    async def route(self, routes: Routes) -> None:
        self._calm.wake()
        client = self.place.client
        async with self._writing:
            live, found = await asyncio.gather(
                routers.read(client, self.router), client.listing(('pods',), self._all)
            )
            if self.router.told(live, found) != routes:
                await self.router.write(client, live, found, routes)
        await self._confirmed(routes)

    async def _confirmed(self, routes: Routes) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE
        while (sight := await self._look()).routes != routes:
            if loop.time() > until:
                raise Trouble(
                    f'the router has not confirmed within {PATIENCE:g} s: {sight.message}',
                    again=True,
                )
            await asyncio.sleep(0.2)

    def address(self, *, preview: bool = False) -> str:
        """Of a load balancer; or, in the cluster, the Service's name."""
        target = self.place.target
        service = target.preview_service if preview else target.service
        return address(self._entrances.get(f'Service/{service}'), places.is_inside())

    # --- the rest

    async def apply(self, revision: Revision, *, back: bool) -> str:
        raise Trouble(f'{revision.name} is not updated in place: this target has colours')

    async def diff(self, revision: Revision) -> str:
        """What runs is not as the revision has it, as `kubectl diff` shows it. What the router
        writes to is left out: there it is meant to differ."""
        model, around = await self._recorded(revision)
        name = of_revision(model['metadata']['name'], revision.name)
        found = await self.place.client.get(f'deployment.apps/{name}')
        replicas = found[0]['spec'].get('replicas', 1) if found else 0
        made = colour.deployment(model, self.place.marks(revision), replicas)
        routed = {_identity(word) for word in self.router.words}
        docs = [made, *(one for one in around if identity(one) not in routed)]
        return await drift.differences(self.place.client, docs)

    async def prune(self, *, allow_empty: bool = False) -> str:
        """Of what stands around the revisions: they themselves come and go by `scale`."""
        return (await ledger.prune(self.place, allow_empty=allow_empty))[1]

    async def logs(self, revision: str, *, follow: bool, previous: bool) -> AsyncIterator[str]:
        marks = f'{self._all},{REVISION}={revision}'
        async for line in places.logs(self.place, marks, follow=follow, previous=previous):
            yield line

    async def stop(self) -> None:
        """Left as it is: the cluster is not ours."""

    async def close(self) -> None:
        """Nothing is held here."""


KINDS: Final = {
    'service': 'Service',
    routers.VIRTUAL_SERVICE: 'VirtualService',
    routers.DESTINATION_RULE: 'DestinationRule',
    routers.HTTP_ROUTE: 'HTTPRoute',
}


def _identity(word: str) -> str:
    resource, _, name = word.partition('/')
    return f'{KINDS[resource]}/{name}'


def _stuck(found: list[Doc]) -> str:
    """Deployments that cannot even make pods: a quota, an admission webhook."""
    return '; '.join(
        f'{labelled(doc, REVISION)}: {one.get("message", "")}'
        for doc in found
        if doc.get('kind') == 'Deployment'
        for one in (doc.get('status') or {}).get('conditions') or []
        if one.get('type') == 'ReplicaFailure' and one.get('status') == 'True'
    )


def address(service: Doc | None, inside: bool) -> str:
    """http://host:port; '' where nobody out here can reach it."""
    if service is None:
        return ''
    port = (service['spec'].get('ports') or [{'port': 80}])[0]['port']
    balancers = ((service.get('status') or {}).get('loadBalancer') or {}).get('ingress') or []
    host = next((one.get('hostname') or one.get('ip') for one in balancers), '')
    if not host and inside:
        metadata = service['metadata']
        host = f'{metadata["name"]}.{metadata.get("namespace", "default")}.svc'
    return f'http://{host}:{port}' if host else ''
