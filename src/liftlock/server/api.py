"""REST: `/api/v1`. What can be read here is what `liftlock … --json` prints; what can be done is
what the pages do, by the same means.
"""

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from liftlock.engine import telling
from liftlock.engine.delivery import standing
from liftlock.errors import UserError
from liftlock.server import site
from liftlock.server.doing import Forbidden
from liftlock.server.pages import log, run
from liftlock.store import deliveries, listing, runs
from liftlock.store.deliveries import Place
from liftlock.store.listing import Filter
from liftlock.store.runs import Run

MOST: Final = 100  # of a list
LARGEST: Final = 64 * 1024  # bytes of a body


class Malformed(UserError):
    """What was sent cannot be understood."""


class Missing(UserError):
    """That to which something is to be done is not there."""


async def list_runs(request: Request) -> Response:
    """Newest first; `next` is what `before` is to be for the page after this one."""
    store, given = site.of(request).store, request.query_params
    wanted = Filter(**{name: given.get(name, '') for name in Filter._fields})
    limit = min(_number(given.get('limit', '25'), 'limit') or 25, MOST)
    before = _number(given.get('before', '0'), 'before')
    found = listing.newest(store, wanted, before=before, limit=limit + 1)
    shown = found[:limit]
    following = shown[-1].id if len(found) > limit else None
    return JSONResponse({'runs': [telling.record(store, one) for one in shown], 'next': following})


async def show_run(request: Request) -> Response:
    store = site.of(request).store
    found = runs.find(store, str(request.path_params['run']))
    told = telling.whole(store, found, telling.board(store.facts(found.id)))
    for report in told['reports'] if isinstance(told['reports'], list) else ():
        report.pop('file', None)  # a path of this machine
    return JSONResponse(told)


async def cancel_run(request: Request) -> Response:
    here, given = site.of(request), await _body(request)
    number = _run_of(request).id
    here.doing.cancel(site.person(request), number, force=given.get('force') is True)
    return await _run(request, 202)


async def rerun_run(request: Request) -> Response:
    here, given = site.of(request), await _body(request)
    failed, job = given.get('failed') is True, given.get('job', '')
    if not isinstance(job, str) or (failed and job):
        raise Malformed('`failed` is true or false, `job` a name; they exclude each other')
    number = _run_of(request).id
    here.doing.rerun(site.person(request), number, failed=failed, job=job)
    return await _run(request, 202)


async def _run(request: Request, status: int) -> Response:
    store = site.of(request).store
    found = runs.find(store, str(request.path_params['run']))
    return JSONResponse(telling.record(store, found), status)


async def list_environments(request: Request) -> Response:
    here = site.of(request)
    standings = await here.standings(deliveries.environments(here.store), time.time())
    told = [{'id': one.place.id, **standing.record(one)} for one in standings]
    return JSONResponse({'environments': told})


async def show_environment(request: Request) -> Response:
    here = site.of(request)
    place = here.place(request.path_params['environment'])
    (one,) = await here.standings([place], time.time())
    return JSONResponse({'id': place.id, **standing.record(one)})


async def list_deployments(request: Request) -> Response:
    store, given = site.of(request).store, request.query_params
    places = {one.id: one for one in deliveries.environments(store)}
    found = deliveries.listed(
        store,
        environment=_number(given.get('environment', '0'), 'environment'),
        status=given.get('status', ''),
        version=given.get('version', ''),
        limit=min(_number(given.get('limit', '25'), 'limit') or 25, MOST),
    )
    told = [standing.deployment_record(one, places[one.environment]) for one in found]
    return JSONResponse({'deployments': told})


async def act(request: Request) -> Response:
    """approve, reject, promote, abort or rollback; the deployment's number is answered."""
    here, given = site.of(request), await _body(request)
    place = _place_of(request)
    person, doing = site.person(request), here.doing
    number, comment = given.get('number', 0), str(given.get('comment', ''))
    if not isinstance(number, int):
        raise Malformed('`number` is a number')
    match request.path_params['act']:
        case 'approve':
            found = doing.approve(person, place, number, comment)
        case 'reject':
            found = doing.reject(person, place, number, comment)
        case 'promote':
            found = doing.promote(person, place, full=given.get('full') is True)
        case 'abort':
            found = doing.abort(person, place, number, str(given.get('reason', '')))
        case 'rollback':
            reason = str(given.get('reason', ''))
            found = doing.rollback(person, place, str(given.get('to', '')), reason)
        case _:
            return JSONResponse({'error': 'there is no such action'}, 404)
    return JSONResponse({'environment': place.id, 'number': found}, 202)


async def whoami(request: Request) -> Response:
    return JSONResponse(site.person(request)._asdict())


def _run_of(request: Request) -> Run:
    try:
        return runs.find(site.of(request).store, str(request.path_params['run']))
    except UserError as error:
        raise Missing(str(error), error.hint) from None


def _place_of(request: Request) -> Place:
    try:
        return site.of(request).place(request.path_params['environment'])
    except UserError as error:
        raise Missing(str(error), error.hint) from None


async def _body(request: Request) -> Mapping[str, Any]:
    body = b''
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise Malformed('the body is too large')
    if not body:
        return {}
    try:
        found = json.loads(body)
    except ValueError:
        raise Malformed('the body is no JSON') from None
    if not isinstance(found, dict):
        raise Malformed('the body is to be a JSON object')
    return found


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Malformed(f'`{name}` is a number')
    return int(text)


Handler = Callable[[Request], Awaitable[Response]]


def answering(handler: Handler) -> Handler:
    """What cannot be done is told as JSON; what changes something wants a token, not a cookie: no
    page of somebody else can have one sent."""

    async def answer(request: Request) -> Response:
        if request.method not in ('GET', 'HEAD') and site.session(request) is not None:
            return JSONResponse(
                {'error': 'this wants a token', 'hint': 'Authorization: Bearer'}, 403
            )
        try:
            return await handler(request)
        except Forbidden as error:
            return JSONResponse({'error': str(error), 'hint': error.hint}, 403)
        except UserError as error:
            missing = isinstance(error, Missing) or request.method == 'GET'
            status = 404 if missing and not isinstance(error, Malformed) else 422
            return JSONResponse({'error': str(error), 'hint': error.hint}, status)

    return answer


def routes() -> list[Route]:
    table: list[tuple[str, str, Handler]] = [
        ('GET', '/whoami', whoami),
        ('GET', '/runs', list_runs),
        ('GET', '/runs/{run:int}', show_run),
        ('POST', '/runs/{run:int}/cancel', cancel_run),
        ('POST', '/runs/{run:int}/rerun', rerun_run),
        ('GET', '/runs/{run:int}/artifacts/{number:int}', run.artifact),
        ('GET', '/runs/{run:int}/logs/{key:path}', log.raw),
        ('GET', '/environments', list_environments),
        ('GET', '/environments/{environment:int}', show_environment),
        ('POST', '/environments/{environment:int}/{act}', act),
        ('GET', '/deployments', list_deployments),
    ]
    return [Route(f'/api/v1{path}', answering(do), methods=[how]) for how, path, do in table]
