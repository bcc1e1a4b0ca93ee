"""The digest behind an image's tag, by the registry's API (version 2, OCI distribution).

The tag's manifest is asked for without its body. A registry that wants to know who asks answers
401 and names the way: a name and password (Basic), or a token from another address (Bearer).
Docker speaks to registries on this machine by http if https fails; so does this.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from email.message import Message
from http.client import HTTPException, HTTPMessage
from typing import IO, Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from liftlock.language.image import DIGEST, HUB, Image
from liftlock.language.records import NamedTuple
from liftlock.runner.registry.credentials import Credentials

HUB_HOST: Final = 'registry-1.docker.io'
# A list of platforms goes before one platform's manifest: one lock serves every machine.
_KINDS: Final = (
    'application/vnd.oci.image.index.v1+json',
    'application/vnd.docker.distribution.manifest.list.v2+json',
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.docker.distribution.manifest.v2+json',
)
_PATIENCE: Final = 20.0  # seconds
_LARGEST: Final = 4 << 20  # bytes of a manifest, as the specification has it
_PARAMETER: Final = re.compile(r'([a-z_]+)="([^"]*)"')


class NoDigest(Exception):
    """The registry gives none; the message says why, in one line."""


class _Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes


def ask(image: Image, known: Credentials | None) -> str:
    """`sha256:…` of what the image's tag points at now. Raises NoDigest."""
    host = HUB_HOST if image.registry == HUB else image.registry
    local = _is_local(host)
    opener = build_opener(_SameHost, *([ProxyHandler({})] if local else []))
    path = f'/v2/{image.repository}/manifests/{image.tag or "latest"}'
    try:
        return _ask(opener, f'https://{host}{path}', image, known)
    except _Unreachable as error:
        if not local:
            raise NoDigest(f'{host} cannot be reached: {error}') from None
    try:
        return _ask(opener, f'http://{host}{path}', image, known)
    except _Unreachable as error:
        raise NoDigest(f'{host} cannot be reached: {error}') from None


class _Unreachable(Exception):
    """Nobody there who speaks this protocol."""


class _SameHost(HTTPRedirectHandler):
    """Leads nowhere else: urllib would take the log-in along to whatever host it is sent to."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _is_local(host: str) -> bool:
    name = urlsplit(f'//{host}').hostname or ''
    return name in ('localhost', '::1') or name.startswith('127.') or name.endswith('.localhost')


def _ask(opener: OpenerDirector, url: str, image: Image, known: Credentials | None) -> str:
    headers = {'Accept': ', '.join(_KINDS)}
    answer = _send(opener, Request(url, headers=headers, method='HEAD'))  # noqa: S310
    if answer.status == 401:
        way = answer.headers.get('WWW-Authenticate', '')
        headers['Authorization'] = _authorize(opener, way, url, image, known)
        answer = _send(opener, Request(url, headers=headers, method='HEAD'))  # noqa: S310
    given = answer.headers.get('Docker-Content-Digest', '')
    if answer.status == 200 and re.fullmatch(DIGEST, given):
        return given
    if answer.status in (200, 405):  # an old registry, that tells only with the whole manifest
        answer = _send(opener, Request(url, headers=headers))  # noqa: S310
        if answer.status == 200 and len(answer.body) <= _LARGEST:
            return f'sha256:{hashlib.sha256(answer.body).hexdigest()}'
    raise NoDigest(_why(answer.status, image, known))


def _why(status: int, image: Image, known: Credentials | None) -> str:
    match status:
        case 401 | 403:
            who = f' for {known.user}' if known and known.user else ''
            return f'{image.registry} refuses access to {image.repository}{who} (HTTP {status})'
        case 404:
            return f'{image.registry} has no {image.repository}:{image.tag or "latest"}'
        case 429:
            return f'{image.registry} was asked too often for now (HTTP 429)'
    return f'{image.registry} answers with HTTP {status}'


def _authorize(
    opener: OpenerDirector, way: str, url: str, image: Image, known: Credentials | None
) -> str:
    """The header that the registry asks for. Raises NoDigest."""
    scheme, _, rest = way.partition(' ')
    basic = _basic(known) if known and not known.token else ''
    if scheme.lower() == 'basic':
        if not basic:
            raise NoDigest(f'{image.registry} wants a log-in: docker login {image.registry}')
        return basic
    wants = dict(_PARAMETER.findall(rest))
    realm = wants.get('realm', '')
    if scheme.lower() != 'bearer' or not may_be_told(realm, url):
        raise NoDigest(f'{image.registry} wants to be told who asks in an unknown way: {way}')
    query = {
        'service': wants.get('service', ''),
        'scope': wants.get('scope') or f'repository:{image.repository}:pull',
    }
    answer = _send(opener, _token_request(realm, query, basic, known))
    token = _token(answer)
    if not token:
        hint = '' if known else f'; log in: docker login {image.registry}'
        raise NoDigest(f'{image.registry} gives no token (HTTP {answer.status}){hint}')
    return f'Bearer {token}'


def may_be_told(realm: str, url: str) -> bool:
    """No password goes over the network in the clear."""
    scheme = urlsplit(realm).scheme
    return scheme == 'https' or (scheme == 'http' and urlsplit(url).scheme == 'http')


def _token_request(
    realm: str, query: Mapping[str, str], basic: str, known: Credentials | None
) -> Request:
    if known and known.token:
        grant = {'grant_type': 'refresh_token', 'refresh_token': known.token}
        body = urlencode({**query, **grant, 'client_id': 'liftlock'}).encode()
        return Request(realm, data=body)  # noqa: S310
    headers = {'Authorization': basic} if basic else {}
    joint = '&' if '?' in realm else '?'
    return Request(f'{realm}{joint}{urlencode(query)}', headers=headers)  # noqa: S310


def _token(answer: _Answer) -> str:
    try:
        content: Any = json.loads(answer.body) if answer.status == 200 else {}
    except ValueError:
        return ''
    found = content.get('token') or content.get('access_token') if isinstance(content, dict) else ''
    return str(found or '')


def _basic(known: Credentials) -> str:
    from base64 import b64encode

    return f'Basic {b64encode(f"{known.user}:{known.password}".encode()).decode()}'


def _send(opener: OpenerDirector, request: Request) -> _Answer:
    """Whatever the status is. Raises _Unreachable."""
    try:
        with opener.open(request, timeout=_PATIENCE) as answer:
            return _Answer(answer.status, answer.headers, answer.read(_LARGEST + 1))
    except HTTPError as error:
        with error:
            return _Answer(error.code, error.headers, b'')
    except (URLError, OSError, HTTPException, ValueError) as error:
        raise _Unreachable(str(getattr(error, 'reason', error))) from None
