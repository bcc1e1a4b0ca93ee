"""Which worker is to take which task. Pure: rows in, assignments and reasons out."""

from collections.abc import Sequence
from typing import Final

from liftlock.engine import labels
from liftlock.language.records import NamedTuple
from liftlock.plan.event import Event
from liftlock.store.tasks import Task
from liftlock.store.workers import READY, Worker

BUSY: Final = 'waits for a worker that is free'
NOBODY: Final = 'waits for a worker: none is there'
DEPLOYS: Final = 40
DEFAULT_BRANCH: Final = 30
OTHER: Final = 25
PROPOSED: Final = 20
SCHEDULED: Final = 10


class Answer(NamedTuple):
    """`taken`: task -> worker. `held`: task -> why it waits; `unserved` are those of them that
    nobody who is there could ever take."""

    taken: dict[int, str]
    held: dict[int, str]
    unserved: frozenset[int]


def priority(event: Event, environment: str, asked: int = 0) -> int:
    """Of a job: what a person asked for, or by what the job is about."""
    if asked:
        return asked
    if environment:
        return DEPLOYS
    if event.name.startswith('pull_request'):
        return PROPOSED
    if event.name == 'schedule':
        return SCHEDULED
    default = f'refs/heads/{event.default_branch}'
    return DEFAULT_BRANCH if event.name == 'push' and event.ref == default else OTHER


def match(waiting: Sequence[Task], workers: Sequence[Worker]) -> Answer:
    """`waiting` in their order. Of several workers the one that is good for least else."""
    free = {worker.id: worker.slots - worker.busy for worker in workers}
    taken: dict[int, str] = {}
    held: dict[int, str] = {}
    unserved = set()
    for task in waiting:
        able = [one for one in workers if one.slots and serves(one, task)]
        willing = [one for one in able if one.state == READY and free[one.id] > 0]
        if willing:
            best = min(willing, key=lambda one: (len(one.labels), -free[one.id], one.id))
            free[best.id] -= 1
            taken[task.id] = best.id
            continue
        held[task.id] = BUSY if able else _missing(task, workers)
        if not able:
            unserved.add(task.id)
    return Answer(taken, held, frozenset(unserved))


def serves(worker: Worker, task: Task) -> bool:
    """Whether its labels are among the worker's; all compare without regard to case."""
    if worker.picky and not set(map(str.lower, task.labels)) & set(worker.labels):
        return False
    return bool(task.labels) and not _lacking(worker, task)


def _lacking(worker: Worker, task: Task) -> str:
    own = dict.fromkeys(worker.labels, labels.HOST)
    return labels.lacking(task.labels, own, worker.arch, worker.machine)


def _missing(task: Task, workers: Sequence[Worker]) -> str:
    there = [one for one in workers if one.slots]
    if not there:
        return NOBODY
    lacking = sorted(filter(None, (_lacking(one, task) for one in there)))
    named = f'waits for a worker with the labels {", ".join(task.labels)}'
    return f'{named} ({lacking[0]})' if lacking else named
