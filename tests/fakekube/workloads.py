"""Controllers of Deployments, ReplicaSets, StatefulSets, DaemonSets and their pods."""

import hashlib
import json
import math
import time
from copy import deepcopy
from typing import Any, Final

from fakekube.store import Doc, Store, now

REVISION: Final = 'deployment.kubernetes.io/revision'
NOT_COPIED: Final = ('kubectl.kubernetes.io/last-applied-configuration', REVISION)


class Behaviour:
    """How images behave. `broken` maps an image to why its container never starts; what is in
    `crashing` starts and ends again. `ready_after` is in seconds."""

    def __init__(self, ready_after: float = 0.05) -> None:
        self.ready_after = ready_after
        self.broken: dict[str, str] = {}
        self.crashing: set[str] = set()


def owned(docs: list[Doc], owner: Doc) -> list[Doc]:
    uid = owner['metadata']['uid']
    return [
        one
        for one in docs
        if any(each['uid'] == uid for each in one['metadata'].get('ownerReferences') or [])
    ]


def owner_reference(doc: Doc) -> Doc:
    return {
        'apiVersion': doc['apiVersion'],
        'kind': doc['kind'],
        'name': doc['metadata']['name'],
        'uid': doc['metadata']['uid'],
        'controller': True,
        'blockOwnerDeletion': True,
    }


def template_hash(template: Doc) -> str:
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]


class Workloads:
    def __init__(self, store: Store, behaviour: Behaviour) -> None:
        self.store = store
        self.behaviour = behaviour
        self._progress: dict[str, tuple[Any, float]] = {}  # uid -> what was last, and since when
        self._ready: dict[str, float] = {}  # uid of a pod -> when it became ready
        self._born: dict[str, float] = {}
        self._count = 0

    def step(self) -> None:
        self.store.reap()
        for pod in self.store.all('Pod'):
            self._pod(pod)
        for one in self.store.all('Deployment'):
            self._deployment(one)
        for one in self.store.all('ReplicaSet'):
            self._replica_set(one)
        for kind in ('StatefulSet', 'DaemonSet'):
            for one in self.store.all(kind):
                self._set(one)

    # --- pods

    def _pod(self, pod: Doc) -> None:
        if 'deletionTimestamp' in pod['metadata']:
            return
        uid, image = pod['metadata']['uid'], pod['spec']['containers'][0]['image']
        born = self._born.setdefault(uid, time.monotonic())
        up = time.monotonic() >= born + self.behaviour.ready_after
        why = self.behaviour.broken.get(image, '')
        if image in self.behaviour.crashing and up:
            state = {'waiting': {'reason': 'CrashLoopBackOff', 'message': 'back-off restarting'}}
            self._show(pod, 'Running', False, state, restarts=3)
        elif why:
            message = f'Back-off pulling image "{image}"'
            self._show(pod, 'Pending', False, {'waiting': {'reason': why, 'message': message}})
        elif up:
            self._ready.setdefault(uid, time.monotonic())
            self._show(pod, 'Running', True, {'running': {'startedAt': '2026-01-01T00:00:00Z'}})
        else:
            self._show(pod, 'Pending', False, {'waiting': {'reason': 'ContainerCreating'}})

    def _show(self, pod: Doc, phase: str, ready: bool, state: Doc, restarts: int = 0) -> None:
        before = pod.get('status') or {}
        self.store.status(
            pod,
            {
                'phase': phase,
                'podIP': before.get('podIP', ''),
                'startTime': before.get('startTime', ''),
                'conditions': [{'type': 'Ready', 'status': str(ready)}],
                'containerStatuses': [
                    {'name': one['name'], 'ready': ready, 'restartCount': restarts, 'state': state}
                    for one in pod['spec']['containers']
                ],
            },
        )

    def make_pod(self, owner: Doc, template: Doc, name: str) -> None:
        self._count += 1
        self.store.put(
            {
                'apiVersion': 'v1',
                'kind': 'Pod',
                'metadata': {
                    'name': name,
                    'namespace': owner['metadata']['namespace'],
                    'labels': dict((template.get('metadata') or {}).get('labels') or {}),
                    'annotations': dict((template.get('metadata') or {}).get('annotations') or {}),
                    'ownerReferences': [owner_reference(owner)],
                },
                'spec': deepcopy(template['spec']),
                'status': {
                    'phase': 'Pending',
                    'podIP': f'10.1.{self._count // 250}.{self._count % 250 + 1}',
                    'startTime': now(),
                },
            }
        )

    def pods_of(self, owner: Doc) -> list[Doc]:
        pods = owned(self.store.all('Pod', owner['metadata']['namespace']), owner)
        return [one for one in pods if 'deletionTimestamp' not in one['metadata']]

    @staticmethod
    def is_ready(pod: Doc) -> bool:
        conditions = (pod.get('status') or {}).get('conditions') or []
        return any(one['type'] == 'Ready' and one['status'] == 'True' for one in conditions)

    def _available(self, pod: Doc, seconds: int) -> bool:
        since = self._ready.get(pod['metadata']['uid'])
        return self.is_ready(pod) and since is not None and time.monotonic() >= since + seconds

    # --- replica sets

    def _replica_set(self, one: Doc) -> None:
        pods, wanted = self.pods_of(one), one['spec'].get('replicas', 1)
        for _ in range(wanted - len(pods)):
            self._count += 1
            self.make_pod(
                one, one['spec']['template'], f'{one["metadata"]["name"]}-{self._count:05x}'
            )
        surplus = sorted(pods, key=self.is_ready)[: max(0, len(pods) - wanted)]
        for pod in surplus:
            self.store.delete(*_pod_key(self.store, pod))
        pods = self.pods_of(one)
        seconds = one['spec'].get('minReadySeconds', 0)
        self.store.status(
            one,
            {
                'observedGeneration': one['metadata']['generation'],
                'replicas': len(pods),
                'readyReplicas': sum(map(self.is_ready, pods)),
                'availableReplicas': sum(self._available(pod, seconds) for pod in pods),
            },
        )

    # --- deployments

    def _deployment(self, one: Doc) -> None:
        template = one['spec']['template']
        sets = owned(self.store.all('ReplicaSet', one['metadata']['namespace']), one)
        mark = template_hash(template)
        name = f'{one["metadata"]["name"]}-{mark}'
        new = next((each for each in sets if each['metadata']['name'] == name), None)
        highest = max((int(each['metadata']['annotations'][REVISION]) for each in sets), default=0)
        if new is None:
            new = self._make_set(one, name, mark, highest + 1)
            sets.append(new)
        elif int(new['metadata']['annotations'][REVISION]) < highest:
            new = self._annotated(new, one, highest + 1)
        else:
            new = self._annotated(new, one, highest)
        self._number(one, new['metadata']['annotations'][REVISION])
        self._scale(one, new, [each for each in sets if each['metadata']['name'] != name])
        self._report(one, new, sets)

    def _make_set(self, one: Doc, name: str, mark: str, number: int) -> Doc:
        template = deepcopy(one['spec']['template'])
        labels = {**template['metadata']['labels'], 'pod-template-hash': mark}
        template['metadata']['labels'] = labels
        match = {**one['spec']['selector']['matchLabels'], 'pod-template-hash': mark}
        return self.store.put(
            {
                'apiVersion': 'apps/v1',
                'kind': 'ReplicaSet',
                'metadata': {
                    'name': name,
                    'namespace': one['metadata']['namespace'],
                    'labels': labels,
                    'annotations': {**_copied(one), REVISION: str(number)},
                    'ownerReferences': [owner_reference(one)],
                },
                'spec': {
                    'replicas': 0,
                    'selector': {'matchLabels': match},
                    'template': template,
                    'minReadySeconds': one['spec'].get('minReadySeconds', 0),
                },
            }
        )

    def _annotated(self, new: Doc, one: Doc, number: int) -> Doc:
        wanted = {**_copied(one), REVISION: str(number)}
        if new['metadata'].get('annotations') == wanted:
            return new
        new['metadata']['annotations'] = wanted
        return self.store.put(new)

    def _number(self, one: Doc, number: str) -> None:
        live = self.store.get('Deployment', one['metadata']['name'], one['metadata']['namespace'])
        if live and (live['metadata'].get('annotations') or {}).get(REVISION) != number:
            live['metadata'].setdefault('annotations', {})[REVISION] = number
            self.store.put(live)

    def _scale(self, one: Doc, new: Doc, old: list[Doc]) -> None:
        """Up as far as the surge allows, down as far as what is available allows."""
        wanted, strategy = one['spec']['replicas'], one['spec']['strategy']
        running = sum(len(self.pods_of(each)) for each in (new, *old))
        if strategy['type'] == 'Recreate':
            for each in old:
                self._set_replicas(each, 0)
            if running == len(self.pods_of(new)):
                self._set_replicas(new, wanted)
            return
        rolling = strategy['rollingUpdate']
        surge = _share(rolling['maxSurge'], wanted, up=True)
        missing = _share(rolling['maxUnavailable'], wanted, up=False)
        if not surge and not missing:
            missing = 1
        have = new['spec']['replicas']
        total = have + sum(each['spec']['replicas'] for each in old)
        room = wanted + surge - total
        if not any(each['spec']['replicas'] for each in old):
            self._set_replicas(new, wanted)
        elif have < wanted and room > 0:
            self._set_replicas(new, min(wanted, have + room))
        available = sum(self._available_of(each) for each in (new, *old))
        spare = available - (wanted - missing)
        for each in old:
            broken = each['spec']['replicas'] - self._available_of(each)
            less = max(0, min(each['spec']['replicas'], spare + max(0, broken)))
            if less:
                self._set_replicas(each, each['spec']['replicas'] - less)
                spare -= less - max(0, broken)

    def _available_of(self, one: Doc) -> int:
        seconds = one['spec'].get('minReadySeconds', 0)
        return sum(self._available(pod, seconds) for pod in self.pods_of(one))

    def _set_replicas(self, one: Doc, number: int) -> None:
        live = self.store.get('ReplicaSet', one['metadata']['name'], one['metadata']['namespace'])
        if live and live['spec']['replicas'] != number:
            live['spec']['replicas'] = number
            live['metadata']['generation'] += 1
            one['spec']['replicas'] = number
            self.store.put(live)

    def _report(self, one: Doc, new: Doc, sets: list[Doc]) -> None:
        wanted = one['spec']['replicas']
        pods = [pod for each in sets for pod in self.pods_of(each)]
        seconds = one['spec'].get('minReadySeconds', 0)
        updated = self.pods_of(new)
        available = sum(self._available(pod, seconds) for pod in pods)
        counts = {
            'replicas': len(pods),
            'updatedReplicas': len(updated),
            'readyReplicas': sum(map(self.is_ready, pods)),
            'availableReplicas': available,
            'unavailableReplicas': max(0, wanted - available),
        }
        fresh = sum(self._available(pod, seconds) for pod in updated)
        done = len(updated) == len(pods) == wanted == fresh
        uid = one['metadata']['uid']
        state = (new['metadata']['name'], counts['updatedReplicas'], fresh, len(pods))
        if self._progress.get(uid, (None, 0.0))[0] != state:
            self._progress[uid] = (state, time.monotonic())
        deadline = one['spec']['progressDeadlineSeconds']
        late = not done and time.monotonic() > self._progress[uid][1] + deadline
        reason = (
            'NewReplicaSetAvailable' if done else 'ProgressDeadlineExceeded' if late
            else 'ReplicaSetUpdated'
        )  # fmt: skip
        message = (
            f'ReplicaSet "{new["metadata"]["name"]}" has timed out progressing.' if late
            else f'ReplicaSet "{new["metadata"]["name"]}" is progressing.'
        )  # fmt: skip
        self.store.status(
            one,
            {
                'observedGeneration': one['metadata']['generation'],
                **{key: value for key, value in counts.items() if value},
                'conditions': [
                    {
                        'type': 'Available',
                        'status': str(available >= wanted),
                        'reason': 'MinimumReplicasAvailable',
                    },
                    {
                        'type': 'Progressing',
                        'status': str(not late),
                        'reason': reason,
                        'message': message,
                    },
                ],
            },
        )

    # --- the other sets: all at once, which is enough for whoever only looks

    def _set(self, one: Doc) -> None:
        mark = template_hash(one['spec']['template'])
        wanted = one['spec'].get('replicas', 1) if one['kind'] == 'StatefulSet' else 1
        pods = self.pods_of(one)
        label = 'controller-revision-hash'
        for pod in pods:
            if pod['metadata']['labels'].get(label) != mark:
                self.store.delete(*_pod_key(self.store, pod))
        taken = {pod['metadata']['name'] for pod in owned(self.store.all('Pod'), one)}
        template = deepcopy(one['spec']['template'])
        template.setdefault('metadata', {}).setdefault('labels', {})[label] = mark
        for index in range(wanted):
            name = f'{one["metadata"]["name"]}-{index}'
            if name not in taken:
                self.make_pod(one, template, name)
        pods = self.pods_of(one)
        ready = sum(map(self.is_ready, pods))
        fresh = sum(pod['metadata']['labels'].get(label) == mark for pod in pods)
        status: Doc = {'observedGeneration': one['metadata']['generation']}
        if one['kind'] == 'StatefulSet':
            before = (one.get('status') or {}).get('currentRevision', mark)
            status |= {
                'replicas': len(pods), 'readyReplicas': ready, 'updatedReplicas': fresh,
                'updateRevision': mark,
                'currentRevision': mark if ready == wanted == fresh else before,
            }  # fmt: skip
        else:
            status |= {
                'desiredNumberScheduled': wanted, 'updatedNumberScheduled': fresh,
                'numberAvailable': ready,
            }  # fmt: skip
        self.store.status(one, status)


def _pod_key(store: Store, pod: Doc) -> tuple[Any, Any]:
    from fakekube.resources import BY_KIND

    return BY_KIND['Pod'], store.key(BY_KIND['Pod'], pod)


def _copied(one: Doc) -> dict[str, str]:
    annotations = one['metadata'].get('annotations') or {}
    return {key: value for key, value in annotations.items() if key not in NOT_COPIED}


def _share(value: Any, of: int, *, up: bool) -> int:
    if isinstance(value, str) and value.endswith('%'):
        exact = of * int(value[:-1]) / 100
        return math.ceil(exact) if up else math.floor(exact)
    return int(value)
