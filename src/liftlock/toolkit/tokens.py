"""Tokens and signatures: only the process that holds the secret can make them, and it checks them.

A runtime token is for artifacts and caches; an identity token only asks for ID tokens. Clients read
`scp` of the first to know their run and job; BuildKit reads `ac`. URLs of blobs carry a signature
instead, as clients send no token there.
"""

import hmac
import json
from collections.abc import Mapping
from typing import Final

from liftlock.plan.trust import Scopes

RUNTIME: Final = 'runtime'
IDENTITY: Final = 'identity'
READ: Final = 'r'
WRITE: Final = 'w'

_ISSUER: Final = 'liftlock'
_ALGORITHM: Final = 'HS256'
_SKEW: Final = 5  # seconds that clocks of containers may differ
_MAY_READ: Final = 1
_MAY_WRITE: Final = 3


def make(
    secret: bytes,
    audience: str,
    grant: str,
    now: float,
    expires: float,
    more: Mapping[str, object] | None = None,
) -> str:
    """A token for one grant; times are seconds since 1970, `more` are further claims."""
    import jwt

    claims = {
        'iss': _ISSUER,
        'aud': audience,
        'jti': grant,
        'iat': int(now),
        'nbf': int(now) - _SKEW,
        'exp': int(expires),
    }
    return jwt.encode({**claims, **(more or {})}, secret, _ALGORITHM)


def results(run: int, grant: str, scopes: Scopes) -> dict[str, object]:
    """What clients read in a runtime token: where artifacts belong, which caches can be had."""
    return {
        'scp': f'Actions.GenericRead Actions.Results:{run}:{grant}',
        'ac': json.dumps(access(scopes)),
    }


def access(scopes: Scopes) -> list[dict[str, object]]:
    """Which caches a job may read and write, as the cache's clients know it."""
    return [
        {'Scope': ref, 'Permission': _MAY_WRITE if ref == scopes.writes else _MAY_READ}
        for ref in scopes.reads
    ]


def read(secret: bytes, token: str, audience: str) -> str | None:
    """The grant that a token is for; None if it is not ours, expired, or for something else."""
    import jwt

    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=[_ALGORITHM],
            audience=audience,
            issuer=_ISSUER,
            options={'require': ['exp', 'nbf', 'jti']},
        )
    except jwt.InvalidTokenError:
        return None
    grant = claims['jti']
    return grant if isinstance(grant, str) else None


def sign(secret: bytes, verb: str, path: str, expires: int) -> str:
    """What `sig` of a URL must be so that `verb` may be done to `path` until then."""
    return hmac.new(secret, f'{verb}\n{expires}\n{path}'.encode(), 'sha256').hexdigest()


def is_signed(
    secret: bytes, verb: str, path: str, expires: str, signature: str, now: float
) -> bool:
    if not expires.isascii() or not expires.isdigit() or int(expires[:20]) < now:
        return False
    expected = sign(secret, verb, path, int(expires[:20]))
    return hmac.compare_digest(expected.encode(), signature.encode())
