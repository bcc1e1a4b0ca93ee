"""What every form does: it is one of ours, it is done, and the next page says so."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from liftlock.errors import UserError
from liftlock.server import guard, site, words
from liftlock.server.doing import Person
from liftlock.server.site import Site

Act = Callable[[Request, Site, Person, Mapping[str, str]], Awaitable[tuple[str, str]]]
Handler = Callable[[Request], Awaitable[Response]]


def acting(act: Act) -> Handler:
    """`act` answers with the page to go to and what to say there. What cannot be done is said on
    the page where somebody wanted it."""

    @wraps(act)
    async def handler(request: Request) -> Response:
        session = site.session(request)
        given = await site.form(request)
        if session is None or not hmac.compare_digest(given.get('csrf', ''), guard.csrf(session)):
            return Response('this form is too old: load the page again\n', 403)
        here = site.of(request)
        try:
            where, said = await act(request, here, site.person(request), given)
            mood = 'good'
        except UserError as error:
            hint = f'. {error.hint}' if error.hint else ''
            where, said = local(given.get('back', '/')), f'{error}{hint}'
            mood = 'bad'
        answer = RedirectResponse(where, 303)
        words.give(request, answer, session, mood, said)
        return answer

    return handler


def local(address: str) -> str:
    """An address of this server; the start page for any other."""
    inside = address.startswith('/') and not address.startswith(('//', '/\\'))
    return address if inside and address.isprintable() else '/'
