"""The server as a process: from an open socket until somebody ends it."""

import logging
import socket
from collections.abc import Callable
from typing import Final

import uvicorn

from liftlock.server import app
from liftlock.server.ground import Ground
from liftlock.server.pages.door import Door
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
    """Tells when it answers, and streams to close before it waits for them."""

    def __init__(self, config: uvicorn.Config, site: Site, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._site = site
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._site.ending.set()
        await super().shutdown(sockets)


async def serve(
    ground: Ground, listener: socket.socket, entrance: Door, ready: Callable[[], None]
) -> None:
    """Until SIGTERM or SIGINT. What was being carried out goes on when somebody serves again."""
    logging.basicConfig(level=logging.WARNING, format='liftlock: %(message)s')
    site = Site(ground)
    config = uvicorn.Config(
        app.make(site, entrance),
        http='h11',
        ws='none',
        lifespan='off',
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    listener.setblocking(False)
    server = Server(config, site, ready)
    site.crew.take_up()
    try:
        await server.serve([listener])
    finally:
        await site.crew.end()
