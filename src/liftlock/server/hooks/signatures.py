"""Whether a delivery comes from whom it says: pure.

Which way of signing counts is said by the forge that somebody has configured, never by the headers
that a caller chose to send; where a forge sends several, the strongest that is there decides alone.

    GitHub    X-Hub-Signature-256     sha256=<hex of HMAC-SHA256 over the body>; SHA-1 is not enough
    Gitea     X-Gitea-Signature       the same in hex, without a prefix; or X-Hub-Signature-256
    Forgejo   X-Forgejo-Signature     the same; X-Gitea-Signature where that one is not there
    GitLab    webhook-signature       Standard Webhooks: v1,<base64 of HMAC-SHA256: id.time.body>
              X-Gitlab-Token          the secret itself, where nothing is signed
    (bare)    X-Hub-Signature-256     as GitHub: our own hook
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Final

Headers = Mapping[str, str]  # names in lower case

WINDOW: Final = 300.0  # seconds that a timestamp may be off, by Standard Webhooks
PREFIX: Final = 'whsec_'
# What proves who sends is kept nowhere.
PROOFS: Final = frozenset(
    {
        'authorization',
        'cookie',
        'webhook-signature',
        'x-forgejo-signature',
        'x-gitea-signature',
        'x-gitlab-token',
        'x-gogs-signature',
        'x-hub-signature',
        'x-hub-signature-256',
    }
)
DELIVERY: Final[Mapping[str, tuple[str, ...]]] = {
    '': ('x-github-delivery',),
    'github': ('x-github-delivery',),
    'gitea': ('x-gitea-delivery',),
    'forgejo': ('x-forgejo-delivery', 'x-gitea-delivery'),
    'gitlab': ('webhook-id', 'idempotency-key', 'x-gitlab-event-uuid'),
}
EVENT: Final[Mapping[str, tuple[str, ...]]] = {
    '': ('x-github-event',),
    'github': ('x-github-event',),
    'gitea': ('x-gitea-event',),
    'forgejo': ('x-forgejo-event', 'x-gitea-event'),
    'gitlab': ('x-gitlab-event',),
}


def problem(forge: str, secret: str, headers: Headers, body: bytes, now: float) -> str:
    """Why it is not to be believed; '' if it is."""
    if not secret:
        return 'the repository has no secret for its webhook'
    return CHECKS[forge](secret, headers, body, now)


def first(headers: Headers, names: tuple[str, ...]) -> str:
    return next((headers[name] for name in names if headers.get(name)), '')


def kept(headers: Headers) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in PROOFS}


def _github(secret: str, headers: Headers, body: bytes, now: float) -> str:
    given = headers.get('x-hub-signature-256', '')
    if not given and headers.get('x-hub-signature'):
        return 'it is signed by SHA-1 only'
    kind, _, digits = given.partition('=')
    return _compared(digits if kind == 'sha256' else '', _hex(secret, body))


def _gitea(secret: str, headers: Headers, body: bytes, now: float) -> str:
    given = headers.get('x-gitea-signature', '')
    return _compared(given, _hex(secret, body)) if given else _github(secret, headers, body, now)


def _forgejo(secret: str, headers: Headers, body: bytes, now: float) -> str:
    given = headers.get('x-forgejo-signature', '')
    return _compared(given, _hex(secret, body)) if given else _gitea(secret, headers, body, now)


def _gitlab(secret: str, headers: Headers, body: bytes, now: float) -> str:
    if 'webhook-signature' in headers:
        return _standard(secret, headers, body, now)
    given = headers.get('x-gitlab-token', '')
    return _compared(given, secret, 'it brings neither a signature nor a token')


def _standard(secret: str, headers: Headers, body: bytes, now: float) -> str:
    """One of several signatures is enough: two keys are good while one takes the other's place."""
    moment = headers.get('webhook-timestamp', '')
    if not (moment.isascii() and moment.isdigit() and len(moment) < 16):
        return 'it has no timestamp'
    if abs(now - int(moment)) > WINDOW:
        return 'its timestamp is more than five minutes off'
    key = _key(secret)
    if key is None:
        return f'the secret is no {PREFIX}… of base64'
    signed = f'{headers.get("webhook-id", "")}.{moment}.'.encode() + body
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    given = [one.partition(',') for one in headers['webhook-signature'].split()]
    found = [_equal(value, expected) for version, _, value in given if version == 'v1']
    return '' if any(found) else 'its signature is wrong'


def _key(secret: str) -> bytes | None:
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        return None


def _hex(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _compared(given: str, expected: str, missing: str = 'it is not signed') -> str:
    if not given:
        return missing
    return '' if _equal(given, expected) else 'its signature is wrong'


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


class Signing:
    """As GitHub signs, of what comes piece by piece."""

    def __init__(self, secret: str) -> None:
        self._made = hmac.new(secret.encode(), digestmod=hashlib.sha256)

    def update(self, chunk: bytes) -> None:
        self._made.update(chunk)

    def proves(self, given: str) -> bool:
        return _equal(given, f'sha256={self._made.hexdigest()}')


CHECKS: Final[Mapping[str, Callable[[str, Headers, bytes, float], str]]] = {
    '': _github,
    'github': _github,
    'gitea': _gitea,
    'forgejo': _forgejo,
    'gitlab': _gitlab,
}
