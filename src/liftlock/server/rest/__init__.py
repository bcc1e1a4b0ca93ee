"""REST below `/api/v1`: what programs ask, and what `liftlock --server` asks.

FastAPI and its models take half a second and some megabytes, which a server that nobody asks need
not spend: they are loaded by the first request, beside other work, and requests meanwhile wait.
"""

import asyncio
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from liftlock.server.picture import Plans
    from liftlock.server.site import Site


class Rest:
    """The application below `/api/v1`. `site` and `plans` are the server's."""

    def __init__(self, site: 'Site', plans: 'Plans') -> None:
        self._site = site
        self._plans = plans
        self._loading: asyncio.Task[ASGIApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._loading is None:
            self._loading = asyncio.create_task(asyncio.to_thread(self._load))
        app = await asyncio.shield(self._loading)
        await app(scope, receive, send)

    def _load(self) -> ASGIApp:
        from liftlock.server.rest import application

        return application.make(self._site, self._plans)
