"""Runs: listed, shown, cancelled, started again."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from liftlock.engine import telling
from liftlock.plan import wire
from liftlock.server.rest import cursors, refusals
from liftlock.server.rest.asking import Call, Cursor, Limit, RunNumber, RunsRead, RunsWrite, Wanted
from liftlock.server.rest.once import IdempotencyKey, once
from liftlock.server.rest.refusals import Mistaken
from liftlock.server.rest.shapes import runs as shapes
from liftlock.store import listing
from liftlock.store.listing import Filter
from liftlock.store.runs import Run

router = APIRouter(tags=['runs'], responses=refusals.described())
FACTS = 1000  # in one answer
CANCEL, RERUN = shapes.Cancel(), shapes.Rerun()


@router.get('/runs', response_model=shapes.Runs)
async def list_runs(
    call: RunsRead,
    repository: Wanted = '',
    workflow: Wanted = '',
    event: Wanted = '',
    branch: Wanted = '',
    actor: Wanted = '',
    status: Wanted = '',
    text: Wanted = '',
    limit: Limit = 25,
    cursor: Cursor = '',
) -> Response:
    """Newest first. `status` is a status or a conclusion, `workflow` a name or a path, `text` is
    looked for in titles and commits."""
    (before,) = cursors.read(cursor, int) or (0,)
    wanted = Filter(repository, workflow, event, branch, actor, status, text)
    found = listing.newest(call.store, wanted, before=int(before), limit=limit + 1)
    shown = found[:limit]
    following = cursors.write((shown[-1].id,)) if len(found) > limit else None
    told = {'runs': [telling.record(call.store, one) for one in shown], 'next': following}
    return JSONResponse(told, headers=_link(call.request, following))


@router.get(
    '/runs/{run}',
    response_model=shapes.WholeRun,
    responses={304: {'description': 'It is as it was when you had this `ETag`.'}},
)
async def show_run(call: RunsRead, run: RunNumber) -> Response:
    """Everything about a run but its logs. With `If-None-Match` it costs next to nothing to ask
    whether anything has changed."""
    row = call.run(run)
    mark = _mark(call, row)
    if mark in call.request.headers.get('if-none-match', '').split(', '):
        return Response(status_code=304, headers={'etag': mark})
    told: dict[str, Any] = telling.whole(call.store, row, telling.board(call.store.facts(row.id)))
    for report in told['reports']:
        report.pop('file', None)  # a path of the server's machine
    return JSONResponse(told, headers={'etag': mark, 'cache-control': 'private, no-cache'})


@router.get('/runs/{run}/jobs', response_model=shapes.Jobs)
async def list_jobs(call: RunsRead, run: RunNumber) -> Response:
    """Those that have been spoken of so far, with their steps."""
    row = call.run(run)
    told = telling.whole(call.store, row, telling.board(call.store.facts(row.id)))
    return JSONResponse({'jobs': told['jobs']})


@router.get('/runs/{run}/facts', response_model=shapes.Facts)
async def list_facts(call: RunsRead, run: RunNumber, after: cursors.After = 0) -> Response:
    """What happened, in order, from after the fact with this `seq`. All else is told from it."""
    found = call.store.facts(call.run(run).id, after)
    told = [_fact(one.seq, one.at, wire.record(one.fact)) for one in found[:FACTS]]
    return JSONResponse({'facts': told, 'more': len(found) > FACTS})


def _fact(seq: int, at: float, record: dict[str, Any]) -> dict[str, Any]:
    return {'seq': seq, 'at': at, **record}


@router.post(
    '/runs/{run}/cancel',
    status_code=202,
    response_model=shapes.Run,
    responses=refusals.described(*refusals.SENDING),
)
async def cancel_run(
    call: RunsWrite, run: RunNumber, given: shapes.Cancel = CANCEL, key: IdempotencyKey = ''
) -> Response:
    """Stop it, as GitHub does: steps with always() still run."""
    call.run(run)

    def act() -> shapes.Run:
        call.here.doing.cancel(call.person, run, force=given.force)
        return _told(call, run)

    return once(call, key, act)


@router.post(
    '/runs/{run}/rerun',
    status_code=202,
    response_model=shapes.Run,
    responses=refusals.described(*refusals.SENDING),
)
async def rerun_run(
    call: RunsWrite, run: RunNumber, given: shapes.Rerun = RERUN, key: IdempotencyKey = ''
) -> Response:
    """Start jobs again, as another attempt, on the same sources."""
    jobs = tuple(dict.fromkeys([*given.jobs, *([given.job] if given.job else [])]))
    if given.failed and jobs:
        raise Mistaken('`failed` and `job` exclude each other')
    call.run(run)

    def act() -> shapes.Run:
        call.here.doing.rerun(
            call.person,
            run,
            failed=given.failed,
            jobs=jobs,
            from_step=given.from_step,
            debug=given.debug,
        )
        return _told(call, run).model_copy(update={'interrupted': False})  # it is taken up next

    return once(call, key, act)


def _told(call: Call, run: int) -> shapes.Run:
    return shapes.Run.model_validate(telling.record(call.store, call.run(run)))


def _mark(call: Call, row: Run) -> str:
    """Another one whenever the document is."""
    seq = listing.newest_fact(call.store, row.id)
    return f'W/"{row.id}-{seq}-{telling.condition(call.store, row)}"'


def _link(request: Request, following: str | None) -> dict[str, str]:
    return cursors.link(request.url.path, request.query_params.multi_items(), following)
