"""Parts of a run: where its time went, its tests, where annotations were said, its workflow file,
and reports that it was handed."""

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import FileResponse, JSONResponse, Response

from liftlock.engine import tested
from liftlock.gates import flakes
from liftlock.gates.flakes import Outcome
from liftlock.gates.junit import Case
from liftlock.server import picture, waterfall
from liftlock.server.pages import run as pages
from liftlock.server.pages import sections
from liftlock.server.picture import Picture
from liftlock.server.rest import cursors, refusals
from liftlock.server.rest.artifacts import BYTES, SANDBOX
from liftlock.server.rest.asking import Call, Cursor, RunNumber, RunsRead, Wanted
from liftlock.server.rest.refusals import Missing
from liftlock.server.rest.shapes import sections as shapes
from liftlock.server.rest.shapes.base import LARGEST
from liftlock.store import artifacts, blobs

router = APIRouter(tags=['runs'], responses=refusals.described())
HISTORY = 20  # outcomes of each test
ORDER = {'failed': 0, 'skipped': 1, 'passed': 2}
Attempt = Annotated[int, Query(ge=0, le=LARGEST, description='At the run; 0: the last.')]
Many = Annotated[int, Query(ge=1, le=1000, description='At most so many.')]
Place = Annotated[int, Path(ge=0, le=LARGEST, description='Among the annotations, from 0.')]
Digest = Annotated[str, Path(pattern='^(sha256:)?[0-9a-f]{64}$')]


@router.get('/runs/{run}/timeline', response_model=shapes.Timeline)
async def show_timeline(call: RunsRead, run: RunNumber, attempt: Attempt = 0) -> Response:
    """When each job waited and ran, what it needed, and which made the run as long as it is."""
    drawn, now = _draw(call, run, attempt), time.time()
    board, needs = drawn.board, picture.needs(drawn)
    queued = waterfall.queued(drawn.facts)
    made = waterfall.make(board.jobs.values(), queued, needs, board.finished or now)
    critical = {row.key for row in made.rows if row.critical}
    jobs = [
        {
            'key': job.key,
            'name': job.name,
            'state': job.state,
            'needs': needs[job.key],
            'queued': queued.get(job.key, 0.0),
            'started': job.started,
            'finished': job.finished,
            'critical': job.key in critical,
        }
        for job in board.jobs.values()
    ]
    told = {'attempt': drawn.attempt, 'attempts': [one._asdict() for one in drawn.attempts]}
    spans = {'whole': made.whole, 'waiting': made.waiting, 'path': made.path}
    return JSONResponse({**told, **spans, 'jobs': jobs})


@router.get('/runs/{run}/tests', response_model=shapes.Tests)
async def list_tests(
    call: RunsRead,
    run: RunNumber,
    attempt: Attempt = 0,
    state: Wanted = '',
    limit: Many = 100,
    cursor: Cursor = '',
) -> Response:
    """What the run's tests said, failed ones first; and how each has gone in the runs before."""
    (begin,) = cursors.read(cursor, int) or (0,)
    start = max(int(begin), 0)
    drawn = _draw(call, run, attempt)
    read = await pages.tested(call.here, drawn, artifacts.listed(call.store, run))
    mine = flakes.worst(read.cases)
    row = drawn.run
    kept = tested.kept(call.store, row.repository, row.workflow) if mine else []
    history = flakes.fold(await asyncio.to_thread(tested.told, call.here.tests, kept))
    states = [case.state for case in mine.values()]
    found = sorted(
        (case for case in mine.values() if state in ('', case.state)),
        key=lambda case: (ORDER[case.state], case.key),
    )
    following = cursors.write((start + limit,)) if len(found) > start + limit else None
    told = {
        'attempt': drawn.attempt,
        'counts': {name: states.count(name) for name in ORDER},
        'files': read.files,
        'troubles': list(read.troubles),
        'tests': [_case(case, history.get(case.key)) for case in found[start : start + limit]],
        'next': following,
    }
    request = call.request
    link = cursors.link(request.url.path, request.query_params.multi_items(), following)
    return JSONResponse(told, headers=link)


@router.get('/runs/{run}/annotations/{number}', response_model=shapes.Said)
async def find_annotation(
    call: RunsRead, run: RunNumber, number: Place, attempt: Attempt = 0
) -> Response:
    """Where in the log it was said: looked for when somebody asks."""
    drawn = _draw(call, run, attempt)
    if number >= len(drawn.board.annotations):
        raise Missing(f'run {run} has no annotation {number}', 'they are counted from 0')
    one = drawn.board.annotations[number]
    line = await sections.line(call.store, drawn, one) if one.job in drawn.claims else 0
    return JSONResponse({'job': one.job, 'step': one.number, 'line': line})


@router.get('/runs/{run}/workflow', response_model=shapes.File)
async def show_workflow(call: RunsRead, run: RunNumber) -> Response:
    """Its workflow file, as it was."""
    plan = call.plans.of(call.run(run).id)
    if plan is None:
        raise Missing(f'the workflow file of run {run} cannot be read by this version')
    path = plan.request.workflow
    return JSONResponse({'path': path, 'text': plan.request.files.get(path, '')})


@router.get('/runs/{run}/reports/{digest}', response_class=FileResponse, responses={200: BYTES})
async def download_report(call: RunsRead, run: RunNumber, digest: Digest) -> FileResponse:
    """Bytes of a report that a step handed in."""
    wanted = digest.removeprefix('sha256:')
    reports = _draw(call, run, 0).board.reports
    found = next((one for one in reports if one.digest == wanted), None)
    if found is not None:
        file = await asyncio.to_thread(blobs.path, call.store.directory, wanted)
        if file.exists():
            name = found.name.rpartition('/')[2] or 'report'
            return FileResponse(file, filename=name, headers=SANDBOX)
    raise Missing(f'run {run} keeps no such report')


def _draw(call: Call, run: int, attempt: int) -> Picture:
    """Missing, if there was no such attempt."""
    drawn = picture.draw(call.store, call.plans, call.run(run).id, attempt)
    if attempt and drawn.attempt != attempt:
        raise Missing(f'there was no attempt {attempt} at run {run}')
    return drawn


def _case(case: Case, test: flakes.Test | None) -> dict[str, Any]:
    told = {name: value for name, value in case._asdict().items() if name != 'again'}
    past = test.outcomes[-HISTORY:] if test else ()
    flaky = test.flaky if test else case.again
    return {'key': case.key, **told, 'flaky': flaky, 'history': [outcome(one) for one in past]}


def outcome(one: Outcome) -> dict[str, Any]:
    return {'run': one.run, 'attempt': one.attempt, 'commit': one.commit, 'state': one.state}
