"""Controllers of Services, HTTPRoutes and Argo Rollouts."""

import time

from fakekube.selectors import matches
from fakekube.store import Doc, Store, now
from fakekube.workloads import Workloads, owned, owner_reference, template_hash


class Services:
    """Endpoints are the ready pods that the selector finds."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def step(self) -> None:
        for service in self.store.all('Service'):
            self._service(service)
        for route in self.store.all('HTTPRoute'):
            self._route(route)

    def _service(self, service: Doc) -> None:
        selector = service['spec'].get('selector')
        if not selector:
            return
        name, namespace = service['metadata']['name'], service['metadata']['namespace']
        endpoints = [
            {
                'addresses': [pod['status'].get('podIP', '')],
                'conditions': {'ready': True},
                'targetRef': {'kind': 'Pod', 'name': pod['metadata']['name']},
            }
            for pod in self.store.all('Pod', namespace)
            if matches(selector, pod['metadata'].get('labels') or {})
            and Workloads.is_ready(pod)
            and 'deletionTimestamp' not in pod['metadata']
        ]
        doc = {
            'apiVersion': 'discovery.k8s.io/v1',
            'kind': 'EndpointSlice',
            'metadata': {
                'name': f'{name}-slice',
                'namespace': namespace,
                'labels': {'kubernetes.io/service-name': name},
                'ownerReferences': [owner_reference(service)],
            },
            'addressType': 'IPv4',
            'endpoints': endpoints,
        }
        live = self.store.get('EndpointSlice', f'{name}-slice', namespace)
        if live is None or live['endpoints'] != endpoints:
            with self.store.changed:  # its Service may just have been deleted
                if self.store.get('Service', name, namespace):
                    self.store.put({**(live or {}), **doc, 'metadata': (live or doc)['metadata']})

    def _route(self, route: Doc) -> None:
        namespace = route['metadata']['namespace']
        lost = [
            one['name']
            for rule in route['spec'].get('rules') or []
            for one in rule.get('backendRefs') or []
            if self.store.get('Service', one['name'], namespace) is None
        ]
        resolved = {
            'type': 'ResolvedRefs',
            'status': str(not lost),
            'reason': 'BackendNotFound' if lost else 'ResolvedRefs',
            'message': f'Service not found: {", ".join(lost)}' if lost else '',
            'observedGeneration': route['metadata']['generation'],
        }
        accepted = {
            'type': 'Accepted',
            'status': 'True',
            'reason': 'Accepted',
            'message': '',
            'observedGeneration': route['metadata']['generation'],
        }
        parents = [
            {
                'parentRef': parent,
                'controllerName': 'example.com/gateway',
                'conditions': [accepted, resolved],
            }
            for parent in route['spec'].get('parentRefs') or []
        ]
        self.store.status(route, {'parents': parents})


class Rollouts:
    """Argo's controller as far as its status goes: steps that pause, promotion, abort, phases."""

    def __init__(self, store: Store, workloads: Workloads) -> None:
        self.store = store
        self.workloads = workloads

    def step(self) -> None:
        for one in self.store.all('Rollout'):
            if 'workloadRef' not in one['spec']:
                self._rollout(one)

    def _rollout(self, one: Doc) -> None:
        status = dict(one.get('status') or {})
        mark = template_hash(one['spec']['template'])
        if status.get('currentPodHash') != mark:
            for key in ('abort', 'promoteFull', 'pauseConditions', 'controllerPause'):
                status.pop(key, None)
            status |= {'currentPodHash': mark, 'currentStepIndex': 0}
        status['observedGeneration'] = str(one['metadata']['generation'])
        stable = status.setdefault('stableRS', '')
        pods = self._pods(one, mark)
        ready = len(pods) == one['spec'].get('replicas', 1) and all(
            map(self.workloads.is_ready, pods)
        )
        if status.get('abort'):
            status |= {'phase': 'Degraded', 'message': 'RolloutAborted: Rollout aborted update'}
        elif not ready:
            status |= {'phase': 'Progressing', 'message': 'more replicas need to be updated'}
        elif stable in ('', mark) or status.get('promoteFull') or self._walked(one, status):
            for key in ('promoteFull', 'pauseConditions', 'controllerPause'):
                status.pop(key, None)
            status |= {'stableRS': mark, 'phase': 'Healthy', 'message': ''}
        self.store.status(one, status)

    def _walked(self, one: Doc, status: Doc) -> bool:
        """Whether all steps are done. A pause is over when its condition was taken away."""
        strategy = one['spec']['strategy']
        blue_green = strategy.get('blueGreen')
        if blue_green is not None:
            if blue_green.get('autoPromotionEnabled', True):
                return True
            return self._paused(status, 'BlueGreenPause')
        steps = (strategy.get('canary') or {}).get('steps') or []
        while status['currentStepIndex'] < len(steps):
            step = steps[status['currentStepIndex']]
            if 'pause' in step and not (step['pause'] or {}).get('duration'):
                if not self._paused(status, 'CanaryPauseStep'):
                    return False
                status.pop('controllerPause', None)
            status['currentStepIndex'] += 1
        return True

    @staticmethod
    def _paused(status: Doc, reason: str) -> bool:
        """Whether the pause is over."""
        if status.get('controllerPause') and not status.get('pauseConditions'):
            return True
        if not status.get('pauseConditions'):
            status['pauseConditions'] = [{'reason': reason, 'startTime': now()}]
            status['controllerPause'] = True
        status |= {'phase': 'Paused', 'message': reason}
        return False

    def _pods(self, one: Doc, mark: str) -> list[Doc]:
        """All pods are of the newest template at once."""
        label = 'rollouts-pod-template-hash'
        pods = owned(self.store.all('Pod', one['metadata']['namespace']), one)
        alive = [pod for pod in pods if 'deletionTimestamp' not in pod['metadata']]
        fresh = [pod for pod in alive if pod['metadata']['labels'].get(label) == mark]
        from fakekube.workloads import _pod_key

        for pod in alive:
            if pod not in fresh:
                self.store.delete(*_pod_key(self.store, pod))
        template = dict(one['spec']['template'])
        labels = {**(template.get('metadata') or {}).get('labels', {}), label: mark}
        template['metadata'] = {**(template.get('metadata') or {}), 'labels': labels}
        for _ in range(one['spec'].get('replicas', 1) - len(fresh)):
            number = f'{time.monotonic_ns():x}'[-6:]
            self.workloads.make_pod(one, template, f'{one["metadata"]["name"]}-{mark}-{number}')
        return fresh
