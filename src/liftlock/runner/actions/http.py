"""Requests that stand-ins send to services outside: by the job's proxies, with patience.

Nothing but HTTP is spoken: urllib alone would also read `file:` and `data:` addresses, and an
address is often a workflow's own choice.
"""

import asyncio
import http.client
import ssl
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Final
from urllib import error, request
from urllib.parse import urlsplit

from liftlock.language.records import NamedTuple
from liftlock.runner.workbench import StepFailed

TIMEOUT: Final = 30.0  # seconds for one try, from connecting to the last byte it waits for
LARGEST: Final = 16 * 1024 * 1024  # bytes of an answer that are read
_PAUSES: Final = (1.0, 3.0)  # seconds before another try
_TRY_AGAIN: Final = frozenset({429, 500, 502, 503, 504})


class Unreachable(Exception):
    """There was no answer; the message says why."""


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: Mapping[str, str]  # by names in lower case

    @property
    def text(self) -> str:
        return self.body.decode('utf-8', 'replace')

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


async def send(
    method: str,
    url: str,
    env: Mapping[str, str],
    *,
    body: bytes | Iterable[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
    again: bool = True,
) -> Answer:
    """The answer, whatever its status. Raises Unreachable, and StepFailed for a bad address.

    `env` is the job's, for its proxies. With `again` a server that is busy, and one that does not
    answer, is asked three times in all; then what it said last counts.
    """
    if urlsplit(url).scheme not in ('http', 'https') or not urlsplit(url).hostname:
        raise StepFailed('The address must be one of HTTP: https://host/path')
    asked = request.Request(url, body, dict(headers or {}), method=method)  # noqa: S310
    opener = request.build_opener(_Proxies(env), _Straight)
    for pause in (*(_PAUSES if again else ()), 0.0):
        try:
            answer = await asyncio.to_thread(_open, opener, asked)
        except Unreachable:
            if not pause:
                raise
        else:
            if not pause or answer.status not in _TRY_AGAIN:
                return answer
        await asyncio.sleep(pause)
    raise AssertionError('the last try returns or raises')


async def refuse_loopback(url: str) -> None:
    """StepFailed for an address on this machine itself: asked for a job in a container, to which
    `localhost` is another machine, and this one none of its business."""
    host = urlsplit(url).hostname or ''
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None)
    except OSError:
        return  # whoever asks will be told
    addresses = (ip_address(str(entry[4][0]).partition('%')[0]) for entry in found)
    if any(address.is_loopback or address.is_unspecified for address in addresses):
        raise StepFailed(f'{host} is this machine itself, which a job in a container cannot reach')


class _Straight(request.HTTPRedirectHandler):
    """No redirection is followed: a secret in headers must not be carried to another host."""

    def redirect_request(self, *_: object) -> None:
        return None


class _Proxies(request.ProxyHandler):
    """The proxies of the job's environment, and not of ours."""

    def __init__(self, env: Mapping[str, str]) -> None:
        found = {}
        for scheme in ('http', 'https', 'no'):
            name = f'{scheme}_proxy'
            text = env.get(name) or env.get(name.upper(), '')
            if text:
                found[scheme] = text
        self._known = found
        super().__init__({scheme: text for scheme, text in found.items() if scheme != 'no'})

    def proxy_open(self, req: request.Request, proxy: str, type: str) -> object:
        host = req.host or ''
        if request.proxy_bypass_environment(host, self._known):  # type: ignore[attr-defined]
            return None
        return super().proxy_open(req, proxy, type)


def _open(opener: request.OpenerDirector, asked: request.Request) -> Answer:
    try:
        with opener.open(asked, timeout=TIMEOUT) as answer:
            return _read(answer.status, answer)
    except error.HTTPError as answer:
        return _read(answer.code, answer)
    except error.URLError as failure:
        raise Unreachable(_explain(failure.reason)) from None
    except (OSError, http.client.HTTPException, ValueError) as failure:
        raise Unreachable(_explain(failure)) from None


def _read(status: int, answer: 'http.client.HTTPResponse | error.HTTPError') -> Answer:
    headers = {name.lower(): text for name, text in answer.headers.items()}
    return Answer(status, answer.read(LARGEST), headers)


def _explain(reason: object) -> str:
    if isinstance(reason, ssl.SSLError):
        return f'the connection is not safe: {reason.reason or reason}'
    if isinstance(reason, OSError):
        return reason.strerror or str(reason)
    return str(reason) or type(reason).__name__
