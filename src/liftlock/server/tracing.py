"""Around every request: an id by which it is found again, a line in the log, and how long it took.

What is logged is the path without its query; where an address itself is a secret (a link to log in
with, a ticket), a sign stands in its place.
"""

import logging
import re
import time
import uuid
from collections.abc import Mapping
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from liftlock.engine import trail
from liftlock.server.counting import Requests
from liftlock.server.logbook import ACCESS

HEADER: Final = 'x-request-id'
SECRET: Final = frozenset({'code', 'ticket'})  # parameters of addresses that let somebody in
SILENT: Final = ('/health', '/static/', '/metrics')  # asked all the time
STREAMS: Final = ('/events',)
_ID: Final = re.compile(r'[A-Za-z0-9._-]{1,64}')
_log: Final = logging.getLogger(ACCESS)


class Tracing:
    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] != 'http':
            await self._app(scope, receive, send)
            return
        identity = identify(Headers(scope=scope).get(HEADER, ''))
        trail.follow(request=identity)
        begun, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message['type'] == 'http.response.start':
                status = message['status']
                MutableHeaders(scope=message)[HEADER] = identity
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._note(scope, status, time.perf_counter() - begun)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        path, method = scope['path'], scope['method']
        route = _route(scope)
        if path not in STREAMS:
            self._requests.observe(method if method in METHODS else 'other', route, status, seconds)
        if path.startswith(SILENT) or not _log.isEnabledFor(logging.INFO):
            return
        shown = told(path, scope.get('path_params') or {})
        person = scope.get('state', {}).get('person')
        extra = {
            'method': method,
            'path': shown,
            'route': route,
            'status': status,
            'seconds': round(seconds, 6),
            'address': (scope.get('client') or ('',))[0],
            'person': person.name if person else '',
        }
        _log.info('%s %s %d %.0f ms', method, shown, status, seconds * 1000, extra=extra)


METHODS: Final = frozenset({'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'})


def identify(given: str) -> str:
    """What a proxy calls the request, or a name of our own."""
    return given if _ID.fullmatch(given) else uuid.uuid4().hex


def told(path: str, parameters: Mapping[str, Any]) -> str:
    """The path without what lets somebody in."""
    for name, value in parameters.items():
        if name in SECRET and value:
            path = path.replace(str(value), '…')
    return path if path.isprintable() else repr(path)


def _route(scope: Scope) -> str:
    """The address with its parameters as names; '(none)' where no page is."""
    path, root = getattr(scope.get('route'), 'path', ''), str(scope.get('root_path', ''))
    if path == root:  # of what is mounted there itself
        return path or '(none)'
    return root + path if path else '(none)'
