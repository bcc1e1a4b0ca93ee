"""What is asked of the provider itself: where its ends are, its keys, and tokens for a code."""

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.server.openid import proof
from liftlock.server.openid.proof import Claims, UnknownKey, Unproved
from liftlock.server.openid.settings import Provider, is_safe

if TYPE_CHECKING:
    import httpx

TIMEOUT: Final = 10.0  # seconds
FRESH: Final = 3600.0  # seconds that what the provider says of itself is believed
PAUSE: Final = 30.0  # seconds between two looks for keys that were not there
LARGEST: Final = 1024 * 1024  # bytes of an answer


class Ends(NamedTuple):
    """Where the provider is asked what. `basic`: the secret goes into a header."""

    authorization: str
    token: str
    keys: str
    userinfo: str
    basic: bool


class Speaking:
    """Raises UserError where the provider does not answer as one does."""

    def __init__(self, provider: Provider, secret: str) -> None:
        self._provider = provider
        self._secret = secret
        self._ends: tuple[float, Ends] | None = None
        self._keys: tuple[float, list[Mapping[str, Any]]] | None = None
        self._turn = asyncio.Lock()

    async def ends(self) -> Ends:
        async with self._turn:
            if self._ends is None or self._ends[0] < time.monotonic() - FRESH:
                self._ends = time.monotonic(), await self._discover()
            return self._ends[1]

    async def tokens(self, code: str, verifier: str, back: str) -> Mapping[str, Any]:
        """What the provider gives for the code."""
        ends = await self.ends()
        given = {
            'grant_type': 'authorization_code',
            'code': code,
            'redirect_uri': back,
            'client_id': self._provider.client,
            'code_verifier': verifier,
        }
        auth = None
        if self._secret and ends.basic:
            auth = quote(self._provider.client, safe=''), quote(self._secret, safe='')
        elif self._secret:
            given['client_secret'] = self._secret
        return await self._ask('POST', ends.token, data=given, auth=auth)

    async def claims(self, tokens: Mapping[str, Any], nonce: str) -> Claims:
        """What the ID token proves; where groups are missing there, with what the provider tells
        of the same person. Keys that have changed are fetched, but not at everybody's wish."""
        text = tokens.get('id_token')
        if not isinstance(text, str):
            raise Unproved('the provider gave no ID token')
        provider = self._provider
        wanted = {'issuer': provider.issuer, 'client': provider.client, 'nonce': nonce}
        try:
            found = proof.claims(text, await self._known_keys(FRESH), **wanted)
        except UnknownKey:
            found = proof.claims(text, await self._known_keys(PAUSE), **wanted)
        return await self._more(found, tokens.get('access_token'))

    async def _more(self, found: Claims, access: object) -> Claims:
        ends = await self.ends()
        provider = self._provider
        missing = provider.groups not in found and (provider.roles or provider.deployers)
        if not (missing or provider.name not in found) or not ends.userinfo:
            return found
        if not isinstance(access, str):
            return found
        told = await self._ask('GET', ends.userinfo, headers={'authorization': f'Bearer {access}'})
        if told.get('sub') != found['sub']:
            raise Unproved('the provider tells of somebody else')
        return {**told, **found}

    async def _known_keys(self, fresh: float) -> list[Mapping[str, Any]]:
        ends = await self.ends()
        async with self._turn:
            if self._keys is None or self._keys[0] < time.monotonic() - fresh:
                told = await self._ask('GET', ends.keys)
                keys = told.get('keys')
                if not isinstance(keys, list):
                    raise UserError('the provider shows no keys')
                found: list[Mapping[str, Any]] = [one for one in keys if isinstance(one, dict)]
                self._keys = time.monotonic(), found
            return self._keys[1]

    async def _discover(self) -> Ends:
        issuer = self._provider.issuer
        address = f'{issuer.rstrip("/")}/.well-known/openid-configuration'
        told = await self._ask('GET', address)
        if told.get('issuer') != issuer:
            raise UserError(f'the provider at {issuer} says that it is {told.get("issuer")!r}')
        names = ('authorization_endpoint', 'token_endpoint', 'jwks_uri')
        addresses = [str(told.get(name, '')) for name in names]
        userinfo = str(told.get('userinfo_endpoint', ''))
        for one in (*addresses, *([userinfo] if userinfo else ())):
            if not is_safe(one):
                raise UserError(f'the provider at {issuer} names an end without TLS: {one!r}')
        ways = told.get('token_endpoint_auth_methods_supported') or ['client_secret_basic']
        authorization, token, keys = addresses
        return Ends(authorization, token, keys, userinfo, 'client_secret_basic' in ways)

    async def _ask(self, how: str, address: str, **given: Any) -> Mapping[str, Any]:
        import httpx

        try:
            async with (
                httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False) as client,
                client.stream(how, address, **given) as answer,
            ):
                return await _object(answer, address)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UserError(
                f'the provider does not answer: {error or type(error).__name__}'
            ) from None


async def _object(answer: 'httpx.Response', address: str) -> Mapping[str, Any]:
    import json

    body = b''
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > LARGEST:
            raise UserError('the provider answers too much')
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if answer.status_code != 200 or not isinstance(found, dict):
        why = found.get('error', '') if isinstance(found, dict) else ''
        where = address.partition('?')[0]
        raise UserError(
            f'the provider answers {answer.status_code} {why} at {where}'.replace('  ', ' ')
        )
    return found
