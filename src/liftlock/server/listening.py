"""The server as a process: from an open socket until somebody ends it.

The socket belongs to a thread (`front`); everything else lives on the loop of the main one.
"""

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import uvicorn

from liftlock.server import app, systemd
from liftlock.server.attending import Attending
from liftlock.server.front import Front
from liftlock.server.ground import Ground
from liftlock.server.hooks import bare, receiving
from liftlock.server.pages.door import Door
from liftlock.server.protocol import Protocol
from liftlock.server.site import Site

GRACE: Final = 5  # seconds for answers that are being given


def bind(host: str, port: int) -> socket.socket:
    """OSError where that cannot be. Port 0: one that is free."""
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=256)
    # asyncio does this for sockets that say they are TCP, which these do not: an answer in two
    # parts would wait 40 ms for the other side's acknowledgement of the first.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


class Server(uvicorn.Server):
    """Runs in a thread. Tells on the main loop when it answers, and that streams are to close
    before it waits for them."""

    def __init__(
        self, config: uvicorn.Config, site: Site, ready: Callable[[], None], drain: float = 0.0
    ) -> None:
        super().__init__(config)
        self._site = site
        self._ready = ready
        self._drain = drain
        self._main = asyncio.get_running_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """On the main loop: the first signal begins the end, a second one does not wait for
        anything."""
        if self._site.draining:
            self.should_exit = self.force_exit = True
            return
        self._site.draining = True
        systemd.tell(systemd.STOPPING)
        self._main.call_later(self._drain, self.end)

    def end(self) -> None:
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """They come to the main thread; see `_signals`."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._main.call_soon_threadsafe(self._ready)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._main.call_soon_threadsafe(self._site.ending.set)
        await super().shutdown(sockets)


@contextmanager
def _signals(server: Server) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.handle_exit, number, None)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def serve(
    ground: Ground,
    listener: socket.socket,
    entrance: Door,
    ready: Callable[[], None],
    drain: float = 0.0,
) -> None:
    """Until SIGTERM or SIGINT, and `drain` seconds more, in which /health/ready says so. What was
    being carried out goes on when somebody serves again."""
    site = Site(ground)
    rest = app.make(site, entrance, [*receiving.ROUTES, *bare.ROUTES], (receiving.PREFIX,))
    front = Front(rest, site)
    config = uvicorn.Config(
        front,
        http=Protocol,
        ws='none',
        lifespan='off',
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    listener.setblocking(False)
    triggers = Attending(site)

    def begun() -> None:
        ready()
        systemd.tell(systemd.READY)
        triggers.begin()

    server = Server(config, site, begun, drain)
    site.crew.take_up()
    site.processing.begin()
    living = asyncio.create_task(front.live())
    try:
        with _signals(server):
            await _in_thread(server, front, listener)
    finally:
        server.end()
        living.cancel()
        await triggers.end()
        await site.processing.end()
        await site.crew.end()


async def _in_thread(server: Server, front: Front, listener: socket.socket) -> None:
    """Until it has ended."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    async def answer() -> None:
        beating = asyncio.create_task(systemd.beat(lambda: not front.lost))
        await server.serve([listener])
        beating.cancel()

    def run() -> None:
        try:
            asyncio.run(answer())
        except BaseException as error:  # a task boundary: raised where it is waited for
            loop.call_soon_threadsafe(ended.set_exception, error)
        else:
            loop.call_soon_threadsafe(ended.set_result, None)

    threading.Thread(target=run, name='front', daemon=True).start()
    await ended
