"""The log of a job: the page, windows of lines, search, and the whole as text."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from liftlock.errors import UserError
from liftlock.language.figures import duration
from liftlock.language.records import NamedTuple
from liftlock.plan.board import Job, Step
from liftlock.server import ansi, picture, rendering, site, window
from liftlock.server.pages import run as pages
from liftlock.server.picture import Picture
from liftlock.server.window import Steps
from liftlock.store import runs
from liftlock.store.database import Store
from liftlock.store.logs import LogReader
from liftlock.store.paths import RunPaths

PLAIN: Final = 2000  # lines of a static page
CHUNK: Final = 500  # lines that the page asks for at once: as in log.js
PREPARATION: Final = 'Set up job'  # what is said before the first step


class Log(NamedTuple):
    """One attempt at one job."""

    drawn: Picture
    job: Job
    reader: LogReader


def find(request: Request) -> Log:
    """UserError if there is no such job."""
    return look(site.of(request).store, pages.of(request), request.path_params['key'])


def look(store: Store, drawn: Picture, key: str) -> Log:
    job = drawn.board.jobs.get(key)
    if job is None:
        raise UserError(f'run {drawn.run.id} has no job "{key}"')
    claim = drawn.claims.get(key, 0)
    return Log(drawn, job, LogReader(RunPaths(store.directory, drawn.run.id).log(key, claim)))


def steps_of(log: Log, steps: Steps, now: float) -> list[dict[str, object]]:
    """What the page tells of each step; 0 stands for what is said outside of one."""
    counts = steps.counts()
    known = dict(log.job.steps)
    if counts.get(0):
        known = {0: _outside(log), **known}
    return [
        {
            'number': step.number,
            'name': step.name,
            'state': step.state,
            'outcome': step.outcome,
            'message': step.message,
            'took': '' if step.state == 'skipped' else duration(step.seconds(now)),
            'count': counts.get(step.number, 0),
        }
        for step in known.values()
    ]


def _outside(log: Log) -> Step:
    step = Step(0, PREPARATION, log.job.started)
    first = min((one.started for one in log.job.steps.values()), default=0.0)
    step.finished = first or log.job.finished
    step.state = 'success' if step.finished else 'running'
    return step


async def show(request: Request) -> Response:
    log, now = find(request), time.time()
    steps = Steps(log.reader)
    if request.query_params.get('view') == 'plain':
        return _plain(request, log, steps)
    told = steps_of(log, steps, now)
    drawn = log.drawn
    days = runs.lost_logs(site.of(request).store, drawn.run.id, now)
    return rendering.page(
        request,
        'log.html',
        drawn=drawn,
        run=drawn.run,
        job=log.job,
        jobs=list(drawn.board.jobs.values()),
        steps=told,
        opened=_opened(told),
        lost=days if days and not log.reader.count else 0,
        address=lambda key: picture.address(drawn, key),
        topic='',
        stream=f'log&run={drawn.run.id}&job={quote(log.job.key, safe="")}',
        live=drawn.attempt == drawn.run.attempt and not log.job.ended,
    )


def _opened(steps: list[dict[str, object]]) -> int:
    """The step that is shown first: the first that failed, or that runs, or the longest told."""
    for state in ('failure', 'running'):
        for step in steps:
            if step['state'] == state:
                return int(str(step['number']))
    return -1


def _plain(request: Request, log: Log, steps: Steps) -> Response:
    given = request.query_params
    step, start = _number(given.get('step', '')), _number(given.get('from', ''))
    if 'step' not in given:
        step = min(steps.counts(), default=0)
    return rendering.page(
        request,
        'plain.html',
        drawn=log.drawn,
        run=log.drawn.run,
        job=log.job,
        steps=steps_of(log, steps, time.time()),
        step=step,
        start=start,
        stop=start + PLAIN,
        count=steps.count(step),
        html=Markup(window.html(steps, step, start, start + PLAIN)),  # noqa: S704 - escaped there
        topic='',
    )


async def lines(request: Request) -> Response:
    """Lines `from` (from 0) up to `to` of a step, as HTML."""
    given = request.query_params
    step, start, stop = (_number(given.get(name, '')) for name in ('step', 'from', 'to'))
    log = find(request)
    return HTMLResponse(window.html(Steps(log.reader), step, start, max(stop, start)))


async def search(request: Request) -> Response:
    """Where in the whole log something stands; beside other work, as a log may be large."""
    given = request.query_params
    log = find(request)

    def find_all() -> window.Found:
        wanted, literal = window.pattern(given.get('q', ''), regex=bool(given.get('regex')))
        return Steps(log.reader).search(wanted, literal)

    if not given.get('q'):
        return JSONResponse({'hits': [], 'more': False})
    try:
        found = await asyncio.to_thread(find_all)
    except UserError as error:
        return JSONResponse({'error': str(error)}, 400)
    return JSONResponse({'hits': found.hits, 'more': found.more})


async def marks(request: Request) -> Response:
    """Where errors are, and the groups that reach over a chunk of the page."""
    log = find(request)

    def find_all() -> tuple[window.Found, tuple[window.Group, ...]]:
        steps = Steps(log.reader)
        return steps.errors(), steps.groups(CHUNK)

    errors, groups = await asyncio.to_thread(find_all)
    return JSONResponse({'errors': errors.hits, 'more': errors.more, 'groups': groups})


async def raw(request: Request) -> Response:
    """The whole log as text, without colours; `marks=1`: as it was written."""
    log = find(request)
    marks = bool(request.query_params.get('marks'))
    name = re.sub(r'[^A-Za-z0-9_.-]+', '-', f'run-{log.drawn.run.id}-{log.job.key}').strip('-')
    headers = {'content-disposition': f'attachment; filename="{name}.log"'}
    if 'inline' in request.query_params:
        headers = {}
    return StreamingResponse(
        text(log.reader, marks=marks), media_type='text/plain; charset=utf-8', headers=headers
    )


async def text(reader: LogReader, *, marks: bool) -> AsyncIterator[str]:
    for segment in reader.segments:
        said = await asyncio.to_thread(reader.text, segment)
        if not marks and '\x1b' in said:
            said = '\n'.join(map(ansi.plain, said.split('\n')))
        yield said


def _number(given: str) -> int:
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 12 else 0
