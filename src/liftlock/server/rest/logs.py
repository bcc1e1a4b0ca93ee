"""Logs of jobs: whole, in windows, searched, and while they grow."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from json.encoder import encode_basestring as quoted
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from starlette.responses import JSONResponse, Response, StreamingResponse

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.server import window
from liftlock.server.pages import log as pages
from liftlock.server.rest import refusals
from liftlock.server.rest.asking import Call, Key, RunNumber, RunsRead, Wanted
from liftlock.server.rest.refusals import Missing, Mistaken
from liftlock.server.rest.shapes import logs as shapes
from liftlock.server.rest.shapes.base import LARGEST, WITHOUT_NUL
from liftlock.server.window import Steps
from liftlock.store import blobs, owners, runs
from liftlock.store.logs import LogReader
from liftlock.store.paths import RunPaths

router = APIRouter(tags=['logs'], responses=refusals.described())
JSON: Final = 'application/json'
MOST: Final = 5000  # lines of one answer
FEW: Final = 4  # segments that are read sooner than a thread would begin to
PERIOD: Final = 0.25  # seconds between two looks at a log that grows
HEARTBEAT: Final = 15.0
Attempt = Annotated[
    int, Query(ge=0, le=LARGEST, description='An earlier attempt at the job; 0: the last.')
]
Start = Annotated[int, Query(alias='from', ge=0, le=LARGEST, description='From this line on.')]
Most = Annotated[int, Query(ge=1, le=MOST)]
JobKey = Annotated[str, Path(max_length=512, pattern=WITHOUT_NUL, description='Of the job.')]
TEXT: Final = {'content': {'text/plain': {'schema': {'type': 'string'}}}}
STREAM: Final = {
    'description': 'Events `lines` (a list of lines as JSON), with the number of the next line as '
    'their id, and at last `end`.',
    'content': {'text/event-stream': {'schema': {'type': 'string'}}},
}


class Found(NamedTuple):
    """An attempt at a job, and its log as far as it is written. `over`: no more will come."""

    attempt: int
    reader: LogReader
    over: bool


@router.get('/runs/{run}/lines', response_model=shapes.Lines)
async def list_lines(
    call: RunsRead,
    run: RunNumber,
    job: Key,
    start: Start = 0,
    limit: Most = 1000,
    attempt: Attempt = 0,
) -> Response:
    """Lines in the order in which they were written, whichever step they belong to."""

    found = await _find(call, run, job, attempt)
    reader, stop = found.reader, start + limit
    if len(reader.between(start, stop)) <= FEW:
        lines = _told(reader, start, stop)
    else:
        lines = await asyncio.to_thread(_told, reader, start, stop)
    told = {'count': reader.count, 'attempt': found.attempt, 'over': found.over}
    return Response(f'{{"lines":{lines},{json.dumps(told)[1:]}', media_type=JSON)


@router.get('/runs/{run}/search', response_model=shapes.Hits)
async def search_log(
    call: RunsRead,
    run: RunNumber,
    job: Key,
    q: Wanted = '',
    regex: bool = False,
    errors: bool = False,
    attempt: Attempt = 0,
) -> Response:
    """Where `q` stands in the whole log, whatever its case; or, with `errors`, where something was
    marked as one."""
    if bool(q) == errors:
        raise Mistaken('either `q` or `errors` says what is looked for')
    try:
        wanted, literal = window.pattern(q, regex=regex)
    except UserError as error:
        raise Mistaken(str(error), error.hint) from None
    found = await _find(call, run, job, attempt)

    def look() -> window.Found:
        steps = Steps(found.reader)
        return steps.errors() if errors else steps.search(wanted, literal)

    hits = await asyncio.to_thread(look)
    return JSONResponse({'hits': [one._asdict() for one in hits.hits], 'more': hits.more})


@router.get(
    '/runs/{run}/follow',
    response_class=StreamingResponse,
    responses={200: STREAM},
)
async def follow_log(
    call: RunsRead, run: RunNumber, job: Key, start: Start = 0
) -> StreamingResponse:
    """The log from a line on, until no more will come: server-sent events. Whoever is cut off goes
    on with `Last-Event-ID`."""
    last = call.request.headers.get('last-event-id', '')
    if last.isascii() and last.isdecimal() and len(last) < 19:
        start = int(last)
    found = await _find(call, run, job, 0)
    headers = {'cache-control': 'no-store', 'x-accel-buffering': 'no'}
    body = _events(call, run, job, start, found)
    return StreamingResponse(body, media_type='text/event-stream', headers=headers)


@router.get('/runs/{run}/logs/{job:path}', response_class=Response, responses={200: TEXT})
async def read_log(
    call: RunsRead, run: RunNumber, job: JobKey, marks: bool = False, attempt: Attempt = 0
) -> StreamingResponse:
    """The whole as text; with `marks` as it was written, with colours and GitHub's marks."""
    found = await _find(call, run, job, attempt)
    name = re.sub(r'[^A-Za-z0-9_.-]+', '-', f'run-{run}-{job}').strip('-')
    headers = {'content-disposition': f'attachment; filename="{name}.log"'}
    body = pages.text(found.reader, marks=marks)
    return StreamingResponse(body, media_type='text/plain; charset=utf-8', headers=headers)


async def _find(call: Call, run: int, key: str, attempt: int) -> Found:
    """Missing, if nobody has begun the job."""
    row = call.run(run)
    over = row.status == 'completed' or owners.dead(call.store, row.owner)
    job = runs.job(call.store, run, key)
    if job is None or not job.attempt:
        known = ', '.join(one.key for one in runs.jobs(call.store, run) if one.attempt)
        raise Missing(f'run {run} has no log of a job "{key}"', f'there are: {known or "none"}')
    chosen = attempt or job.attempt
    if chosen > job.attempt:
        raise Missing(f'there was no attempt {attempt} at {key}', f'the last was {job.attempt}')
    name = RunPaths(call.store.directory, run).log(key, chosen)
    if blobs.bucket_of(call.store.directory) is None:
        reader = LogReader(name)
    else:  # which may have to bring it
        reader = await asyncio.to_thread(LogReader, name)
    return Found(chosen, reader, over or job.state == 'done' or chosen < job.attempt)


async def _events(call: Call, run: int, key: str, start: int, found: Found) -> AsyncIterator[str]:
    """A log is looked at once more after the job was seen to be over."""
    told = time.monotonic()
    while True:
        stop = min(start + MOST, found.reader.count)
        if start < stop:
            data = await asyncio.to_thread(_told, found.reader, start, stop)
            start, told = stop, time.monotonic()
            yield f'event: lines\nid: {start}\ndata: {data}\n\n'
            continue
        if found.over:
            yield f'event: end\nid: {start}\ndata: {{"count": {start}}}\n\n'
            return
        if time.monotonic() - told > HEARTBEAT:
            told = time.monotonic()
            yield ': still here\n\n'
        if call.here.ending.is_set() or await call.request.is_disconnected():
            return
        await _rest(call.here.ending)
        found = await _find(call, run, key, found.attempt)


def _told(reader: LogReader, start: int, stop: int) -> str:
    """The lines as JSON. As there are many, and all alike, they are written down directly: that
    takes a quarter of the time."""
    told: list[str] = []
    for part in reader.parts(start, stop):
        rest = f',"step":{part.step},"at":{part.at},"text":'
        told += [
            f'{{"number":{number}{rest}{quoted(text)}}}'
            for number, text in enumerate(part.texts, part.first)
        ]
    return f'[{",".join(told)}]'


async def _rest(ending: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(PERIOD):
            await ending.wait()
    except TimeoutError:
        pass
