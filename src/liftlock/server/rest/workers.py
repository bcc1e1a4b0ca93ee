"""Workers and what waits for them."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import JSONResponse, Response

from liftlock.engine import telling
from liftlock.engine.spread import matching, showing
from liftlock.errors import UserError
from liftlock.server.rest import refusals
from liftlock.server.rest.asking import Admin, Call, RunsRead
from liftlock.server.rest.once import IdempotencyKey, once
from liftlock.server.rest.refusals import Missing
from liftlock.server.rest.shapes import workers as shapes
from liftlock.server.rest.shapes.base import WITHOUT_NUL
from liftlock.store import runs, tasks

router = APIRouter(tags=['workers'], responses=refusals.described())
SENDING = refusals.described(*refusals.SENDING)
Id = Annotated[str, Path(max_length=256, pattern=WITHOUT_NUL, description="Or its machine's name.")]


@router.get('/workers', response_model=shapes.Workers)
async def list_workers(call: RunsRead) -> Response:
    """Machines that do jobs, and how many the server does by itself: as `liftlock workers`."""
    shared = call.here.ground.engine.shared
    slots = 0 if shared else call.here.ground.engine.slots
    return JSONResponse({'workers': showing.machines(call.store), 'slots': slots})


@router.post('/workers/{worker}/drain', response_model=shapes.Worker, responses=SENDING)
async def drain_worker(call: Admin, worker: Id, key: IdempotencyKey = '') -> Response:
    """Give it no more jobs; what it has goes on."""
    return _turn(call, worker, key, off=True)


@router.post('/workers/{worker}/undrain', response_model=shapes.Worker, responses=SENDING)
async def undrain_worker(call: Admin, worker: Id, key: IdempotencyKey = '') -> Response:
    """Give it jobs again."""
    return _turn(call, worker, key, off=False)


def _turn(call: Call, worker: str, key: str, *, off: bool) -> Response:
    def named() -> list[dict[str, Any]]:
        found = showing.machines(call.store)
        return [one for one in found if worker in (one['id'], one['machine'])]

    def act() -> shapes.Worker:
        call.here.doing.turn(call.person, worker, off=off)
        return shapes.Worker.model_validate(named()[0])

    try:
        return once(call, key, act, 200)
    except UserError as error:
        if named():
            raise
        raise Missing(str(error), error.hint) from None


@router.get('/queue', response_model=shapes.Queue)
async def show_queue(call: RunsRead) -> Response:
    """Jobs that wait or run, in the order in which workers get them, and why those wait that do."""
    known = {(one.run, one.job): one for one in tasks.queue(call.store)}
    told: list[dict[str, Any]] = []
    for run in runs.unfinished(call.store):
        board = telling.board(call.store.facts(run.id))
        for job in board.jobs.values():
            if job.state not in ('queued', 'running'):
                continue
            task = known.get((run.id, job.key))
            reason = ''
            if job.state == 'queued':
                waits = task is not None and task.state == 'waiting'
                reason = (task and task.reason) or (matching.BUSY if waits else job.message)
            told.append(
                {
                    'run': run.id,
                    'repository': run.repository,
                    'job': job.key,
                    'name': job.name,
                    'state': job.state,
                    'worker': task.worker if task else '',
                    'labels': list(task.labels) if task else [],
                    'priority': task.priority if task else 0,
                    'reason': reason,
                    'since': job.started or (task.created if task else run.created),
                }
            )
    order = {key: place for place, key in enumerate(known)}
    told.sort(key=lambda one: order.get((one['run'], one['job']), len(order)))
    return JSONResponse({'queue': told})
