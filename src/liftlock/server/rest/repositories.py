"""Registered repositories, and what can be started in them."""

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from liftlock.engine.intake.outcome import Dispatch, Outcome
from liftlock.rollout.wire import plain
from liftlock.server import rights
from liftlock.server.rest import refusals
from liftlock.server.rest.asking import Call, HooksRead, HooksWrite, RunsRead, RunsWrite, Wanted
from liftlock.server.rest.naming import OF, Name, find
from liftlock.server.rest.once import IdempotencyKey, once, once_done
from liftlock.server.rest.shapes import repositories as shapes
from liftlock.store import repositories, schedules
from liftlock.store.repositories import Draft, Repository

router = APIRouter(tags=['repositories'], responses=refusals.described())
SENDING = refusals.described(*refusals.SENDING)


@router.get('/repositories', response_model=shapes.Repositories)
async def list_repositories(call: HooksRead) -> Response:
    """Those whose events the server takes in."""
    found = repositories.listed(call.store)
    shown = [one for one in found if rights.may(call.person, 'repository.read', one.name)]
    return JSONResponse({'repositories': [one._asdict() for one in shown]})


@router.post('/repositories', status_code=201, response_model=shapes.Repository, responses=SENDING)
async def add_repository(
    call: HooksWrite, given: shapes.NewRepository, key: IdempotencyKey = ''
) -> Response:
    def act() -> shapes.Repository:
        wanted = given.model_dump(exclude_none=True)
        return _told(call.here.register.add(call.person, Draft(**wanted)))

    return once(call, key, act, 201)


@router.get(f'{OF}/workflows', response_model=shapes.Workflows)
async def list_workflows(call: RunsRead, repository: Name, ref: Wanted = '') -> Response:
    """Those of a branch or a tag, with what they may be started with."""
    found = find(call, repository)
    offers = await call.here.intake.offers(found, ref)
    off = schedules.disabled(call.store, found.id)
    told = [{**plain(one), 'disabled': off.get(one.path, '')} for one in offers]
    return JSONResponse({'workflows': told})


@router.post(f'{OF}/dispatch', status_code=202, response_model=shapes.Taken, responses=SENDING)
async def dispatch(
    call: RunsWrite, repository: Name, given: shapes.Dispatch, key: IdempotencyKey = ''
) -> Response:
    """workflow_dispatch: start a workflow of the repository."""
    found = find(call, repository)
    asked = Dispatch(given.workflow, given.ref, dict(given.inputs))

    async def act(delivery: str) -> shapes.Taken:
        register = call.here.register
        return taken(await register.dispatch(call.person, found, asked, delivery))

    return await once_done(call, key, act)


@router.post(f'{OF}/dispatches', status_code=202, response_model=shapes.Taken, responses=SENDING)
async def send_event(
    call: RunsWrite, repository: Name, given: shapes.Send, key: IdempotencyKey = ''
) -> Response:
    """repository_dispatch, as GitHub has it."""
    found = find(call, repository)

    async def act(delivery: str) -> shapes.Taken:
        return taken(
            await call.here.register.send(
                call.person, found, given.event_type, given.client_payload, delivery
            )
        )

    return await once_done(call, key, act)


def _told(found: Repository) -> shapes.Repository:
    return shapes.Repository.model_validate(found._asdict())


def taken(outcome: Outcome) -> shapes.Taken:
    told = {
        'event': outcome.intake,
        'status': outcome.status,
        'said': outcome.said,
        'runs': list(outcome.runs),
        'decisions': plain(outcome.decisions),
    }
    return shapes.Taken.model_validate(told)


def known(call: Call, repository: str) -> Repository:
    """For who may read what is registered."""
    found = find(call, repository)
    rights.refuse(call.person, 'repository.read', found.name)
    return found


# --- one of them: last, as its name may hold a slash


@router.get(OF, response_model=shapes.Repository)
async def show_repository(call: HooksRead, repository: Name) -> Response:
    return JSONResponse(known(call, repository)._asdict())


@router.patch(OF, response_model=shapes.Repository, responses=SENDING)
async def change_repository(call: HooksWrite, repository: Name, given: shapes.Changes) -> Response:
    """What is left out stays as it is."""
    found = known(call, repository)
    was = {name: getattr(found, name) for name in repositories.FIELDS}
    draft = Draft(**{**was, **given.model_dump(exclude_none=True)})
    changed = call.here.register.change(call.person, found.id, draft)
    return JSONResponse(changed._asdict())


@router.delete(OF, status_code=204, responses=SENDING)
async def remove_repository(call: HooksWrite, repository: Name) -> Response:
    """Its runs stay."""
    call.here.register.remove(call.person, known(call, repository).id)
    return Response(status_code=204)
