"""The way in by an OpenID provider: off to it, and back with a code."""

import base64
import hashlib
import time
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from liftlock.errors import UserError
from liftlock.server import patience, site
from liftlock.server.openid import claims, journey
from liftlock.server.openid.claims import StaysOut, Visitor
from liftlock.server.openid.journey import Journey
from liftlock.server.openid.settings import Provider
from liftlock.server.openid.speaking import Speaking
from liftlock.server.pages import door
from liftlock.server.pages.acting import local
from liftlock.server.pages.door import Door
from liftlock.server.rights import Person
from liftlock.store import access, people
from liftlock.store.database import Store
from liftlock.store.people import User

COOKIE: Final = 'liftlock_openid'
BACK: Final = '/login/oidc/back'


class Gate:
    """`address` is where people reach this server."""

    def __init__(self, entrance: Door, provider: Provider, secret: str, address: str) -> None:
        self._entrance = entrance
        self._provider = provider
        self._speaking = Speaking(provider, secret)
        self._back = address.rstrip('/') + BACK

    def routes(self) -> list[Route]:
        return [
            Route('/login/oidc', self.leave, methods=['GET']),
            Route(BACK, self.arrive, methods=['GET']),
        ]

    async def leave(self, request: Request) -> Response:
        """Off to the provider."""
        try:
            ends = await self._speaking.ends()
            begun = journey.begin(local(request.query_params.get('next', '/')))
            kept = journey.sealed(begun, self._key(request))
        except UserError as error:
            return self._entrance.form(request, door.told(error), 502)
        query = {
            'response_type': 'code',
            'client_id': self._provider.client,
            'redirect_uri': self._back,
            'scope': ' '.join(self._provider.scopes),
            'state': begun.state,
            'nonce': begun.nonce,
            'code_challenge': challenge(begun.verifier),
            'code_challenge_method': 'S256',
        }
        joint = '&' if '?' in ends.authorization else '?'
        answer = RedirectResponse(f'{ends.authorization}{joint}{urlencode(query)}', 303)
        secure, cookie = self._cookie(request, begun.state)
        answer.set_cookie(
            cookie, kept, max_age=int(journey.LASTING), path='/', httponly=True, samesite='lax',
            secure=secure,
        )  # fmt: skip
        return answer

    async def arrive(self, request: Request) -> Response:
        """Back from it. What was begun is over then, however it ends."""
        answer = await self._let_in(request)
        secure, cookie = self._cookie(request, request.query_params.get('state', ''))
        if cookie in request.cookies:
            answer.delete_cookie(cookie, path='/', secure=secure)
        return answer

    async def _let_in(self, request: Request) -> Response:
        here, address = site.of(request), door.address_of(request)
        attempt = patience.attempt(here.store, address, '', time.time())
        if attempt.wait:
            return self._entrance.form(request, 'Too many attempts. Wait a minute.', 429)
        try:
            begun = self._begun(request)
            user, made = await self._known(request, begun)
        except UserError as error:
            here.refused += 1
            stranger = Person('-', 'viewer', address)
            here.doing.record(stranger, 'log-in refused', 'by OpenID', str(error)[:200])
            return self._entrance.form(request, door.told(error), 403)
        patience.succeeded(here.store, attempt)
        if made:
            stranger = Person(user.name, user.role, address)
            here.doing.record(stranger, 'account made', user.name, f'by OpenID, {user.role}')
        people.seen(here.store, user)
        session = access.welcome(here.store, user.id, 'oidc', door.source(request))
        return door.let_in(request, session, begun.next)

    def _begun(self, request: Request) -> Journey:
        state = request.query_params.get('state', '')
        kept = request.cookies.get(self._cookie(request, state)[1], '')
        return journey.opened(kept, state, self._key(request))

    async def _known(self, request: Request, begun: Journey) -> tuple[User, bool]:
        """The account, and whether it was made just now. UserError."""
        given = request.query_params
        if given.get('iss', self._provider.issuer) != self._provider.issuer:
            raise UserError('another provider answered', 'try again')
        if given.get('error') or not given.get('code'):
            raise UserError(f'the provider says: {given.get("error", "nothing")[:100]}')
        tokens = await self._speaking.tokens(given['code'], begun.verifier, self._back)
        found = claims.visitor(self._provider, await self._speaking.claims(tokens, begun.nonce))
        return account(site.of(request).store, self._provider.issuer, found)

    def _key(self, request: Request) -> Path:
        return site.of(request).ground.bench.key_file

    def _cookie(self, request: Request, state: str) -> tuple[bool, str]:
        """Whether it is for TLS alone, and its name."""
        secure, name = site.of(request).ground.secure, f'{COOKIE}_{journey.mark(state)}'
        return secure, f'__Host-{name}' if secure else name


def challenge(verifier: str) -> str:
    """PKCE, S256."""
    found = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(found).rstrip(b'=').decode()


def account(store: Store, issuer: str, visitor: Visitor) -> tuple[User, bool]:
    """The account of this person, made or linked if need be, and whether it was made.

    Whoever has the e-mail address that an admin wrote down for an account is its person, if the
    provider has verified it. A name alone proves nothing: reviewers are known by their names.
    """
    user, made = people.known_by(store, issuer, visitor.subject), False
    if user is None:
        user = people.of_email(store, visitor.email) if visitor.email else None
        if user is not None:
            user = people.link(store, user, issuer, visitor.subject)
    if user is None:
        if people.is_taken(store, visitor.name):
            raise StaysOut(
                f'there is a {visitor.name} here already, known in another way',
                'ask an admin to write your e-mail address into that account',
            )
        made = True
        with store.transaction(durable=True):
            user = people.add(store, visitor.name, visitor.role, visitor.email)
            user = people.link(store, user, issuer, visitor.subject)
    if user.disabled:
        raise StaysOut('your account is disabled', 'ask an admin')
    role = visitor.role if visitor.follows else ''
    return people.follow(store, user, role, visitor.grants), made
