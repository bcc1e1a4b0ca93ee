"""What may be done to an address: the first that matches says, with every method that it has.

Names of repositories may hold slashes, so `/repositories/{owner}/{name}` also matches what lies
below one. Left to itself, a router would try that where the address itself has no such method.
"""

from collections.abc import Iterable
from typing import Final

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from liftlock.server.rest import refusals

REFUSED: Final = 405


class Methods:
    def __init__(self, app: ASGIApp, routers: Iterable[APIRouter]) -> None:
        self._app = app
        self._routes: dict[str, tuple[APIRoute, set[str]]] = {}
        for route in (route for router in routers for route in router.routes):
            if isinstance(route, APIRoute):
                _, methods = self._routes.setdefault(route.path, (route, set()))
                methods.update(route.methods or ())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        methods = self._of(scope) if scope['type'] == 'http' else None
        if methods is not None and scope['method'] not in methods:
            allowed = {'allow': ', '.join(sorted(methods))}
            refusal = refusals.answer(REFUSED, refusals.CANNOT, headers=allowed)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _of(self, scope: Scope) -> set[str] | None:
        path = scope['path'].removeprefix(scope.get('root_path', ''))
        for route, methods in self._routes.values():
            if route.path_regex.match(path):
                return methods
        return None
