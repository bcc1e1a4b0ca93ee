"""Stands before every page: who asks, may he, and what browsers may do with the answer.

Reading needs a log-in, too. A session is known by a cookie, a program by a bearer token. What a
cookie does is only done for a page of our own: the browser says where a request comes from, and
every form brings a word that only the cookie's owner can know.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from liftlock.server.doing import Person
from liftlock.store import access
from liftlock.store.database import Store

COOKIE: Final = 'liftlock_session'
OPEN: Final = ('/login', '/static/', '/health', '/theme')
SAFE: Final = ('GET', 'HEAD', 'OPTIONS')
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
}


class Guard:
    def __init__(self, app: ASGIApp, store: Store, public: Sequence[str] = ()) -> None:
        self._app = app
        self._store = store
        self._open = (*OPEN, *public)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] != 'http':
            await self._app(scope, receive, send)
            return

        async def safely(message: Message) -> None:
            if message['type'] == 'http.response.start':
                _protect(MutableHeaders(scope=message), scope['path'])
            await send(message)

        refusal = self._look(scope)
        await (refusal or self._app)(scope, receive, safely)

    def _look(self, scope: Scope) -> Response | None:
        """Put into the request who asks; an answer where that is enough to refuse."""
        headers = Headers(scope=scope)
        path = scope['path']
        state = scope.setdefault('state', {})
        person, session = self._known(headers, scope)
        state['person'], state['session'] = person, session
        if scope['method'] not in SAFE and not _own(headers) and _by_cookie(headers):
            return Response('this came from a page of somebody else\n', 403)
        if person is not None or path.startswith(self._open):
            return None
        if path.startswith('/api/') or path == '/metrics':
            told = {'error': 'a token is needed', 'hint': 'Authorization: Bearer …'}
            return JSONResponse(told, 401, {'www-authenticate': 'Bearer'})
        if path == '/events':
            return Response('log in first\n', 401)
        query = scope['query_string'].decode('latin-1')
        wanted = path + (f'?{query}' if query else '') if scope['method'] == 'GET' else '/'
        return RedirectResponse('/login' + ('' if wanted == '/' else f'?next={quote(wanted)}'), 303)

    def _known(self, headers: Headers, scope: Scope) -> tuple[Person | None, access.Session | None]:
        address = scope['client'][0] if scope.get('client') else ''
        kind, _, text = headers.get('authorization', '').partition(' ')
        if kind.lower() == 'bearer':
            token = access.find(self._store, text.strip())
            return (Person(token.person, token.role, address), None) if token else (None, None)
        # The standard library's parser drops all cookies for one of somebody else's that is odd.
        cookie = cookie_parser(headers.get('cookie', '')).get(COOKIE)
        session = access.session(self._store, cookie) if cookie else None
        if session is None:
            return None, None
        return Person(session.token.person, session.token.role, address), session


def csrf(session: access.Session) -> str:
    """The word that every form of this session brings."""
    return hmac.new(session.secret.encode(), b'csrf', hashlib.sha256).hexdigest()


def _by_cookie(headers: Headers) -> bool:
    return not headers.get('authorization')


def _own(headers: Headers) -> bool:
    """Whether a browser says that the request comes from a page of ours; programs say nothing."""
    site = headers.get('sec-fetch-site')
    if site:
        return site in ('same-origin', 'none')
    origin = headers.get('origin')
    return origin is None or urlsplit(origin).netloc == headers.get('host')


def _protect(headers: MutableHeaders, path: str) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if not path.startswith('/static/'):
        headers.setdefault('cache-control', 'no-store')
