"""What was delivered, and asking for more."""

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from liftlock.engine.delivery import standing
from liftlock.engine.delivery.candidates import Choice
from liftlock.server.rest import cursors, refusals
from liftlock.server.rest.asking import Cursor, DeploymentsRead, DeploymentsWrite, Limit, Wanted
from liftlock.server.rest.cursors import After
from liftlock.server.rest.once import IdempotencyKey, once
from liftlock.server.rest.shapes import deployments as shapes
from liftlock.store import deliveries

router = APIRouter(tags=['deployments'], responses=refusals.described())


@router.get('/deployments', response_model=shapes.Deployments)
async def list_deployments(
    call: DeploymentsRead,
    environment: After = 0,
    status: Wanted = '',
    kind: Wanted = '',
    version: Wanted = '',
    limit: Limit = 25,
    cursor: Cursor = '',
) -> Response:
    """Newest first, of all environments or of one (its id). `status` is a status or a conclusion,
    `version` a name, an id, or the beginning of a commit."""
    created, place, number = cursors.read(cursor, float, int, int) or (0.0, 0, 0)
    found = deliveries.listed(
        call.store,
        environment=environment,
        status=status,
        kind=kind,
        version=version,
        limit=limit + 1,
        after=(float(created), int(place), int(number)),
    )
    shown, last = found[:limit], found[limit - 1 : limit]
    following = None
    if len(found) > limit:
        following = cursors.write((last[0].created, last[0].environment, last[0].number))
    places = {one.id: one for one in deliveries.environments(call.store)}
    told = [standing.deployment_record(one, places[one.environment]) for one in shown]
    request = call.request
    link = cursors.link(request.url.path, request.query_params.multi_items(), following)
    return JSONResponse({'deployments': told, 'next': following}, headers=link)


@router.post(
    '/deployments',
    status_code=202,
    response_model=shapes.Asked,
    responses=refusals.described(*refusals.SENDING),
)
async def deploy(
    call: DeploymentsWrite, given: shapes.Deploy, key: IdempotencyKey = ''
) -> Response:
    """Have a version delivered to an environment of its own liftlock.yml. It waits for what that
    asks for."""
    choice = Choice(given.version, given.run, given.origin, given.image)

    def act() -> shapes.Asked:
        place, number = call.here.doing.deploy(
            call.person,
            given.repository,
            given.environment,
            choice,
            reason=given.reason,
            fast=given.fast,
        )
        return shapes.Asked(environment=place.id, number=number)

    return once(call, key, act)
