"""Logging in and out. A token is good for it, or the link that is printed at the first start."""

import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from liftlock.errors import UserError
from liftlock.server import guard, rendering, site
from liftlock.server.doing import Person
from liftlock.server.pages.acting import local
from liftlock.server.patience import Patience
from liftlock.store import access
from liftlock.store.access import Token

GUEST: Final = 'liftlock_guest'
LASTING: Final = 3600.0  # seconds that a link is good


class Door:
    """`invite` gives the code of a link that lets somebody in once."""

    def __init__(self) -> None:
        self._patience = Patience()
        self._codes: dict[str, tuple[str, float]] = {}

    def invite(self, token: str) -> str:
        code = secrets.token_urlsafe(24)
        self._codes[code] = token, time.time() + LASTING
        return code

    async def show(self, request: Request) -> Response:
        """A form, also for a link: whatever previews links must not use it up."""
        if request.scope['state'].get('person') is not None:
            return RedirectResponse('/', 303)
        return self._form(request)

    async def enter(self, request: Request) -> Response:
        given = await site.form(request)
        guest = request.cookies.get(GUEST, '')
        if not guest or not hmac.compare_digest(guest, given.get('csrf', '')):
            return self._form(request, 'The form was too old. Try again.', 403)
        now, address = time.time(), _address(request)
        wait = self._patience.left(address, now)
        if wait:
            answer = self._form(request, f'Too many attempts. Wait {wait:.0f} seconds.', 429)
            answer.headers['retry-after'] = f'{wait:.0f}'
            return answer
        token = self._token(request, given, now)
        if token is None:
            self._patience.failed(address, now)
            here = site.of(request)
            here.doing.record(Person('-', 'viewer', address), 'log-in refused')
            return self._form(request, 'This is no token that is good.', 403)
        return self._let_in(request, token, local(given.get('next', '/')))

    async def leave(self, request: Request) -> Response:
        session, here = site.session(request), site.of(request)
        given = await site.form(request)
        if session is None or not hmac.compare_digest(given.get('csrf', ''), guard.csrf(session)):
            return RedirectResponse('/', 303)
        access.end(here.store, session)
        here.words.pop(session.secret, None)
        here.doing.record(site.person(request), 'logged out')
        answer = RedirectResponse('/login', 303)
        answer.delete_cookie(guard.COOKIE, path='/')
        return answer

    def _token(self, request: Request, given: Mapping[str, str], now: float) -> Token | None:
        text = given.get('token', '').strip()
        if given.get('code'):
            text, until = self._codes.pop(given['code'], ('', 0.0))
            text = text if until > now else ''
        return access.find(site.of(request).store, text) if text else None

    def _let_in(self, request: Request, token: Token, where: str) -> Response:
        here = site.of(request)
        session = access.begin(here.store, token)
        who = Person(token.person, token.role, _address(request))
        here.doing.record(who, 'logged in')
        answer = RedirectResponse(where, 303)
        answer.set_cookie(
            guard.COOKIE,
            session.secret,
            max_age=int(access.SESSION),
            httponly=True,
            samesite='lax',
            secure=here.ground.secure,
        )
        answer.delete_cookie(GUEST, path='/login')
        return answer

    def _form(self, request: Request, problem: str = '', status: int = 200) -> Response:
        guest = request.cookies.get(GUEST) or secrets.token_urlsafe(24)
        code = request.path_params.get('code', '')
        answer = rendering.page(
            request,
            'login.html',
            status,
            problem=problem,
            guest=guest,
            code=code if code in self._codes else '',
            next=local(request.query_params.get('next', '/')),
        )
        answer.set_cookie(
            GUEST, guest, max_age=3600, path='/login', httponly=True, samesite='strict'
        )
        return answer


async def theme(request: Request) -> Response:
    """Light, dark, or as the system is. A cookie, so that no page flickers."""
    try:
        given = await site.form(request)
    except UserError:
        given = {}
    chosen = given.get('theme', 'system')
    answer = RedirectResponse(local(given.get('back', '/')), 303)
    if chosen in rendering.THEMES:
        answer.set_cookie('theme', chosen, max_age=31536000, samesite='lax', httponly=True)
    return answer


def _address(request: Request) -> str:
    return request.client.host if request.client else ''
