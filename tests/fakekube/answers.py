"""Documents that the server makes by itself: statuses, discovery, scales."""

from typing import Final

from fakekube.refusal import Refused
from fakekube.resources import RESOURCES, Resource
from fakekube.store import Doc

VERBS: Final = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch']


def status(error: Refused) -> Doc:
    return {
        'kind': 'Status',
        'apiVersion': 'v1',
        'metadata': {},
        'status': 'Failure',
        'message': str(error),
        'reason': error.reason,
        'details': error.details,
        'code': error.code,
    }


def groups() -> list[Doc]:
    found = {one.group: one for one in RESOURCES if one.group}
    return [
        {
            'name': group,
            'versions': [{'groupVersion': one.api, 'version': one.version}],
            'preferredVersion': {'groupVersion': one.api, 'version': one.version},
        }
        for group, one in found.items()
    ]


def resource_list(listed: list[Resource]) -> Doc:
    resources = []
    for one in listed:
        record = {'namespaced': one.namespaced, 'kind': one.kind, 'singularName': one.kind.lower()}
        resources.append(
            {**record, 'name': one.plural, 'verbs': VERBS, 'shortNames': list(one.short)}
        )
        for sub in ('status', 'scale'):
            if getattr(one, sub):
                kind = {'kind': 'Scale', 'group': 'autoscaling', 'version': 'v1'}
                extra = kind if sub == 'scale' else {}
                resources.append(
                    {**record, **extra, 'name': f'{one.plural}/{sub}', 'verbs': VERBS[2:]}
                )
    return {
        'kind': 'APIResourceList',
        'apiVersion': 'v1',
        'groupVersion': listed[0].api,
        'resources': resources,
    }


def scale(doc: Doc) -> Doc:
    metadata = doc['metadata']
    kept = ('name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp')
    return {
        'kind': 'Scale',
        'apiVersion': 'autoscaling/v1',
        'metadata': {key: metadata.get(key) for key in kept},
        'spec': {'replicas': doc['spec'].get('replicas', 1)},
        'status': {'replicas': (doc.get('status') or {}).get('replicas', 0)},
    }


def scaled(doc: Doc, scale: Doc) -> Doc:
    doc['spec']['replicas'] = scale['spec'].get('replicas', 0)
    return doc
