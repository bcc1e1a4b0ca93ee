"""Whether an ID token proves what it says: signature, issuer, audience, nonce, time. No network.

Only RS256 and ES256 are heard, each with a key of its own kind: a provider's public key can thus
never be taken for the secret of an HMAC, and `none` is nothing. Which key it is the token may say,
which algorithm belongs to the key it may not.
"""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Final

from liftlock.errors import UserError

ALGORITHMS: Final[Mapping[str, str]] = {'RS256': 'RSA', 'ES256': 'EC'}  # and the kind of its key
LEEWAY: Final = 60  # seconds that clocks may differ
SMALLEST: Final = 2048  # bits of an RSA key
LARGEST: Final = 64 * 1024  # of a token

Claims = Mapping[str, Any]


class Unproved(UserError):
    """The token does not prove who somebody is."""


class UnknownKey(Unproved):
    """It was signed by a key that is not there: the provider may have changed its keys."""


def claims(
    token: str, keys: Sequence[Mapping[str, Any]], *, issuer: str, client: str, nonce: str
) -> Claims:
    """`keys` are those of the provider, as JWKS has them. Unproved, or UnknownKey."""
    import jwt

    if len(token) > LARGEST:
        raise Unproved('the token is too large')
    try:
        header = jwt.get_unverified_header(token)
        key = _key(header, keys)
        found = jwt.decode(
            token,
            key,
            algorithms=[header['alg']],
            audience=client,
            issuer=issuer,
            leeway=LEEWAY,
            options={'require': ['exp', 'iat', 'iss', 'aud', 'sub']},
        )
    except jwt.PyJWTError as error:
        raise Unproved(f'the token is not good: {error}') from None
    _look(found, client, nonce)
    return dict(found)


def _look(found: Claims, client: str, nonce: str) -> None:
    if not hmac.compare_digest(str(found.get('nonce', '')).encode(), nonce.encode()):
        raise Unproved('the token was made for another log-in')
    several = isinstance(found['aud'], list) and len(found['aud']) > 1
    if found.get('azp', None if several else client) != client:
        raise Unproved('the token was made for another program')
    if not isinstance(found['sub'], str) or not found['sub']:
        raise Unproved('the token names nobody')


def _key(header: Mapping[str, Any], keys: Sequence[Mapping[str, Any]]) -> Any:
    import jwt

    algorithm = header.get('alg')
    kind = ALGORITHMS.get(str(algorithm))
    if kind is None:
        raise Unproved(f'the token is signed by {algorithm!r}, which is not heard')
    named = header.get('kid')
    fit = [one for one in keys if _fits(one, kind, str(algorithm), named)]
    if not fit:
        raise UnknownKey('the token was signed by a key that the provider does not show')
    if len(fit) > 1:
        raise Unproved('the token does not say by which key it was signed')
    found = jwt.PyJWK(dict(fit[0]), algorithm=str(algorithm)).key
    if kind == 'RSA' and found.key_size < SMALLEST:
        raise Unproved('the key of the provider is too short')
    return found


def _fits(key: Mapping[str, Any], kind: str, algorithm: str, named: object) -> bool:
    return (
        key.get('kty') == kind
        and key.get('use', 'sig') == 'sig'
        and key.get('alg', algorithm) == algorithm
        and (kind != 'EC' or key.get('crv') == 'P-256')
        and (named is None or key.get('kid') == named)
        and 'd' not in key
    )
