"""JSON, sent by POST, by the proxies of the environment, with some patience.

What cannot be delivered is told with the host alone: the path of such an address often is a secret.
"""

import asyncio
import http.client
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib import error, request
from urllib.parse import urlsplit

from liftlock.language.records import NamedTuple
from liftlock.observe.http import explain
from liftlock.observe.notify.notice import Undelivered

TIMEOUT: Final = 15.0  # seconds for one try
PAUSES: Final = (1.0, 3.0)  # seconds before another one
_AGAIN: Final = frozenset({429, 500, 502, 503, 504})
_SHOWN: Final = 200  # characters of a refusal


class Parcel(NamedTuple):
    url: str
    body: bytes
    headers: Mapping[str, str] = {}


class Reply(NamedTuple):
    status: int
    headers: Mapping[str, str]  # by names in lower case
    text: str


def pack(url: str, document: Any, headers: Mapping[str, str] | None = None) -> Parcel:
    body = json.dumps(document, ensure_ascii=False).encode()
    return Parcel(url, body, {'Content-Type': 'application/json', **(headers or {})})


async def post(parcel: Parcel) -> str:
    """What was answered. Raises Undelivered; a server that is busy is asked again."""
    address = urlsplit(parcel.url)
    if address.scheme not in ('http', 'https') or not address.hostname:
        raise Undelivered('the address is none of HTTP')
    for pause in (*PAUSES, None):
        try:
            status, _, text = await asyncio.to_thread(send, parcel)
        except (OSError, http.client.HTTPException, ValueError) as failure:
            why = _explain(failure, address.netloc.rpartition('@')[2])
        else:
            if 200 <= status < 300:
                return text
            why = f'{address.hostname} answered {status}: {text[:_SHOWN].strip()}'.rstrip(': ')
            if status not in _AGAIN:
                break
        if pause is not None:
            await asyncio.sleep(pause)
    raise Undelivered(why)


class _Straight(request.HTTPRedirectHandler):
    """What is secret in a body or header goes to the host that was named, and to no other."""

    def redirect_request(self, *_: object) -> None:
        return None


def send(parcel: Parcel) -> Reply:
    """One try, in a thread of its own. OSError, HTTPException or ValueError."""
    asked = request.Request(parcel.url, parcel.body, dict(parcel.headers), method='POST')  # noqa: S310
    asked.add_header('User-Agent', 'liftlock')
    opener = request.build_opener(_Straight)
    try:
        with opener.open(asked, timeout=TIMEOUT) as answer:
            return _read(answer.status, answer)
    except error.HTTPError as refusal:
        with refusal:
            return _read(refusal.code, refusal)


def _read(status: int, answer: http.client.HTTPResponse | error.HTTPError) -> Reply:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Reply(status, headers, answer.read(65536).decode('utf-8', 'replace'))


def _explain(failure: Exception, where: str) -> str:
    reason = failure.reason if isinstance(failure, error.URLError) else failure
    if isinstance(reason, TimeoutError):
        return f'no answer from {where} within {TIMEOUT:g} s'
    if isinstance(reason, OSError):
        return explain(reason, where)
    # Their messages may hold the whole address, and with it the secret.
    return f'{where} could not be asked: {type(reason).__name__}'
