"""In place: a Deployment or an Argo Rollout that is there gets another image.

A Deployment goes back as `kubectl rollout undo --to-revision` does, to the very template that it
had: also what somebody changed by hand meanwhile is gone then. A Rollout is patched back; its
controller knows the old template again, and goes there without steps.
"""

import json
from copy import deepcopy
from typing import Final

from liftlock.rollout.sight import Sight
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision
from liftlock.targets.kubernetes import argo, commands, containers, documents, shape
from liftlock.targets.kubernetes import place as places
from liftlock.targets.kubernetes.client import trouble
from liftlock.targets.kubernetes.containers import Content
from liftlock.targets.kubernetes.documents import Marks
from liftlock.targets.kubernetes.names import (
    ENVIRONMENT,
    REVISION,
    VARIABLES,
    Doc,
    annotation,
    identity,
    labelled,
    selector,
)
from liftlock.targets.kubernetes.whole import Updated

HISTORY: Final = 'deployment.kubernetes.io/revision'


class Patched(Updated):
    """`deployment:` or `rollout:` without manifests."""

    @property
    def _words(self) -> tuple[str, ...]:
        """What is looked at: the Rollout comes first, as its status is what counts."""
        target = self.place.target
        rollout = (f'rollouts.argoproj.io/{target.rollout}',) if target.rollout else ()
        deployment = (f'deployment.apps/{target.deployment}',) if target.deployment else ()
        return (*rollout, *deployment)

    @property
    def _word(self) -> str:
        """What is patched. A Rollout may take its pods from a Deployment (`workloadRef`)."""
        return self._words[-1]

    async def _read(self) -> list[Doc]:
        found = await self.place.client.get(*self._words)
        if len(found) < len(self._words):
            there = ', '.join(map(identity, found)) or 'nothing of it'
            raise Trouble(
                f'{" or ".join(self._words)} is not in namespace {self.place.namespace}',
                f'there is: {there}; create it once, or name its manifests: manifests: […]',
            )
        return found

    async def _look(self) -> Sight:
        found = await self._read()
        return await self.seen(annotation(found[-1], REVISION), found)

    async def prepare(self, revision: Revision) -> str:
        doc = (await self._read())[-1]
        patch = self._patch(doc, revision)
        return (
            f'{identity(doc)} will run {revision.version.image or "its present image"}'
            if (patch)
            else ''
        )

    async def apply(self, revision: Revision, *, back: bool) -> str:
        self._calm.wake()
        await places.keep_secret(self.place, revision)
        doc = (await self._read())[-1]
        if back and doc['kind'] == 'Deployment' and await self._undo(doc, revision):
            doc = (await self._read())[-1]
        there = annotation(doc, REVISION) == revision.name and _runs(doc, revision)
        if not there or self._differences(doc, revision):
            text = json.dumps(self._patch(doc, revision))
            kind = 'strategic' if doc['kind'] == 'Deployment' else 'merge'
            command = commands.patch(self.place.client.cluster, self._word, kind)
            doc = documents.from_json(await self.place.client.run(command, text))[0]
        return f'{self._word}@{doc["metadata"].get("generation", 0)}'

    async def _undo(self, doc: Doc, revision: Revision) -> bool:
        """Whether the Deployment still knows the template that the revision had."""
        uid = doc['metadata'].get('uid')
        match = selector(doc['spec']['selector'].get('matchLabels') or {})
        sets = await self.place.client.listing(('replicasets.apps',), match)
        number = history(sets, str(uid), revision.name)
        if not number:
            return False
        command = commands.undo(self.place.client.cluster, self._word, number)
        await self.place.client.run(command)
        return True

    def _patch(self, doc: Doc, revision: Revision) -> Doc:
        target = self.place.target
        content = documents.content(self.place.name, revision)
        if containers.template(doc) is None:
            raise Trouble(
                f'{identity(doc)} has no pod template',
                'where it takes its pods from a Deployment, name that one: deployment: …',
            )
        chosen = containers.choose(doc, target.container, target.image or content.image)
        if chosen is None:
            raise containers.none_meant([doc], target.container)
        make = strategic if doc['kind'] == 'Deployment' else merge
        patch = make(doc, chosen, content, self.place.marks(revision))
        patch['spec'] |= shape.spec(self.place.shape, doc['kind'])
        return patch

    async def diff(self, revision: Revision) -> str:
        """What was set and is not so any more; '' where all of it is."""
        return self._differences((await self._read())[-1], revision)

    def _differences(self, doc: Doc, revision: Revision) -> str:
        wanted = self._patch(doc, revision)['spec']
        here = doc['spec']
        image = revision.version.image
        chosen = containers.choose(doc, self.place.target.container, image) or {}
        pairs = [('image', chosen.get('image'), image or chosen.get('image'))]
        pairs += [
            (key, here.get(key), wanted[key]) for key in ('replicas', 'strategy') if key in wanted
        ]
        changed = [one for one in pairs if one[1] != one[2]]
        return ''.join(
            f'-{identity(doc)} {key}: {found}\n+{identity(doc)} {key}: {should}\n'
            for key, found, should in changed
        )

    # --- of an Argo Rollout

    async def promote(self, *, full: bool = False) -> None:
        """Let a paused Rollout go on; with `full`, past all that is left."""
        self._calm.wake()
        doc = (await self._read())[0]
        of_object, of_status = argo.promotion(doc, full)
        if of_object:
            command = commands.patch(self.place.client.cluster, self._words[0], 'merge')
            await self.place.client.run(command, json.dumps(of_object))
        await self._tell(doc, of_status)

    async def abort(self) -> None:
        """All traffic back to the stable version; it stays so until another one comes."""
        self._calm.wake()
        doc = (await self._read())[0]
        await self._tell(doc, argo.abortion(doc))

    async def _tell(self, doc: Doc, patch: Doc) -> None:
        """Argo's controller is told things by the status."""
        if not patch:
            return
        client = self.place.client
        command = commands.patch(client.cluster, self._words[0], 'merge', 'status')
        answer = await client.ask(command, json.dumps(patch))
        if answer.status and 'unknown flag' in answer.err:
            path = argo.path(doc)
            command = commands.put_status(client.cluster, path)
            await client.run(command, json.dumps(argo.with_status(doc, patch)))
        elif answer.status:
            raise trouble(command, answer)


def _runs(doc: Doc, revision: Revision) -> bool:
    template = containers.template(doc) or {}
    return labelled(template, REVISION) == revision.name


def history(sets: list[Doc], owner: str, revision: str) -> int:
    """The number that Kubernetes gave to the revision's template; 0 where it has forgotten it."""
    numbers = [
        int(annotation(one, HISTORY) or 0)
        for one in sets
        if any(each.get('uid') == owner for each in one['metadata'].get('ownerReferences') or [])
        and labelled(containers.template(one) or {}, REVISION) == revision
    ]
    return max(numbers, default=0)


def variables(doc: Doc) -> frozenset[str]:
    """Those that a patch of ours has set before."""
    return frozenset(filter(None, annotation(doc, VARIABLES).split(',')))


def _annotations(doc: Doc, content: Content, marks: Marks) -> Doc:
    ours = sorted({*content.variables, *content.secrets})
    return {**marks.annotations(), VARIABLES: ','.join(ours)}


def strategic(doc: Doc, chosen: Doc, content: Content, marks: Marks) -> Doc:
    """A patch for what Kubernetes knows: lists of containers and variables merge by name."""
    entries = [
        {**one, 'value': None} if 'valueFrom' in one else {**one, 'valueFrom': None}
        for one in containers.environment(content)
    ]
    gone = sorted(variables(doc) - {one['name'] for one in entries})
    container: Doc = {'name': chosen['name']}
    if content.image:
        container['image'] = content.image
    if entries or gone:
        container['env'] = [*entries, *({'$patch': 'delete', 'name': name} for name in gone)]
    return {
        'metadata': {'annotations': _annotations(doc, content, marks)},
        'spec': {
            'template': {
                'metadata': {'labels': {ENVIRONMENT: marks.environment, REVISION: marks.revision}},
                'spec': {'containers': [container]},
            }
        },
    }


def merge(doc: Doc, chosen: Doc, content: Content, marks: Marks) -> Doc:
    """A patch for a custom resource: lists are replaced whole, so it holds only for the version of
    the object that was read."""
    changed = deepcopy(chosen)
    gone = variables(doc) - {*content.variables, *content.secrets}
    if gone:
        changed['env'] = [one for one in changed.get('env') or [] if one['name'] not in gone]
    containers.fill(changed, content)
    template = containers.template(doc) or {}
    listed = [changed if one is chosen else one for one in template['spec']['containers']]
    return {
        'metadata': {
            'resourceVersion': doc['metadata']['resourceVersion'],
            'annotations': _annotations(doc, content, marks),
        },
        'spec': {
            'template': {
                'metadata': {'labels': {ENVIRONMENT: marks.environment, REVISION: marks.revision}},
                'spec': {'containers': listed},
            }
        },
    }
