"""Logging in and out: with a name and a password, with a token, or by the link that is printed at
the first start. Who comes by OpenID goes through `gate`.

Whoever logs in gets a new session, and loses the one he had: a cookie that somebody else may have
put into his browser is worth nothing afterwards.
"""

import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.server import guard, patience, rendering, site
from liftlock.server.pages.acting import local
from liftlock.server.proving import Busy, Proving
from liftlock.server.rights import Person
from liftlock.store import access, passwords, people
from liftlock.store.access import Session
from liftlock.store.people import User

GUEST: Final = 'liftlock_guest'
BY: Final = {
    'token': 'with a token',
    'link': 'by a link',
    'password': 'with a password',
    'oidc': 'by OpenID',
}


class Refused(NamedTuple):
    """`name` is the account's, if there is one: what else was typed there may be a password."""

    problem: str
    name: str = ''


class Door:
    """`provider` is what the button of an OpenID provider says; '' where there is none. Without
    `by_password` nobody gets in by one."""

    def __init__(self, provider: str = '', *, by_password: bool = True) -> None:
        self.provider = provider
        self.proving = Proving()
        self.ways: list[Route] = []  # others to get in
        self._by_password = by_password

    async def show(self, request: Request) -> Response:
        """A form, also for a link: whatever previews links must not use it up."""
        if request.scope['state'].get('person') is not None:
            return RedirectResponse('/', 303)
        return self.form(request)

    async def enter(self, request: Request) -> Response:
        given = await site.form(request)
        if not is_guest(request, given):
            return self.form(request, 'The form was too old. Try again.', 403)
        now, address, name = time.time(), address_of(request), given.get('name', '').strip()
        here = site.of(request)
        attempt = patience.attempt(here.store, address, name, now)
        if attempt.wait:
            told = f'Too many attempts. Wait {attempt.wait:.0f} seconds.'
            answer = self.form(request, told, 429)
            answer.headers['retry-after'] = f'{attempt.wait:.0f}'
            return answer
        try:
            found = await self._session(request, given, name)
        except Busy as error:
            patience.undecided(here.store, attempt)
            return self.form(request, f'{error}: {error.hint}', 503)
        if isinstance(found, Refused):
            here.refused += 1
            here.doing.record(Person(found.name or '-', 'viewer', address), 'log-in refused')
            return self.form(request, found.problem, 403)
        patience.succeeded(here.store, attempt)
        return let_in(request, found, local(given.get('next', '/')))

    async def leave(self, request: Request) -> Response:
        session, here = site.session(request), site.of(request)
        given = await site.form(request)
        if session is None or not hmac.compare_digest(given.get('csrf', ''), guard.csrf(session)):
            return RedirectResponse('/', 303)
        access.end(here.store, session)
        here.doing.record(site.person(request), 'logged out')
        answer = RedirectResponse('/login', 303)
        answer.delete_cookie(guard.cookie(here.ground.secure), path='/', secure=here.ground.secure)
        return answer

    async def invitation(self, request: Request) -> Response:
        """The form where somebody with a link sets his password."""
        return self._welcome(request)

    async def accept(self, request: Request) -> Response:
        given, here = await site.form(request), site.of(request)
        code = request.path_params['code']
        user = people.invited(here.store, code)
        if not is_guest(request, given):
            return self._welcome(request, 'The form was too old. Try again.', 403)
        if user is None:
            return self._welcome(request)
        try:
            password = chosen(given, user.name)
            hashed = await self.proving.hashed(password)
        except UserError as error:
            return self._welcome(request, told(error), 422)
        user = people.redeem(here.store, code, hashed)
        if user is None:
            return self._welcome(request)
        here.doing.record(_person(request, user), 'password set', user.name, 'by a link')
        return let_in(request, access.welcome(here.store, user.id, 'link', source(request)), '/')

    async def _session(
        self, request: Request, given: Mapping[str, str], name: str
    ) -> Session | Refused:
        store = site.of(request).store
        if name or given.get('password'):
            return await self._by_name(request, name, given.get('password', ''))
        how = 'link' if given.get('code') else 'token'
        if how == 'link':
            token = access.redeem(store, given['code'])
        else:
            token = access.find(store, given.get('token', '').strip())
        if token is None:
            return Refused('This is no token that is good.')
        if token.scopes:
            return Refused('This token is confined, so it is for programs.', token.person)
        return access.begin(store, token, how, source(request))

    async def _by_name(self, request: Request, name: str, password: str) -> Session | Refused:
        store = site.of(request).store
        user = people.look(store, name) if self._by_password else None
        kept = user.password if user is not None and not user.disabled else ''
        fits = await self.proving.fits(password, kept)
        now = people.look(store, name)  # what has become of him meanwhile
        if not fits or user is None or now is None or now.disabled or now.password != kept:
            return Refused('Name and password do not go together.', user.name if user else '')
        if passwords.outdated(kept):
            people.renew_password(store, user, await self.proving.hashed(password))
        people.seen(store, user)
        return access.welcome(store, user.id, 'password', source(request))

    def form(self, request: Request, problem: str = '', status: int = 200) -> Response:
        code = request.path_params.get('code', '')
        named = self._by_password and people.any_password(site.of(request).store)
        return guest_page(
            request,
            'login.html',
            status,
            problem=problem,
            code=code if code and access.linked(site.of(request).store, code) else '',
            next=local(request.query_params.get('next', '/')),
            provider=self.provider,
            named=named,
        )

    def _welcome(self, request: Request, problem: str = '', status: int = 200) -> Response:
        code = request.path_params['code']
        user = people.invited(site.of(request).store, code)
        return guest_page(
            request,
            'welcome.html',
            status if user else 404,
            problem=problem,
            user=user,
            code=code,
            shortest=passwords.SHORTEST,
        )


# --- what every way in shares


def guest_page(request: Request, name: str, status: int, /, **values: object) -> Response:
    """A page with a form for somebody who is not known yet: its word is in a cookie, too."""
    secure = site.of(request).ground.secure
    cookie = guest_cookie(secure)
    guest = request.cookies.get(cookie) or secrets.token_urlsafe(24)
    answer = rendering.page(request, name, status, guest=guest, **values)
    answer.set_cookie(
        cookie, guest, max_age=3600, path='/', httponly=True, samesite='strict', secure=secure
    )
    return answer


def guest_cookie(secure: bool) -> str:
    return f'__Host-{GUEST}' if secure else GUEST


def is_guest(request: Request, given: Mapping[str, str]) -> bool:
    guest = request.cookies.get(guest_cookie(site.of(request).ground.secure), '')
    return bool(guest) and hmac.compare_digest(guest, given.get('csrf', ''))


def let_in(request: Request, session: Session, where: str) -> Response:
    here = site.of(request)
    before = site.session(request)
    if before is not None:
        access.end(here.store, before)
    who = Person(session.person, session.role, address_of(request))
    here.doing.record(who, 'logged in', '', BY.get(session.how, ''))
    answer = RedirectResponse(where, 303)
    give(request, answer, session)
    answer.delete_cookie(guest_cookie(here.ground.secure), path='/', secure=here.ground.secure)
    return answer


def give(request: Request, answer: Response, session: Session) -> None:
    """The session's cookie."""
    secure = site.of(request).ground.secure
    answer.set_cookie(
        guard.cookie(secure),
        session.secret,
        max_age=int(access.SESSION),
        httponly=True,
        samesite='lax',
        secure=secure,
        path='/',
    )


def chosen(given: Mapping[str, str], name: str) -> str:
    """The new password, given twice. UserError."""
    password = given.get('password', '')
    if password != given.get('again', ''):
        raise UserError('the two passwords differ', 'give the same twice')
    passwords.refuse(password, name)
    return password


def told(error: UserError) -> str:
    text = f'{error}: {error.hint}' if error.hint else str(error)
    return text[:1].upper() + text[1:] + '.'


def address_of(request: Request) -> str:
    return request.client.host if request.client else ''


def source(request: Request) -> access.Source:
    return address_of(request), request.headers.get('user-agent', '')


def _person(request: Request, user: User) -> Person:
    return Person(user.name, user.role, address_of(request))


async def theme(request: Request) -> Response:
    """Light, dark, or as the system is. A cookie, so that no page flickers."""
    try:
        given = await site.form(request)
    except UserError:
        given = {}
    chosen_one = given.get('theme', 'system')
    answer = RedirectResponse(local(given.get('back', '/')), 303)
    if chosen_one in rendering.THEMES:
        answer.set_cookie('theme', chosen_one, max_age=31536000, samesite='lax', httponly=True)
    return answer
