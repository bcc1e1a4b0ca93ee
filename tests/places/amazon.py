"""moto's ECS with a life of its own: what moto stores, a thread here moves on, as AWS would.

moto answers like AWS but lets nothing happen: no deployment begins or ends, no task runs. Here an
update makes a new PRIMARY deployment beside the old ACTIVE one, tasks start one after the other,
those of an image with `bad` in its name end with exit code 1, and the circuit breaker gives up
and goes back. How AWS words its events and reasons is from its documentation and from reports of
users; nobody has compared this with an account.
"""

import itertools
import math
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from e2e.actions.cloud import ACCOUNT, REGION, Cloud, open_cloud

_TICK = 0.02


class Life:
    """`breaker` is '', stop or rollback: what the circuit breaker of a service does. `held`: time
    stands still. `begun` counts deployments; `registered` is told by moto itself."""

    def __init__(self) -> None:
        self.breaker = 'rollback'
        self.held = False
        self.begun = 0
        self._numbers = itertools.count(1)
        self._last_good: dict[str, str] = {}
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    @property
    def backend(self) -> Any:
        from moto.backends import get_backend

        return get_backend('ecs')[ACCOUNT][REGION]

    @contextmanager
    def going_on(self) -> Iterator[None]:
        from moto.ecs.models import EC2ContainerServiceBackend as Backend
        from moto.moto_api import state_manager

        update = Backend.update_service

        def update_service(backend: Any, properties: dict[str, Any]) -> Any:
            with self._lock:
                force = bool(properties.get('force_new_deployment'))
                service = update(backend, properties)
                found = backend.describe_task_definition(service.task_definition)
                service.task_definition = found.arn  # it may have been said in short
                current = service.deployments[0]
                if force or current['taskDefinition'] != service.task_definition:
                    self._begin(service)
                current['desiredCount'] = service.deployments[0]['desiredCount']
                self._count(service)
                return service

        state_manager.set_transition('ecs::task', {'progression': 'manual', 'times': 10**9})
        Backend.update_service = update_service  # type: ignore[method-assign]
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join()
            Backend.update_service = update  # type: ignore[method-assign]
            state_manager.unset_transition('ecs::task')

    def say(self, service: Any, message: str) -> None:
        event = {
            'id': f'event-{next(self._numbers)}',
            'createdAt': datetime.now(UTC),
            'message': f'(service {service.name}) {message}',
        }
        service.events.insert(0, event)

    def _begin(self, service: Any) -> None:
        self.begun += 1
        id = f'ecs-svc/{next(self._numbers):019}'
        now = datetime.now(UTC)
        for old in service.deployments:
            old['status'] = 'ACTIVE'
        made = service.deployments[0] | {
            'id': id, 'status': 'PRIMARY', 'taskDefinition': service.task_definition,
            'rolloutState': 'IN_PROGRESS', 'createdAt': now, 'updatedAt': now,
            'rolloutStateReason': f'ECS deployment {id} in progress.',
            'runningCount': 0, 'pendingCount': 0, 'failedTasks': 0,
            'desiredCount': service.desired_count,
        }  # fmt: skip
        others = [  # tasks of this very definition go on under the new one
            one
            for one in service.deployments
            if one['taskDefinition'] != service.task_definition and one['rolloutState'] != 'FAILED'
        ]
        service.deployments = [made, *others]

    def _run(self) -> None:
        while not self._over.wait(_TICK):
            with self._lock:
                if not self.held:
                    for service in list(self.backend.services.values()):
                        if service.status == 'ACTIVE' and service.deployments:
                            self._live(service)

    def _live(self, service: Any) -> None:
        """One step: of each deployment one task starts, fails or ends."""
        new = service.deployments[0]
        tasks = self._tasks(service, new)
        if new['rolloutState'] == 'FAILED':
            return
        if self._is_bad(new['taskDefinition']):
            self._fail(service, new)
        elif len(tasks) < service.desired_count:
            self._start(service, new)
        elif len(tasks) > service.desired_count:
            self._stop(tasks[-1], 'Scaling activity initiated by deployment')
        else:
            self._replace(service, new)
        self._count(service)

    def _replace(self, service: Any, new: dict[str, Any]) -> None:
        """The old ones end one by one; without any of them it is complete."""
        for old in service.deployments[1:]:
            if tasks := self._tasks(service, old):
                self._stop(tasks[0], 'Scaling activity initiated by deployment')
                return
        service.deployments = [new]
        if new['rolloutState'] != 'COMPLETED':
            new['rolloutState'] = 'COMPLETED'
            new['rolloutStateReason'] = f'ECS deployment {new["id"]} completed.'
            self._last_good[service.arn] = new['taskDefinition']
            self.say(service, f'(deployment {new["id"]}) deployment completed.')
            self.say(service, 'has reached a steady state.')

    def _fail(self, service: Any, new: dict[str, Any]) -> None:
        task = self._start(service, new)
        self._stop(task, 'Essential container in task exited', code=1)
        new['failedTasks'] += 1
        limit = min(200, max(3, math.ceil(service.desired_count / 2)))
        if not self.breaker or new['failedTasks'] < limit:
            return
        new['rolloutState'] = 'FAILED'
        new['rolloutStateReason'] = 'ECS deployment circuit breaker: tasks failed to start.'
        self.say(service, f'(deployment {new["id"]}) deployment failed: tasks failed to start.')
        good = self._last_good.get(service.arn)
        if self.breaker == 'rollback' and good:
            service.task_definition = good
            self._begin(service)
            self.begun -= 1  # nobody has asked for it
            self.say(service, f'rolling back to deployment {service.deployments[0]["id"]}.')

    def _start(self, service: Any, deployment: dict[str, Any]) -> Any:
        from moto.ecs.models import Task

        backend = self.backend
        cluster = backend.clusters[service.cluster_name]
        definition = backend.describe_task_definition(deployment['taskDefinition'])
        task = Task(
            cluster, definition, None, None, backend, f'service:{service.name}',
            started_by=deployment['id'],
        )  # fmt: skip
        task.started_at = datetime.now(UTC)
        backend.tasks.setdefault(cluster.name, {})[task.task_arn] = task
        return task

    def _stop(self, task: Any, reason: str, code: int = 0) -> None:
        task.last_status = task.desired_status = 'STOPPED'
        task.stopped_reason = reason
        for container in task.containers:
            container.exit_code = container.exitCode = code

    def _tasks(self, service: Any, deployment: dict[str, Any]) -> list[Any]:
        """That run; told apart by definition, as after a rollback the old tasks go on."""
        every = self.backend.tasks.get(service.cluster_name, {}).values()
        return [
            task
            for task in every
            if task.group == f'service:{service.name}'
            and task.task_definition_arn == deployment['taskDefinition']
            and task.desired_status == 'RUNNING'
        ]

    def _count(self, service: Any) -> None:
        for one in service.deployments:
            one['runningCount'] = len(self._tasks(service, one))
        new = service.deployments[0]
        new['desiredCount'] = service.desired_count
        new['pendingCount'] = max(0, service.desired_count - new['runningCount'])
        service.running_count = sum(one['runningCount'] for one in service.deployments)
        service.pending_count = new['pendingCount']

    def _is_bad(self, definition: str) -> bool:
        found = self.backend.describe_task_definition(definition)
        return any('bad' in one['image'] for one in found.container_definitions)


@contextmanager
def open_amazon() -> Iterator[tuple[Cloud, Life]]:
    life = Life()
    with open_cloud() as cloud:
        reset = urllib.request.Request(f'{cloud.url}/moto-api/reset', method='POST')
        urllib.request.urlopen(reset, timeout=10).close()  # it keeps what earlier tests made
        with life.going_on():
            yield cloud, life


def wait_for_complete(cloud: Cloud, cluster: str, service: str) -> None:
    """Until what the service was made with runs."""
    for _ in range(1000):
        told = cloud.client('ecs').describe_services(cluster=cluster, services=[service])
        if told['services'][0]['deployments'][0]['rolloutState'] == 'COMPLETED':
            return
        time.sleep(0.02)
    raise AssertionError('the service has not come to life')
