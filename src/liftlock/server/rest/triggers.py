"""What starts workflows, and what is told of them: schedules, commit statuses, who is trusted."""

import time
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import JSONResponse, Response

from liftlock.plan import slots
from liftlock.server import rights
from liftlock.server.rest import refusals
from liftlock.server.rest.asking import Call, HooksRead, HooksWrite, RunsRead, RunsWrite
from liftlock.server.rest.naming import OF, Name, find
from liftlock.server.rest.once import IdempotencyKey, once
from liftlock.server.rest.refusals import Missing
from liftlock.server.rest.repositories import known
from liftlock.server.rest.shapes import repositories as shapes
from liftlock.server.rest.shapes.base import WITHOUT_NUL
from liftlock.store import intakes, repositories, schedules, settings, statuses
from liftlock.store.schedules import Schedule

router = APIRouter(tags=['triggers'], responses=refusals.described())
SENDING = refusals.described(*refusals.SENDING)
SLOTS = 10  # of each schedule
COMING = 5
Person = Annotated[str, Path(max_length=256, pattern=WITHOUT_NUL)]


# --- schedules


@router.get('/schedules', response_model=shapes.Schedules)
async def list_all_schedules(call: RunsRead) -> Response:
    """Of the default branches of all repositories."""
    found = schedules.active(call.store)
    return JSONResponse({'schedules': [_schedule(call, one) for one in found]})


@router.get(f'{OF}/schedules', response_model=shapes.Schedules)
async def list_schedules(call: RunsRead, repository: Name) -> Response:
    """Of its default branch, with what became of their last slots."""
    found = schedules.of_repository(call.store, find(call, repository).id)
    return JSONResponse({'schedules': [_schedule(call, one) for one in found]})


def _schedule(call: Call, one: Schedule) -> dict[str, Any]:
    past = [slot._asdict() for slot in schedules.past(call.store, one.id, SLOTS)]
    for slot in past:
        del slot['schedule']
    missed = schedules.count(call.store, one.id, 'missed')
    return {**one._asdict(), 'slots': past, 'missed': missed, 'coming': _coming(one)}


def _coming(one: Schedule) -> list[float]:
    if one.disabled:
        return []
    try:
        return list(islice(slots.following(one.cron, one.timezone, time.time()), COMING))
    except ValueError:  # a file that nobody has checked
        return []


# --- workflows that nothing starts


@router.post(f'{OF}/disable', response_model=shapes.Turned, responses=SENDING)
async def disable_workflow(
    call: RunsWrite, repository: Name, given: shapes.Turn, key: IdempotencyKey = ''
) -> Response:
    """Nothing starts it from now on."""
    return _turn(call, repository, given.workflow, key, off=True)


@router.post(f'{OF}/enable', response_model=shapes.Turned, responses=SENDING)
async def enable_workflow(
    call: RunsWrite, repository: Name, given: shapes.Turn, key: IdempotencyKey = ''
) -> Response:
    """Events and schedules start it again."""
    return _turn(call, repository, given.workflow, key, off=False)


def _turn(call: Call, repository: str, workflow: str, key: str, *, off: bool) -> Response:
    found = find(call, repository)

    def act() -> shapes.Turned:
        call.here.register.turn(call.person, found, workflow, off=off)
        by = schedules.disabled(call.store, found.id).get(workflow, '')
        return shapes.Turned(workflow=workflow, disabled=by)

    return once(call, key, act, 200)


# --- settings, and what forges are told


@router.get(f'{OF}/settings', response_model=shapes.Settings)
async def show_settings_of_repository(call: HooksRead, repository: Name) -> Response:
    """Of its triggers."""
    return JSONResponse(settings.of(call.store, known(call, repository).id)._asdict())


@router.patch(f'{OF}/settings', response_model=shapes.Settings, responses=SENDING)
async def change_settings_of_repository(
    call: HooksWrite, repository: Name, given: shapes.ChangedSettings
) -> Response:
    """What is left out stays as it is."""
    found = known(call, repository)
    wanted = settings.of(call.store, found.id)._replace(**given.model_dump(exclude_none=True))
    call.here.register.configure(call.person, found.id, wanted)
    return JSONResponse(settings.of(call.store, found.id)._asdict())


@router.get('/statuses', response_model=shapes.Statuses)
async def list_statuses(call: HooksRead, troubled: bool = False) -> Response:
    """What forges are told of commits, the newest changes first; with `troubled` what they could
    not be told."""
    rights.refuse(call.person, 'delivery.read')
    names = {one.id: one.name for one in repositories.listed(call.store)}
    told = [
        {
            **row._asdict(),
            'given_up': bool(row.given_up),
            'name': names.get(row.repository, ''),
        }
        for row in statuses.listed(call.store, troubled=troubled)
    ]
    return JSONResponse({'statuses': told})


@router.post(f'{OF}/statuses/again', status_code=202, response_model=shapes.Count)
async def tell_statuses_again(
    call: HooksWrite, repository: Name, key: IdempotencyKey = ''
) -> Response:
    """Tell its forge anew what it could not be told."""
    found = find(call, repository)

    def act() -> shapes.Count:
        return shapes.Count(count=call.here.register.tell_again(call.person, found.id))

    return once(call, key, act)


# --- whose pull requests run


@router.get(f'{OF}/authors', response_model=shapes.Authors)
async def list_authors(call: HooksRead, repository: Name) -> Response:
    """From outside, and trusted: their pull requests run without being asked about."""
    found = intakes.trusted(call.store, known(call, repository).id)
    told = [{'author': author, 'by': by, 'at': at} for author, by, at in found]
    return JSONResponse({'authors': told})


@router.delete(f'{OF}/authors/{{author}}', status_code=204, responses=SENDING)
async def distrust_author(call: HooksWrite, repository: Name, author: Person) -> Response:
    """He has to be approved again."""
    number = known(call, repository).id
    if author not in [one for one, _, _ in intakes.trusted(call.store, number)]:
        raise Missing(f'nobody trusts {author} here')
    call.here.register.distrust(call.person, number, author)
    return Response(status_code=204)
