"""Live updates: one stream of server-sent events a page, which says that something has changed.

Pages then fetch themselves and take over what differs; logs are told how many lines there are. The
store is asked a few times a second for one number, so a stream costs next to nothing, and nothing
is queued for a reader that is slow. An event's id is what the page knows already: with it a browser
that was cut off goes on where it was.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from liftlock.errors import UserError
from liftlock.server import picture, site
from liftlock.server.pages import log as logs
from liftlock.server.site import Site
from liftlock.server.window import Steps
from liftlock.store import deliveries, listing

PERIOD: Final = 0.25  # seconds between two looks
HEARTBEAT: Final = 15.0
LIVE: Final = 2.0  # seconds between two looks at instances while something is deployed
MOST: Final = 500  # streams at a time
HEADERS: Final = {'cache-control': 'no-store', 'x-accel-buffering': 'no'}

Look = Callable[[], tuple[str, str]]  # (id, data); the same id: nothing has changed


async def stream(request: Request) -> Response:
    here = site.of(request)
    if here.streams >= MOST:
        return Response('too many streams\n', 503, {'retry-after': '30'})
    try:
        look = _look(request, here)
    except (UserError, KeyError, ValueError):
        return Response('there is no such topic\n', 404)
    seen = request.headers.get('last-event-id', '')
    body = _events(request, here, look, seen)
    return StreamingResponse(body, media_type='text/event-stream', headers=HEADERS)


async def _events(request: Request, here: Site, look: Look, seen: str) -> AsyncIterator[str]:
    here.streams += 1
    try:
        yield 'retry: 1000\n\n'
        told = time.monotonic()
        seen = seen or (look()[0] if not _is_log(request) else '')
        while not here.ending.is_set() and not await request.is_disconnected():
            identity, data = look()
            if identity != seen:
                seen, told = identity, time.monotonic()
                yield f'event: changed\nid: {identity}\ndata: {data}\n\n'
            elif time.monotonic() - told > HEARTBEAT:
                told = time.monotonic()
                yield ': still here\n\n'
            await _rest(here)
    finally:
        here.streams -= 1


async def _rest(here: Site) -> None:
    try:
        async with asyncio.timeout(PERIOD):
            await here.ending.wait()
    except TimeoutError:
        pass


def _is_log(request: Request) -> bool:
    return request.query_params.get('topic') == 'log'


def _look(request: Request, here: Site) -> Look:
    given = request.query_params
    match given.get('topic', ''):
        case 'run':
            return _run(here, int(given['run']))
        case 'log':
            return _log(request, here, int(given['run']), given['job'])
        case 'environment':
            return _environment(here, int(given['id']))
        case 'runs':
            return lambda: (f'r{listing.newest_fact(here.store)}', '')
        case 'deployments' | 'all':
            return lambda: (
                f'r{listing.newest_fact(here.store)}'
                f'd{max(deliveries.latest(here.store).values(), default=0)}',
                '',
            )
        case other:
            raise KeyError(other)


def _run(here: Site, run: int) -> Look:
    return lambda: (f'r{listing.newest_fact(here.store, run)}', '')


def _environment(here: Site, environment: int) -> Look:
    place = here.place(environment)

    def look() -> tuple[str, str]:
        seq = deliveries.latest(here.store).get(environment, 0)
        (standing,) = here.folded([place], time.time())
        going = standing.environment.active is not None
        return f'd{seq}' + (f't{int(time.time() / LIVE)}' if going else ''), ''

    return look


def _log(request: Request, here: Site, run: int, key: str) -> Look:
    """How long each step is, and how it is; `over` when no more will come."""
    plans = request.app.state.plans
    log = logs.look(here.store, picture.draw(here.store, plans, run), key)
    seq = log.drawn.seq

    def look() -> tuple[str, str]:
        nonlocal log, seq
        newest = listing.newest_fact(here.store, run)
        if newest != seq:
            log = logs.look(here.store, picture.draw(here.store, plans, run), key)
            seq = newest
        count = log.reader.refresh()
        steps = logs.steps_of(log, Steps(log.reader), time.time())
        told = {'steps': steps, 'state': log.job.state, 'over': log.job.ended}
        return f'l{seq}.{count}', json.dumps(told)

    return look
