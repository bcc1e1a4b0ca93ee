"""Environments: how they stand, and what people want of them."""

import time
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from liftlock.engine.delivery import standing
from liftlock.engine.delivery.standing import Standing
from liftlock.rollout import wire
from liftlock.server.rest import cursors, refusals
from liftlock.server.rest.asking import Call, DeploymentsRead, DeploymentsWrite, Identity
from liftlock.server.rest.once import IdempotencyKey, once
from liftlock.server.rest.shapes import deployments as shapes
from liftlock.server.rest.shapes.runs import Facts
from liftlock.store import deliveries
from liftlock.store.deliveries import Place

router = APIRouter(tags=['environments'], responses=refusals.described())
SENDING = refusals.described(*refusals.SENDING)
FACTS = 1000  # in one answer
PROMOTE, ABORT, BACK, DOWN = shapes.Promote(), shapes.Abort(), shapes.Rollback(), shapes.Down()


@router.get('/environments', response_model=shapes.Environments)
async def list_environments(call: DeploymentsRead) -> Response:
    """All of them, by repository."""
    places = deliveries.environments(call.store)
    found = await call.here.standings(places, time.time())
    return JSONResponse({'environments': [record(one) for one in found]})


@router.get('/environments/{environment}', response_model=shapes.Environment)
async def show_environment(call: DeploymentsRead, environment: Identity) -> Response:
    """How it is, what goes on there, and what waits."""
    (one,) = await call.here.standings([call.place(environment)], time.time())
    return JSONResponse(record(one))


@router.get('/environments/{environment}/live', response_model=shapes.Live)
async def look_at_environment(call: DeploymentsRead, environment: Identity) -> Response:
    """What whoever watches over it sees just now: instances, groups, routes."""
    (one,) = await call.here.standings([call.place(environment)], time.time())
    seen = one.live
    told = {
        'watched': seen.watched,
        'sight': wire.plain(seen.sight) if seen.sight else None,
        'groups': wire.plain(seen.groups),
        'address': seen.address,
        'preview': seen.preview,
    }
    return JSONResponse(told)


@router.get('/environments/{environment}/facts', response_model=Facts)
async def list_facts_of_environment(
    call: DeploymentsRead, environment: Identity, after: cursors.After = 0
) -> Response:
    """What happened, in order, from after the fact with this `seq`."""
    found = deliveries.facts(call.store, call.place(environment).id, after)
    told = [{'seq': one.seq, 'at': one.at, **wire.record(one.fact)} for one in found[:FACTS]]
    return JSONResponse({'facts': told, 'more': len(found) > FACTS})


@router.post(
    '/environments/{environment}/promote',
    status_code=202,
    response_model=shapes.Asked,
    responses=SENDING,
)
async def promote(
    call: DeploymentsWrite,
    environment: Identity,
    given: shapes.Promote = PROMOTE,
    key: IdempotencyKey = '',
) -> Response:
    """Let the deployment go on that is paused."""
    place = call.place(environment)
    return _once(
        call, key, place, lambda: call.here.doing.promote(call.person, place, full=given.full)
    )


@router.post(
    '/environments/{environment}/retry',
    status_code=202,
    response_model=shapes.Asked,
    responses=SENDING,
)
async def retry(
    call: DeploymentsWrite, environment: Identity, key: IdempotencyKey = ''
) -> Response:
    """The last deployment again, which did not succeed."""
    place = call.place(environment)
    return _once(call, key, place, lambda: call.here.doing.retry(call.person, place))


@router.post(
    '/environments/{environment}/abort',
    status_code=202,
    response_model=shapes.Asked,
    responses=SENDING,
)
async def abort(
    call: DeploymentsWrite,
    environment: Identity,
    given: shapes.Abort = ABORT,
    key: IdempotencyKey = '',
) -> Response:
    """Take back what goes on, or call off what waits."""
    place = call.place(environment)
    doing, number, reason = call.here.doing, given.number, given.reason
    return _once(call, key, place, lambda: doing.abort(call.person, place, number, reason))


@router.post(
    '/environments/{environment}/rollback',
    status_code=202,
    response_model=shapes.Asked,
    responses=SENDING,
)
async def roll_back(
    call: DeploymentsWrite,
    environment: Identity,
    given: shapes.Rollback = BACK,
    key: IdempotencyKey = '',
) -> Response:
    """Go back to a version that has succeeded there."""
    place, doing = call.place(environment), call.here.doing
    return _once(
        call, key, place, lambda: doing.rollback(call.person, place, given.to, given.reason)
    )


@router.post(
    '/environments/{environment}/down',
    status_code=202,
    response_model=shapes.Withdrawing,
    responses=SENDING,
)
async def take_down(
    call: DeploymentsWrite,
    environment: Identity,
    given: shapes.Down = DOWN,
    key: IdempotencyKey = '',
) -> Response:
    """End what runs there; the history stays. What goes on or waits has to be aborted before."""
    place, doing = call.place(environment), call.here.doing

    def act() -> shapes.Withdrawing:
        seq = doing.down(call.person, place, given.reason)
        return shapes.Withdrawing(environment=place.id, seq=seq)

    return once(call, key, act)


def _once(call: Call, key: str, place: Place, act: Callable[[], int]) -> Response:
    return once(call, key, lambda: shapes.Asked(environment=place.id, number=act()))


def record(one: Standing) -> dict[str, Any]:
    return {'id': one.place.id, **standing.record(one)}
