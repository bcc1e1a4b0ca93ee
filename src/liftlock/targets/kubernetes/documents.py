"""Objects that are applied: read from YAML, and marked as belonging to a revision."""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision
from liftlock.targets.kubernetes import containers
from liftlock.targets.kubernetes.containers import Content
from liftlock.targets.kubernetes.names import (
    CAUSE,
    ENVIRONMENT,
    REVISION,
    VERSION,
    Doc,
    identity,
    of_revision,
)

WORKLOADS: Final = ('Deployment', 'StatefulSet', 'DaemonSet', 'Rollout')
CLUSTER_WIDE: Final = frozenset(
    {
        'Namespace',
        'ClusterRole',
        'ClusterRoleBinding',
        'CustomResourceDefinition',
        'PersistentVolume',
        'PriorityClass',
        'StorageClass',
        'IngressClass',
        'GatewayClass',
        'ClusterIssuer',
        'ClusterAnalysisTemplate',
        'ValidatingWebhookConfiguration',
        'MutatingWebhookConfiguration',
    }
)


class Marks(NamedTuple):
    """Whose an object is: the label of its environment, and what its pods are."""

    environment: str
    revision: str
    note: str = ''  # v1.2.0, for people

    def annotations(self) -> dict[str, str]:
        return {
            REVISION: self.revision,
            VERSION: self.note,
            CAUSE: f'liftlock {self.revision} {self.note}'.rstrip(),
        }


class Wanted(NamedTuple):
    """Which container of which workload gets what. An empty name is for Liftlock to find out."""

    deployment: str = ''
    container: str = ''
    repository: str = ''  # of the image, where the manifests have another one than the version
    content: Content = Content()


def read(text: str, where: str) -> list[Doc]:
    """All objects of a YAML (or JSON) text; the items of a List each by itself.

    Raises Trouble for what is no object.
    """
    from liftlock.targets.kubernetes import yamls

    try:
        found = yamls.load(text)
    except ValueError as error:
        raise Trouble(f'{where} is not YAML: {error}') from None
    objects: list[Doc] = []
    for doc in found:
        if not isinstance(doc, dict) or 'kind' not in doc or 'apiVersion' not in doc:
            raise Trouble(f'{where} holds something that is no object: apiVersion or kind lacks')
        objects += doc['items'] or [] if str(doc['kind']).endswith('List') else [doc]
    for doc in objects:
        if not (doc.get('metadata') or {}).get('name'):
            raise Trouble(f'{where} has a {doc.get("kind")} without metadata.name')
    return objects


def workloads(docs: Iterable[Doc]) -> list[Doc]:
    return [doc for doc in docs if doc.get('kind') in WORKLOADS]


def mark(docs: Iterable[Doc], marks: Marks, namespace: str) -> list[Doc]:
    """Copies that carry the environment's label and a namespace; pods also their revision."""
    return [_marked(deepcopy(doc), marks, namespace) for doc in docs]


def _marked(doc: Doc, marks: Marks, namespace: str) -> Doc:
    metadata = doc['metadata']
    metadata['labels'] = {**(metadata.get('labels') or {}), ENVIRONMENT: marks.environment}
    if doc['kind'] not in CLUSTER_WIDE:
        metadata.setdefault('namespace', namespace)
    if doc['kind'] in WORKLOADS:
        metadata['annotations'] = {**(metadata.get('annotations') or {}), **marks.annotations()}
        template = containers.template(doc)
        if template is not None:
            pod = template.setdefault('metadata', {})
            ours = {ENVIRONMENT: marks.environment, REVISION: marks.revision}
            pod['labels'] = {**(pod.get('labels') or {}), **ours}
    return doc


def fill(docs: Sequence[Doc], wanted: Wanted) -> list[Doc]:
    """Give the container that is meant its image and variables, in place. The objects that got it.

    Without a `deployment`, every workload that runs the image's repository is meant, or the only
    one there is. Raises Trouble where nothing is found although there is something to give.
    """
    content = wanted.content
    if not (content.image or content.variables or content.secrets):
        return []
    candidates = workloads(docs)
    if wanted.deployment:
        candidates = [doc for doc in candidates if doc['metadata']['name'] == wanted.deployment]
        if not candidates:
            names = ', '.join(identity(doc) for doc in workloads(docs)) or 'none at all'
            raise Trouble(f'the manifests have no "{wanted.deployment}"', f'there are: {names}')
    repository = wanted.repository or content.image
    filled = []
    for doc in candidates:
        container = containers.choose(doc, wanted.container, repository)
        strange = container is not None and not _meant(container, wanted, repository)
        if container is None or (strange and len(candidates) > 1):
            continue
        containers.fill(container, content)
        filled.append(doc)
    if not filled:
        raise containers.none_meant(candidates, wanted.container)
    return filled


def _meant(container: Doc, wanted: Wanted, repository: str) -> bool:
    named = bool(wanted.deployment or wanted.container)
    return named or containers.same_repository(str(container.get('image', '')), repository)


def secret(name: str, revision: Revision, marks: Marks, namespace: str) -> Doc:
    """What nobody may see of a revision, under a name that tells whose it is. It never changes:
    another value is another revision."""
    return {
        'apiVersion': 'v1',
        'kind': 'Secret',
        'metadata': {
            'name': of_revision(name, revision.name),
            'namespace': namespace,
            'labels': {ENVIRONMENT: marks.environment, REVISION: marks.revision},
        },
        'type': 'Opaque',
        'data': {
            key: b64encode(revision.env[key].encode()).decode() for key in sorted(revision.secrets)
        },
    }


def content(name: str, revision: Revision) -> Content:
    """What its containers get."""
    hidden = frozenset(revision.secrets)
    plain = {key: value for key, value in revision.env.items() if key not in hidden}
    return Content(
        revision.version.image,
        plain,
        tuple(sorted(hidden)),
        of_revision(name, revision.name) if hidden else '',
    )


def as_list(docs: Iterable[Doc]) -> str:
    """One text for `--filename -`."""
    return json.dumps({'apiVersion': 'v1', 'kind': 'List', 'items': list(docs)})


def from_json(text: str) -> list[Doc]:
    """What kubectl printed: one object, a list, or nothing."""
    if not text.strip():
        return []
    found = json.loads(text)
    return list(found['items'] or []) if 'items' in found else [found]


def by_identity(docs: Iterable[Doc]) -> Mapping[str, Doc]:
    return {identity(doc): doc for doc in docs}
