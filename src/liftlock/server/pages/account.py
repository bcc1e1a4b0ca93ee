"""What everybody sees of himself: his role, what he may beyond it, where he is logged in; and how
he changes his password."""

import hmac
import time
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from liftlock.errors import UserError
from liftlock.server import guard, members, patience, rendering, site, words
from liftlock.server.pages import door
from liftlock.server.pages.door import Door
from liftlock.server.proving import Busy
from liftlock.store import access, passwords, people
from liftlock.store.access import Session
from liftlock.store.database import Store
from liftlock.store.people import User

Handler = Callable[[Request], Awaitable[Response]]


async def show(request: Request) -> Response:
    here, who, session = site.of(request), site.person(request), site.session(request)
    user = people.find(here.store, session.user) if session and session.user else None
    return rendering.page(
        request,
        'account.html',
        user=user,
        grants=[members.told(one) for one in who.grants],
        visits=access.visits(here.store, who.name),
        own=access.visit(session) if session else '',
        shortest=passwords.SHORTEST,
    )


def password(entrance: Door) -> Handler:
    async def change(request: Request) -> Response:
        session, given = site.session(request), await site.form(request)
        if session is None or not hmac.compare_digest(given.get('csrf', ''), guard.csrf(session)):
            return Response('this form is too old: load the page again\n', 403)
        answer = RedirectResponse('/account', 303)
        try:
            renewed = await _change(request, entrance, session, given)
        except UserError as error:
            words.give(request, answer, session, 'bad', door.told(error))
            return answer
        done = 'The password is changed; other sessions have ended.'
        words.give(request, answer, renewed, 'good', done)
        door.give(request, answer, renewed)
        return answer

    return change


async def _change(
    request: Request, entrance: Door, session: Session, given: Mapping[str, str]
) -> Session:
    """A new session, since all there were have ended. UserError."""
    here, who = site.of(request), site.person(request)
    if not session.user:
        raise UserError('a token has no password', 'ask an admin for an account')
    user = people.find(here.store, session.user)
    await _prove(here.store, entrance, user, (given.get('current', ''), who.address))
    text = door.chosen(given, user.name)
    people.set_password(here.store, user, await entrance.proving.hashed(text))
    here.doing.record(who, 'password changed', user.name)
    return access.welcome(here.store, user.id, 'password', door.source(request))


async def _prove(store: Store, entrance: Door, user: User, given: tuple[str, str]) -> None:
    """That it is he who sits there, by the present password, given at an address. UserError."""
    if not user.password:
        raise UserError('this account has no password', 'ask an admin for a link to set one')
    current, address = given
    attempt = patience.attempt(store, address, user.name, time.time())
    if attempt.wait:
        raise UserError(f'too many attempts: wait {attempt.wait:.0f} seconds')
    try:
        fits = await entrance.proving.fits(current, user.password)
    except Busy:
        patience.undecided(store, attempt)
        raise
    if not fits:
        raise UserError('this is not the present password')
    patience.succeeded(store, attempt)
