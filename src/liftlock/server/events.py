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
from liftlock.server import picture, site, topics
from liftlock.server.pages import log as logs
from liftlock.server.site import Site
from liftlock.server.window import Steps
from liftlock.store import access, listing

PERIOD: Final = 0.25  # seconds between two looks
HEARTBEAT: Final = 15.0
RENEWED: Final = 3.0  # seconds between two looks whether who listens may still
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
    seen = request.headers.get('last-event-id') or request.query_params.get('seen', '')
    body = _events(request, here, look, seen)
    return StreamingResponse(body, media_type='text/event-stream', headers=HEADERS)


async def _events(request: Request, here: Site, look: Look, seen: str) -> AsyncIterator[str]:
    here.streams += 1
    try:
        yield 'retry: 1000\n\n'
        told, welcome = time.monotonic(), _welcome(request, here)
        while not here.ending.is_set() and welcome() and not await request.is_disconnected():
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


def _welcome(request: Request, here: Site) -> Callable[[], bool]:
    """Whether whoever listens is still logged in. Listening is no use of a session: it ends when
    nobody does anything."""
    session = site.session(request)
    token = request.headers.get('authorization', '').partition(' ')[2].strip()
    looked = time.monotonic()

    def welcome() -> bool:
        nonlocal looked
        if time.monotonic() - looked < RENEWED:
            return True
        looked = time.monotonic()
        if session is not None:
            return access.session(here.store, session.secret, use=False) is not None
        return access.find(here.store, token) is not None

    return welcome


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
    if _is_log(request):
        return _log(request, here, int(given['run']), given['job'])
    mark = topics.marking(here, given)
    return lambda: (mark(), '')


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
