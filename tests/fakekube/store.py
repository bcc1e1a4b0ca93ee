"""The objects of a cluster, every change of them in order, and the rules of changing them."""

import threading
import time
import uuid
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any, NamedTuple

from fakekube import defaults, schemas, selectors
from fakekube.refusal import Refused
from fakekube.resources import BY_KIND, Resource

Doc = dict[str, Any]
Key = tuple[str, str, str]  # plural.group, namespace, name


class Event(NamedTuple):
    number: int
    type: str
    key: Key
    doc: Doc


def now() -> str:
    return datetime.now(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')


class Store:
    """All of it is guarded by `changed`, a condition that is notified with every change.

    `grace` is how long a pod takes to end, in seconds.
    """

    def __init__(self, grace: float = 0.05) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.objects: dict[Key, Doc] = {}
        self.events: list[Event] = []
        self.number = 100
        self.grace = grace
        self.ends: dict[str, float] = {}  # uid -> when a pod is gone
        for name in ('default', 'kube-system'):
            self.put({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': name}})

    # --- for tests and controllers

    def put(self, doc: Doc) -> Doc:
        """Create, or replace with status and all."""
        resource = BY_KIND[doc['kind']]
        with self.changed:
            key = self.key(resource, doc)
            if key not in self.objects:
                return self.create(resource, key[1], doc)
            return self._write(resource, key, doc)

    def get(self, kind: str, name: str, namespace: str = 'default') -> Doc | None:
        resource = BY_KIND[kind]
        with self.changed:
            found = self.objects.get(
                (resource.full, namespace if resource.namespaced else '', name)
            )
            return deepcopy(found)

    def all(self, kind: str, namespace: str = '') -> list[Doc]:
        full = BY_KIND[kind].full
        with self.changed:
            return [
                deepcopy(doc)
                for key, doc in sorted(self.objects.items())
                if key[0] == full and namespace in ('', key[1])
            ]

    def status(self, doc: Doc, status: Doc) -> None:
        """Only where it differs, and only if the object is still there."""
        resource = BY_KIND[doc['kind']]
        with self.changed:
            key = self.key(resource, doc)
            live = self.objects.get(key)
            if live is not None and live.get('status') != status:
                self._write(resource, key, {**live, 'status': status})

    def wait(self, true: Callable[[], Any], patience: float = 10.0) -> Any:
        """Until it is true; what it answered. Fails the test if it never is."""
        until = time.monotonic() + patience
        with self.changed:
            while not (found := true()):
                left = until - time.monotonic()
                assert left > 0, 'the cluster never came to that'
                self.changed.wait(min(left, 0.2))
        return found

    # --- for the API

    @staticmethod
    def key(resource: Resource, doc: Doc) -> Key:
        namespace = doc['metadata'].get('namespace', 'default') if resource.namespaced else ''
        return resource.full, namespace, doc['metadata']['name']

    def listed(self, resource: Resource, namespace: str, labels: str, fields: str) -> list[Doc]:
        fits = matcher(resource, namespace, labels, fields)
        with self.changed:
            return [doc for key, doc in sorted(self.objects.items()) if fits(key, doc)]

    def create(self, resource: Resource, namespace: str, doc: Doc, dry: bool = False) -> Doc:
        doc = without_nulls(doc)
        metadata = doc.setdefault('metadata', {})
        if not metadata.get('name') and metadata.get('generateName'):
            metadata['name'] = metadata['generateName'] + uuid.uuid4().hex[:5]
        if resource.namespaced:
            if metadata.setdefault('namespace', namespace) != namespace:
                message = 'the namespace of the provided object does not match the request'
                raise Refused(400, 'BadRequest', message)
            if ('namespaces', '', namespace) not in self.objects:
                raise Refused(404, 'NotFound', f'namespaces "{namespace}" not found')
        doc.setdefault('apiVersion', resource.api)
        doc.setdefault('kind', resource.kind)
        key = self.key(resource, doc)
        with self.changed:
            if key in self.objects:
                message = f'{resource.full} "{key[2]}" already exists'
                raise Refused(409, 'AlreadyExists', message)
            schemas.check(doc, None)
            defaults.fill(doc)
            metadata.update(uid=str(uuid.uuid4()), creationTimestamp=now())
            if 'spec' in doc:
                metadata['generation'] = 1
            if resource.kind == 'Service' and doc['spec']['type'] != 'ExternalName':
                doc['spec'].setdefault('clusterIP', f'10.96.0.{len(self.objects) % 250 + 1}')
            if dry:
                return doc
            return self._write(resource, key, doc, 'ADDED')

    def change(
        self, resource: Resource, key: Key, make: Callable[[Doc], Doc], sub: str, dry: bool
    ) -> Doc:
        """Write what `make` makes of the object; of its status only that, of it all but that."""
        with self.changed:
            before = self.objects.get(key)
            if before is None:
                raise Refused(404, 'NotFound', f'{resource.full} "{key[2]}" not found')
            doc = make(deepcopy(before))
            self._check_version(resource, key, before, doc)
            if sub == 'status':
                doc = {**deepcopy(before), 'status': doc.get('status') or {}}
            elif resource.status and 'status' in before:
                doc['status'] = before['status']
            elif resource.status:
                doc.pop('status', None)
            for name in ('uid', 'creationTimestamp', 'name', 'namespace'):
                if name in before['metadata']:
                    doc['metadata'][name] = before['metadata'][name]
            doc = without_nulls(doc)
            schemas.check(doc, before)
            defaults.fill(doc)
            if 'generation' in before['metadata']:
                changed = doc.get('spec') != before.get('spec')
                doc['metadata']['generation'] = before['metadata']['generation'] + changed
            doc['metadata']['resourceVersion'] = before['metadata']['resourceVersion']
            if dry or doc == before:
                return doc
            return self._write(resource, key, doc)

    @staticmethod
    def _check_version(resource: Resource, key: Key, before: Doc, doc: Doc) -> None:
        given = doc['metadata'].get('resourceVersion')
        if given and given != before['metadata']['resourceVersion']:
            message = (
                f'Operation cannot be fulfilled on {resource.full} "{key[2]}": the object has been '
                'modified; please apply your changes to the latest version and try again'
            )
            raise Refused(409, 'Conflict', message)

    def delete(
        self,
        resource: Resource,
        key: Key,
        propagation: str = 'Background',
        grace: float | None = None,
    ) -> Doc:
        with self.changed:
            doc = self.objects.get(key)
            if doc is None:
                raise Refused(404, 'NotFound', f'{resource.full} "{key[2]}" not found')
            if resource.kind == 'Pod':
                return self._end(doc, self.grace if grace is None else min(grace, self.grace))
            if resource.kind == 'Namespace':
                for other in [one for one in self.objects if one[1] == key[2]]:
                    self._remove(other)
            self._remove(key)
            if propagation != 'Orphan':
                self._collect(doc['metadata']['uid'])
            return doc

    def _end(self, pod: Doc, grace: float) -> Doc:
        """A pod is told to end, and is gone a little later."""
        if 'deletionTimestamp' in pod['metadata']:
            return pod
        self.ends[pod['metadata']['uid']] = time.monotonic() + grace
        metadata = {**pod['metadata'], 'deletionTimestamp': now(), 'deletionGracePeriodSeconds': 30}
        key = self.key(BY_KIND['Pod'], pod)
        return self._write(BY_KIND['Pod'], key, {**pod, 'metadata': metadata})

    def reap(self) -> None:
        with self.changed:
            due = {uid for uid, at in self.ends.items() if at <= time.monotonic()}
            for key in [k for k, doc in self.objects.items() if doc['metadata'].get('uid') in due]:
                self._remove(key)
            for uid in due:
                del self.ends[uid]

    def _collect(self, owner: str) -> None:
        """What belonged to an object that is gone goes, too."""
        for key, doc in list(self.objects.items()):
            owners = doc['metadata'].get('ownerReferences') or []
            if any(one['uid'] == owner for one in owners):
                resource = BY_KIND[doc['kind']]
                self.delete(resource, key)

    def _remove(self, key: Key) -> None:
        doc = self.objects.pop(key, None)
        if doc is not None:
            self._log('DELETED', key, doc)

    def _write(self, resource: Resource, key: Key, doc: Doc, type: str = 'MODIFIED') -> Doc:
        doc = without_nulls(doc)
        self.objects[key] = doc
        self._log(type, key, doc)
        return deepcopy(doc)

    def _log(self, type: str, key: Key, doc: Doc) -> None:
        self.number += 1
        doc['metadata']['resourceVersion'] = str(self.number)
        self.events.append(Event(self.number, type, key, deepcopy(doc)))
        self.changed.notify_all()


def without_nulls(doc: Any) -> Any:
    """A copy: what is null is not there."""
    if isinstance(doc, dict):
        return {key: without_nulls(value) for key, value in doc.items() if value is not None}
    return [without_nulls(one) for one in doc] if isinstance(doc, list) else doc


def matcher(
    resource: Resource, namespace: str, labels: str, fields: str
) -> Callable[[Key, Doc], bool]:
    by_label, by_field = selectors.labels(labels), selectors.fields(fields)

    def fits(key: Key, doc: Doc) -> bool:
        return (
            key[0] == resource.full
            and namespace in ('', key[1])
            and by_label(doc['metadata'].get('labels') or {})
            and by_field(doc)
        )

    return fits
