"""Workers and what waits for them, as pages, REST and the command line tell of them; and what
people may do about a worker."""

import time
from typing import Any

from liftlock.engine.spread import matching
from liftlock.errors import UserError
from liftlock.store import tasks, workers
from liftlock.store.database import Store
from liftlock.store.tasks import Task
from liftlock.store.workers import DRAINING, READY, Worker


def machines(store: Store) -> list[dict[str, Any]]:
    """Those that carry out jobs, with what each of them has."""
    held: dict[str, list[Task]] = {}
    for task in tasks.queue(store):
        held.setdefault(task.worker, []).append(task)
    return [_worker(one, held.get(one.id, ())) for one in workers.listed(store) if one.slots]


def queue(store: Store) -> list[dict[str, Any]]:
    """Jobs that wait for a worker, in their order, and why."""
    return [_task(task) for task in tasks.queue(store) if task.state == 'waiting']


def drain(store: Store, worker: str) -> None:
    """Give it no more jobs; what it has goes on. UserError."""
    _turn(store, worker, DRAINING, 'somebody asked for it')


def undrain(store: Store, worker: str) -> None:
    """Give it jobs again, from the next look of the watchman on. UserError."""
    _turn(store, worker, READY, '')


def _turn(store: Store, worker: str, state: str, reason: str) -> None:
    there = [one.id for one in workers.listed(store) if worker in (one.id, one.machine)]
    if len(there) != 1:
        told = f'there is no worker "{worker}"' if not there else f'"{worker}" has several workers'
        raise UserError(told, 'see: liftlock workers')
    with store.transaction() as sql:
        workers.turn(sql, there[0], state, reason)


def _worker(one: Worker, held: 'list[Task] | tuple[Task, ...]') -> dict[str, Any]:
    return {
        'id': one.id,
        'machine': one.machine,
        'version': one.version,
        'architecture': one.arch,
        'labels': list(one.labels),
        'only_labels': one.picky,
        'slots': one.slots,
        'busy': one.busy,
        'state': one.state,
        'reason': one.reason,
        'started': one.started,
        'seen': max(time.time() - one.seen, 0.0),
        'jobs': [{'run': task.run, 'job': task.job, 'attempt': task.attempt} for task in held],
    }


def _task(task: Task) -> dict[str, Any]:
    return {
        'run': task.run,
        'job': task.job,
        'name': task.name,
        'repository': task.repository,
        'labels': list(task.labels),
        'priority': task.priority,
        'reason': task.reason or matching.BUSY,
        'since': task.created,
    }
