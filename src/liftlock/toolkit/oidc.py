"""The OIDC issuer: ID tokens of jobs that asked for `id-token: write`, and what checks them.

Clouds read the discovery document below the issuer's address and fetch the keys from there. On a
laptop nobody outside can; then the two documents may be published anywhere, as files, and that
place is what `oidc-issuer` of the user's settings names.
"""

import asyncio
import os
import time
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse

from liftlock.toolkit import claims
from liftlock.toolkit.grants import Grants
from liftlock.toolkit.keys import Keys
from liftlock.toolkit.refusal import Refused
from liftlock.toolkit.tokens import IDENTITY

LASTS: Final = 300  # seconds that an ID token is good, as on GitHub
SKEW: Final = 600  # that clocks may go wrong
SERVER: Final = 'https://github.com'
LONGEST: Final = 1024  # characters of an audience


class Issuer:
    def __init__(self, grants: Grants, keys: Keys, address: str) -> None:
        """`address` is what tokens name as their issuer; '' = where the job reaches us."""
        self._grants = grants
        self._keys = keys
        self._address = address.rstrip('/')

    async def token(self, request: Request) -> JSONResponse:
        grant = self._grants.find(request.headers.get('authorization', ''), IDENTITY)
        known = grant.job.claims
        if known is None:  # it was given no such token, so somebody else made this one
            raise Refused('permission_denied', 'the job may have no ID token')
        audience = request.query_params.get('audience') or claims.audience(known, SERVER)
        if len(audience) > LONGEST:
            raise Refused('invalid_argument', f'an audience may have {LONGEST} characters')
        issuer = self._address or grant.job.origin
        told = {**known, 'aud': audience, 'iss': issuer}
        return JSONResponse({'value': await asyncio.to_thread(self._sign, told)})

    def _sign(self, told: dict[str, Any]) -> str:
        import jwt

        now = time.time()
        kid, key = self._keys.current(now)
        told |= {
            'jti': os.urandom(16).hex(),
            'iat': int(now),
            'nbf': int(now) - SKEW,
            'exp': int(now) + LASTS,
        }
        return jwt.encode(told, key, 'RS256', headers={'kid': kid})

    async def discovery(self, request: Request) -> JSONResponse:
        base = str(request.base_url).rstrip('/')
        return JSONResponse(discovery(self._address or base))

    async def keys(self, request: Request) -> JSONResponse:
        return JSONResponse(await asyncio.to_thread(self._keys.published, time.time()))


def discovery(address: str) -> dict[str, Any]:
    return {
        'issuer': address,
        'jwks_uri': f'{address}/.well-known/jwks',
        'subject_types_supported': ['public', 'pairwise'],
        'response_types_supported': ['id_token'],
        'claims_supported': list(claims.SUPPORTED),
        'id_token_signing_alg_values_supported': ['RS256'],
        'scopes_supported': ['openid'],
    }
