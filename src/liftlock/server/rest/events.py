"""Events of repositories: what came, and why each workflow did or did not run."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, Response

from liftlock.errors import UserError
from liftlock.rollout.wire import plain
from liftlock.server import rights
from liftlock.server.pages import why
from liftlock.server.rest import cursors, refusals
from liftlock.server.rest.asking import (
    Call,
    Cursor,
    HooksRead,
    HooksWrite,
    Identity,
    Limit,
    RunsRead,
    RunsWrite,
    Wanted,
)
from liftlock.server.rest.naming import OF, Name, find
from liftlock.server.rest.once import IdempotencyKey, once, once_done
from liftlock.server.rest.refusals import Missing
from liftlock.server.rest.repositories import taken
from liftlock.server.rest.shapes import repositories as shapes
from liftlock.store import hooks, intakes, repositories
from liftlock.store.hooks import Hook
from liftlock.store.intakes import Intake

router = APIRouter(tags=['events'], responses=refusals.described())
SENDING = refusals.described(*refusals.SENDING)
APPROVE = shapes.ApproveFork()
Commit = Annotated[
    str, Query(pattern='^([0-9a-fA-F]{4,64})?$', description='Of this one, which may be cut short.')
]


@router.get(f'{OF}/events', response_model=shapes.Events)
async def list_events(
    call: RunsRead, repository: Name, sha: Commit = '', limit: Limit = 25, cursor: Cursor = ''
) -> Response:
    """Newest first: pushes, pull requests, clicks, schedules. With `sha` all of that commit."""
    (before,) = cursors.read(cursor, int) or (0,)
    number = find(call, repository).id
    if sha:
        found = intakes.of_commit(call.store, number, sha)
        return _page(call, 'events', [one._asdict() for one in found], 0)
    found = intakes.listed(call.store, number, limit + 1, int(before))
    told = [one._asdict() for one in found[:limit]]
    return _page(call, 'events', told, found[limit - 1].id if len(found) > limit else 0)


@router.get('/events/held', response_model=shapes.Held)
async def list_held_events(call: RunsRead) -> Response:
    """Pull requests from outside that wait for an approval, oldest first."""
    return JSONResponse({'events': [_why(call, one) for one in intakes.held(call.store)]})


@router.get('/events/{event}', response_model=shapes.Why)
async def show_event(call: RunsRead, event: Identity) -> Response:
    """Why each workflow did or did not run."""
    return JSONResponse(_why(call, _event(call, event)))


@router.post(
    '/events/{event}/approve', status_code=202, response_model=shapes.Taken, responses=SENDING
)
async def approve_event(
    call: RunsWrite,
    event: Identity,
    given: shapes.ApproveFork = APPROVE,
    key: IdempotencyKey = '',
) -> Response:
    """A pull request from outside, as it is at this commit."""
    _event(call, event)

    async def act(_: str) -> shapes.Taken:
        register = call.here.register
        return taken(await register.approve(call.person, event, always=given.always))

    return await once_done(call, key, act)


@router.post(
    '/events/{event}/reject', status_code=202, response_model=shapes.Event, responses=SENDING
)
async def reject_event(call: RunsWrite, event: Identity, key: IdempotencyKey = '') -> Response:
    """It does not run."""
    _event(call, event)

    def act() -> shapes.Event:
        call.here.register.reject(call.person, event)
        return shapes.Event.model_validate(_event(call, event)._asdict())

    return once(call, key, act)


# --- what forges have sent


@router.get('/deliveries', response_model=shapes.Deliveries)
async def list_deliveries(
    call: HooksRead,
    repository: Wanted = '',
    status: Wanted = '',
    limit: Limit = 25,
    cursor: Cursor = '',
) -> Response:
    """Newest first, of all repositories or of one (owner/name)."""
    rights.refuse(call.person, 'delivery.read', repository)
    number = find(call, repository).id if repository else 0
    (before,) = cursors.read(cursor, int) or (0,)
    found = hooks.listed(
        call.store, repository=number, status=status, before=int(before), limit=limit + 1
    )
    told = [one._asdict() for one in found[:limit]]
    return _page(call, 'deliveries', told, found[limit - 1].id if len(found) > limit else 0)


@router.get('/deliveries/{delivery}', response_model=shapes.WholeDelivery)
async def show_delivery(call: HooksRead, delivery: Identity) -> Response:
    """With what was sent, but for signatures and tokens."""
    found = _delivery(call, delivery)
    headers, body = hooks.content(call.store, delivery)
    taken = intakes.of_delivery(call.store, found.repository, f'hook:{delivery}:')
    told = {**found._asdict(), 'headers': headers, 'body': body}
    return JSONResponse({**told, 'events': [one.id for one in taken]})


@router.post(
    '/deliveries/{delivery}/replay',
    status_code=202,
    response_model=shapes.Delivery,
    responses=SENDING,
)
async def replay_delivery(
    call: HooksWrite, delivery: Identity, key: IdempotencyKey = ''
) -> Response:
    """The same once more, as a delivery of its own."""
    _delivery(call, delivery)

    def act() -> shapes.Delivery:
        made = call.here.register.replay(call.person, delivery)
        return shapes.Delivery.model_validate(made._asdict())

    return once(call, key, act)


def _page(call: Call, name: str, told: list[dict[str, Any]], last: int) -> Response:
    following = cursors.write((last,)) if last else None
    request = call.request
    link = cursors.link(request.url.path, request.query_params.multi_items(), following)
    return JSONResponse({name: told, 'next': following}, headers=link)


def _why(call: Call, one: Intake) -> dict[str, Any]:
    found = why.answer(call.here, one)
    decisions = [plain(each) for each in found.decisions]
    return {**one._asdict(), 'decisions': decisions, 'warning': found.warning}


def _event(call: Call, number: int) -> Intake:
    try:
        return intakes.of(call.store, number)
    except (UserError, KeyError) as error:
        raise Missing(f'there is no event {number}') from error


def _delivery(call: Call, number: int) -> Hook:
    try:
        found = hooks.of(call.store, number)
        name = repositories.of(call.store, found.repository).name
    except UserError as error:
        raise Missing(str(error), error.hint) from None
    rights.refuse(call.person, 'delivery.read', name)
    return found
