"""A revision as objects of its own: a Deployment, and where a router asks for it a Service."""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Final

from liftlock.rollout.trouble import Trouble
from liftlock.targets.kubernetes import containers
from liftlock.targets.kubernetes.documents import Marks
from liftlock.targets.kubernetes.names import (
    ENVIRONMENT,
    OURS,
    REVISION,
    Doc,
    identity,
    of_revision,
)

NOT_COPIED: Final = (
    'kubectl.kubernetes.io/last-applied-configuration',
    'deployment.kubernetes.io/revision',
)
MODELS: Final = ('Deployment', 'Rollout')  # Argo's is one with another strategy
FIELDS: Final = (
    'selector', 'template', 'minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds',
)  # fmt: skip
KEPT: Final = ('name', 'namespace', 'labels', 'annotations')
ASSIGNED: Final = (
    'clusterIP',
    'clusterIPs',
    'healthCheckNodePort',
    'loadBalancerIP',
    'externalIPs',
)
ONLY_PUBLIC: Final = ('externalTrafficPolicy', 'loadBalancerClass', 'allocateLoadBalancerNodePorts')


def base(docs: Sequence[Doc], name: str) -> Doc:
    """The Deployment that revisions are made after. Raises Trouble where that is not clear."""
    found = [one for one in docs if one.get('kind') in MODELS and containers.template(one)]
    named = [one for one in found if name in ('', one['metadata']['name'])]
    if len(named) == 1:
        return named[0]
    listed = ', '.join(identity(one) for one in found) or 'none at all'
    if name:
        raise Trouble(f'the manifests have no Deployment "{name}"', f'there are: {listed}')
    raise Trouble('it is not clear which Deployment has colours', f'say deployment: …; {listed}')


def deployment(model: Doc, marks: Marks, replicas: int) -> Doc:
    """The same under the revision's name, with labels that keep its pods apart from all others."""
    fields = (*FIELDS, 'strategy') if model['kind'] == 'Deployment' else FIELDS
    spec = {key: deepcopy(model['spec'][key]) for key in fields if key in model['spec']}
    made: Doc = {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'spec': spec}
    ours = {ENVIRONMENT: marks.environment, REVISION: marks.revision}
    made['metadata'] = _metadata(
        model, of_revision(model['metadata']['name'], marks.revision), ours
    )
    made['metadata'].setdefault('annotations', {}).update(marks.annotations())
    spec['replicas'] = replicas
    match = spec.setdefault('selector', {}).setdefault('matchLabels', {})
    match.update(ours)
    template = containers.template(made)
    if template is None:
        raise Trouble(f'{identity(model)} has no pod template')
    pod = template.setdefault('metadata', {})
    pod['labels'] = {**(pod.get('labels') or {}), **ours}
    return made


def service(model: Doc, revision: str, environment: str) -> Doc:
    """A Service of one revision only, inside the cluster."""
    ours = {ENVIRONMENT: environment, REVISION: revision}
    spec = {
        key: deepcopy(value)
        for key, value in model['spec'].items()
        if key not in (*ASSIGNED, *ONLY_PUBLIC)
    }
    spec['type'] = 'ClusterIP'
    for port in spec.get('ports') or []:
        port.pop('nodePort', None)
    plain = {key: value for key, value in (spec.get('selector') or {}).items() if key not in OURS}
    spec['selector'] = {**plain, **ours}
    return {
        'apiVersion': 'v1',
        'kind': 'Service',
        'metadata': _metadata(model, of_revision(model['metadata']['name'], revision), ours),
        'spec': spec,
    }


def _metadata(model: Doc, name: str, ours: dict[str, str]) -> Doc:
    kept = {key: deepcopy(value) for key, value in model['metadata'].items() if key in KEPT}
    kept['name'] = name
    kept['labels'] = {**(kept.get('labels') or {}), **ours}
    annotations = {
        key: value
        for key, value in (kept.get('annotations') or {}).items()
        if key not in NOT_COPIED and not key.startswith('liftlock.dev/')
    }
    return {**kept, 'annotations': annotations} if annotations else _without(kept, 'annotations')


def _without(doc: Doc, key: str) -> Doc:
    return {name: value for name, value in doc.items() if name != key}


def around(docs: Iterable[Doc], model: Doc) -> list[Doc]:
    """All but the Deployment that the revisions are made after."""
    return [one for one in docs if one is not model]
