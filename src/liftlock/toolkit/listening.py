"""HTTP on sockets that somebody has opened: one server each, for one application."""

import asyncio
import socket

import uvicorn
from starlette.types import ASGIApp


class Listening:
    """Sockets are listened on until they are stopped, and closed then."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._servers: dict[str, uvicorn.Server] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, name: str, listener: socket.socket) -> None:
        """Nobody's signals are handled, and nothing is written to anybody's terminal."""
        config = uvicorn.Config(
            self._app,
            http='h11',
            ws='none',
            lifespan='off',
            log_config=None,
            log_level='critical',
            access_log=False,
            proxy_headers=False,
            server_header=False,
        )
        listener.setblocking(False)
        self._servers[name] = uvicorn.Server(config)
        task = asyncio.create_task(self._servers[name].serve([listener]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def stop(self, name: str) -> None:
        server = self._servers.pop(name, None)
        if server is not None:
            server.should_exit = server.force_exit = True

    async def end(self) -> None:
        for name in tuple(self._servers):
            self.stop(name)
        await asyncio.gather(*self._tasks)
