"""In place: a chart is installed or upgraded by `helm`.

Helm 3 and 4 both do. Going back is an upgrade to the old chart with the old values, not
`helm rollback`: the version says what both were, and Helm's own history may have been pruned.
What a chart makes of the version is looked at before anything moves: where it runs another image,
or never reads the Secret with the variables, nothing is deployed.
"""

import json
from collections.abc import Iterable

from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision
from liftlock.targets.kubernetes import (
    commands,
    containers,
    documents,
    drift,
    inventory,
    ledger,
    sources,
)
from liftlock.targets.kubernetes import place as places
from liftlock.targets.kubernetes.applied import Applied
from liftlock.targets.kubernetes.names import Doc, identity


class Chart(Applied):
    """`helm:`."""

    async def prepare(self, revision: Revision) -> str:
        docs = await sources.render(self.place, revision)
        image, secret = revision.version.image, self._secret(revision)
        if image and not containers.runs(docs, image) and not _runs_same(docs, image):
            raise Trouble(
                f'the chart does not run {image}',
                'say which values name the image: helm: {set: {backend.image.tag: …}}',
            )
        if secret and not mentions(docs, secret):
            raise Trouble(
                f'the chart never reads the Secret {secret} with the variables',
                'add to its container: '
                'envFrom: [{secretRef: {name: {{ .Values.liftlock.secret }}}}]',
            )
        return f'{len(docs)} objects: {", ".join(map(identity, docs))}'

    async def apply(self, revision: Revision, *, back: bool) -> str:
        self._calm.wake()
        await places.make_namespace(self.place)
        await places.keep_secret(self.place, sources.all_hidden(revision))
        released = await self._upgrade(revision)
        text = await self.place.client.run(
            commands.manifest(self.place.client.cluster, self.place.name)
        )
        made = inventory.references(documents.read(text, 'the release'), self.place.namespace)
        # Helm removes what a release no longer has: nothing of it is ever ours to prune.
        self._known = inventory.Inventory(revision.name, made)
        await ledger.write(self.place, self._known)
        return f'{self.place.name}@{released.get("version", 0)}'

    async def _upgrade(self, revision: Revision) -> Doc:
        helm, client = self.place.target.helm, self.place.client
        assert helm is not None
        async with sources.files(self.place, revision) as tree:
            release, chart, files = sources.chart_words(self.place, helm, tree)
            note = f'liftlock {revision.name} {revision.version.name}'.rstrip()
            command = commands.upgrade(client.cluster, release, chart, files, note=note)
            given = json.dumps(sources.values(helm, self.place, revision))
            answer = await client.run(command, given)
        released: Doc = json.loads(answer)
        return released

    def _secret(self, revision: Revision) -> str:
        return documents.content(self.place.name, sources.all_hidden(revision)).secret

    async def diff(self, revision: Revision) -> str:
        """What runs is not what Helm has released."""
        client = self.place.client
        released = await client.run(commands.manifest(client.cluster, self.place.name))
        return await drift.differences(client, documents.read(released, 'the release'))


def _runs_same(docs: Iterable[Doc], image: str) -> bool:
    """repository:tag@digest names the same as repository@digest."""
    digest = image.partition('@')[2]
    return bool(digest) and any(
        digest in str(one.get('image', '')) and containers.same_repository(one['image'], image)
        for doc in docs
        for one in ((containers.template(doc) or {}).get('spec') or {}).get('containers') or []
    )


def mentions(docs: Iterable[Doc], secret: str) -> bool:
    """Whether any pod takes something from the Secret."""
    return any(json.dumps(secret) in json.dumps(containers.template(doc) or {}) for doc in docs)
