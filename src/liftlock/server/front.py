"""What answers at the port, on an event loop of its own.

Pages, REST and what is carried out share one loop, and wait there for the store. Where that is a
database which is away for a while, whoever asks is answered all the same: that the process lives,
and that the rest is held up. So requests are handed over to the other loop, and their answers back;
what is on its way is bounded, so that a slow reader holds up its own answer alone.
"""

import asyncio
import time
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from liftlock.errors import UserError
from liftlock.server.site import Site
from liftlock.store.sql import Unreachable

BEAT: Final = 0.5  # seconds between two signs of life of the other loop
STUCK: Final = 3.0  # seconds without one: it waits for something
PATIENCE: Final = 5.0  # seconds that a request waits for a loop that is stuck
LOST: Final = 300.0  # seconds after which nobody believes that it will go on
LOOK: Final = 1.0
AHEAD: Final = 16  # parts of an answer that are on their way
HELD_UP: Final = 'the server is held up, most likely by its database'
HINT: Final = 'try again in a moment; what was asked may still be done'
AGAIN: Final = {'retry-after': '5', 'cache-control': 'no-store'}
PAGE: Final = f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><meta http-equiv="refresh" content="5">
<title>Held up</title><h1>Held up</h1>
<p>{HELD_UP.capitalize()}. This page tries again by itself; what was asked may still be done.</p>
"""


What = Message | Exception | None  # a part of an answer, what went wrong, or the end


class Passage:
    """A request on its way. What is told of its answer in one go crosses over together."""

    def __init__(self, receive: Receive) -> None:
        self.answer: asyncio.Queue[What] = asyncio.Queue()
        self._receive = receive
        self._here = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(AHEAD)
        self._told: list[What] = []
        self._closed = False  # nobody listens any more

    # --- on the other loop

    async def receive(self) -> Message:
        coming = asyncio.run_coroutine_threadsafe(_message(self._receive), self._here)
        return await asyncio.wrap_future(coming)

    async def send(self, message: Message) -> None:
        if message.get('more_body') and not self._closed:
            await self._room.acquire()
        self.tell(message)

    def tell(self, what: What) -> None:
        if not self._told:
            asyncio.get_running_loop().call_soon(self._cross)
        self._told.append(what)

    def make_room(self) -> None:
        self._room.release()

    def close(self) -> None:
        self._closed = True
        self._room.release()  # whoever waits for it

    def _cross(self) -> None:
        told, self._told = self._told, []
        if not self._closed:
            self._here.call_soon_threadsafe(self._arrive, told)

    # --- here

    def _arrive(self, told: list[What]) -> None:
        for what in told:
            self.answer.put_nowait(what)


class Front:
    """Satisfies ASGI. Made on the other loop, where `app` lives."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site
        self._loop = asyncio.get_running_loop()
        self._alive = time.monotonic()

    async def live(self) -> None:
        """Signs of life, on the other loop."""
        while True:
            self._alive = time.monotonic()
            await asyncio.sleep(BEAT)

    @property
    def silent(self) -> float:
        """Seconds since the last one."""
        return time.monotonic() - self._alive

    @property
    def lost(self) -> bool:
        return self.silent > LOST

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        own = self._own(scope)
        if own is not None:
            await own(scope, receive, send)
            return
        passage = Passage(receive)
        work = asyncio.run_coroutine_threadsafe(self._pass_on(scope, passage), self._loop)
        try:
            await self._answer(scope, passage, receive, send)
        except asyncio.CancelledError:
            work.cancel()
            raise
        finally:
            self._loop.call_soon_threadsafe(passage.close)

    async def _answer(self, scope: Scope, passage: Passage, receive: Receive, send: Send) -> None:
        begun, waited = False, 0.0
        while True:
            try:
                async with asyncio.timeout(LOOK):
                    message = await passage.answer.get()
            except TimeoutError:
                waited = waited + LOOK if self.silent > STUCK else 0.0
                if begun or waited < PATIENCE:
                    continue
                message = Unreachable(HELD_UP, HINT)
            if message is None:
                return
            if isinstance(message, Exception):
                if begun or not isinstance(message, UserError):
                    raise message
                await excuse(scope)(scope, receive, send)
                return
            begun = True
            await send(message)
            if message.get('more_body'):
                self._loop.call_soon_threadsafe(passage.make_room)

    async def _pass_on(self, scope: Scope, passage: Passage) -> None:
        """On the other loop."""
        try:
            await self._app(scope, passage.receive, passage.send)
        except Exception as error:  # a task boundary: told on the other side
            passage.tell(error)
        else:
            passage.tell(None)

    def _own(self, scope: Scope) -> Response | None:
        """What needs nothing but this process."""
        if scope['type'] != 'http' or scope['method'] not in ('GET', 'HEAD'):
            return None
        if scope['path'] == '/health':
            state = 'stuck' if self.lost else 'ok'
            told = {'status': state, 'version': self._site.ground.version}
        elif scope['path'] == '/health/ready':
            waits = self.silent > STUCK + PATIENCE
            state = 'draining' if self._site.draining else 'held up' if waits else 'ok'
            told = {'status': state}
        else:
            return None
        return JSONResponse(told, 200 if state == 'ok' else 503, {'cache-control': 'no-store'})


def excuse(scope: Scope) -> Response:
    """Instead of an answer that needs the store."""
    path = scope['path']
    if path == '/health/overall':
        told = {'status': 'down', 'parts': {'database': {'state': 'down'}}}
        return JSONResponse(told, 503, AGAIN)
    if path.startswith('/health/'):
        return JSONResponse({'status': 'down', 'error': HELD_UP}, 503, AGAIN)
    if 'text/html' in Headers(scope=scope).get('accept', ''):
        return HTMLResponse(PAGE, 503, AGAIN)
    return JSONResponse({'error': HELD_UP, 'hint': HINT}, 503, AGAIN)


async def _message(receive: Receive) -> Message:
    return await receive()
