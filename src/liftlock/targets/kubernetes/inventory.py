"""What an environment consists of, kept in a ConfigMap beside it.

Objects are named there *before* they are applied, and left out only after they are gone: whenever a
process is killed in between, what was created can still be found. Only what is named there, carries
our label and is no more in the manifests is ever pruned.
"""

import json
from collections.abc import Iterable
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.targets.kubernetes.names import ENVIRONMENT, REVISION, Doc, annotation, object_name

KEY: Final = 'objects'
KEPT: Final = frozenset({'Namespace', 'PersistentVolumeClaim', 'CustomResourceDefinition'})
# whose removal destroys what no manifest brings back


class Reference(NamedTuple):
    """`resource` is what kubectl calls the kind: deployments.v1.apps."""

    resource: str
    name: str
    namespace: str

    @property
    def word(self) -> str:
        return f'{self.resource}/{self.name}'


class Inventory(NamedTuple):
    """`revision` is what was asked for last. `stale` are objects that it no longer has."""

    revision: str = ''
    objects: tuple[Reference, ...] = ()
    stale: tuple[Reference, ...] = ()


def name_for(environment: str) -> str:
    return object_name(f'liftlock-{environment}')


def references(docs: Iterable[Doc], namespace: str) -> tuple[Reference, ...]:
    return tuple(sorted({reference(doc, namespace) for doc in docs}))


def reference(doc: Doc, namespace: str) -> Reference:
    group, _, version = str(doc['apiVersion']).rpartition('/')
    kind = str(doc['kind'])
    resource = f'{kind}.{version}.{group}' if group else kind
    return Reference(resource, doc['metadata']['name'], doc['metadata'].get('namespace', namespace))


def render(inventory: Inventory, environment: str, namespace: str) -> Doc:
    return {
        'apiVersion': 'v1',
        'kind': 'ConfigMap',
        'metadata': {
            'name': name_for(environment),
            'namespace': namespace,
            'labels': {ENVIRONMENT: environment},
            'annotations': {REVISION: inventory.revision},
        },
        'data': {
            KEY: json.dumps([list(one) for one in inventory.objects]),
            'stale': json.dumps([list(one) for one in inventory.stale]),
        },
    }


def parse(doc: Doc | None) -> Inventory:
    if doc is None:
        return Inventory()
    data = doc.get('data') or {}
    listed = [
        tuple(Reference(*one) for one in json.loads(data.get(key) or '[]'))
        for key in (KEY, 'stale')
    ]
    return Inventory(annotation(doc, REVISION), listed[0], listed[1])


def planned(before: Inventory, revision: str, wanted: Iterable[Reference]) -> Inventory:
    """Written before anything is applied: all that there was, and all that there will be."""
    new = tuple(sorted(wanted))
    gone = {*before.objects, *before.stale} - set(new)
    return Inventory(revision, new, tuple(sorted(gone)))


def kind(one: Reference) -> str:
    return one.resource.partition('.')[0]
