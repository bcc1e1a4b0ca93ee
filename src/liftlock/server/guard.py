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

from liftlock.server import proxies
from liftlock.server.ground import Ground
from liftlock.server.rights import Person
from liftlock.store import access, people

COOKIE: Final = 'liftlock_session'
OPEN: Final = ('/login', '/static/', '/health', '/theme')
PROGRAMS: Final = ('/api/', '/metrics', '/hooks/', '/health')
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
    def __init__(self, app: ASGIApp, ground: Ground, public: Sequence[str] = ()) -> None:
        self._app = app
        self._store = ground.store
        self._cookie = cookie(ground.secure)
        self._proxies = ground.proxies
        self._open = (*OPEN, *public)
        self._whole = ('/metrics',) if ground.open_metrics else ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] != 'http':
            await self._app(scope, receive, send)
            return

        async def safely(message: Message) -> None:
            if message['type'] == 'http.response.start':
                _protect(MutableHeaders(scope=message), scope['path'])
            await send(message)

        self._locate(scope)
        refusal = self._look(scope)
        await (refusal or self._app)(scope, receive, safely)

    def _locate(self, scope: Scope) -> None:
        """Whoever asks is where the proxies say, as far as they are trusted."""
        peer, port = scope.get('client') or ('', 0)
        if self._proxies:
            told = Headers(scope=scope).getlist('x-forwarded-for')
            scope['client'] = proxies.client(peer, told, self._proxies), port

    def _look(self, scope: Scope) -> Response | None:
        """Put into the request who asks; an answer where that is enough to refuse."""
        headers = Headers(scope=scope)
        path = scope['path']
        state = scope.setdefault('state', {})
        person, session = self._known(headers, scope)
        state['person'], state['session'] = person, session
        if scope['method'] not in SAFE and not _own(headers) and _by_cookie(headers):
            if path.startswith('/api/'):
                told = {'error': 'this came from a page of somebody else', 'hint': ''}
                return JSONResponse(told, 403)
            return Response('this came from a page of somebody else\n', 403)
        if person is not None and person.scopes and not path.startswith(PROGRAMS):
            told = {'error': 'a token with scopes is good for the API alone', 'hint': '/api/v1'}
            return JSONResponse(told, 403)
        if person is not None or path.startswith(self._open) or path in self._whole:
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
            if token is None:
                return None, None
            scopes = tuple(token.scopes.split())
            return self._person(token, address)._replace(scopes=scopes), None
        # The standard library's parser drops all cookies for one of somebody else's that is odd.
        secret = cookie_parser(headers.get('cookie', '')).get(self._cookie)
        session = access.session(self._store, secret) if secret else None
        if session is None:
            return None, None
        return self._person(session, address), session

    def _person(self, known: access.Token | access.Session, address: str) -> Person:
        grants = people.grants(self._store, known.person)
        return Person(known.person, known.role, address, grants)


def cookie(secure: bool) -> str:
    """The name of the session's cookie. By TLS it is one that no neighbour under the same domain
    can set, nor anybody on the way."""
    return f'__Host-{COOKIE}' if secure else COOKIE


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
