"""One GET, with one limit of time for all of it, and failures in plain words.

By asyncio's streams: a thread with `http.client` could be held for ever by somebody who answers a
byte a minute. Nothing is redirected, since what somebody asks for with a secret in its headers must
not be carried to another host.
"""

import asyncio
import socket
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, urlsplit

from liftlock.language.records import NamedTuple

LARGEST: Final = 4 * 1024 * 1024  # bytes of a body that are read
_LINES: Final = 200  # of a header
_LINE: Final = 64 * 1024  # bytes


class Unreachable(Exception):
    """There was no answer; the message says why."""


class Answer(NamedTuple):
    status: int
    body: bytes = b''
    headers: Mapping[str, str] = {}  # by names in lower case

    @property
    def text(self) -> str:
        return self.body.decode('utf-8', 'replace')


async def get(
    url: str, limit: float, headers: Mapping[str, str] | None = None, *, body: bool = True
) -> Answer:
    """Within so many seconds. Without `body`, only status and headers are waited for. Raises
    Unreachable."""
    asked = urlsplit(url)
    if asked.scheme not in ('http', 'https') or not asked.hostname:
        raise Unreachable(f'"{url}" is no address of HTTP')
    try:
        async with asyncio.timeout(limit):
            return await _get(asked, headers or {}, body)
    except TimeoutError:
        raise Unreachable(f'no answer within {limit:g} s') from None
    except asyncio.IncompleteReadError:
        raise Unreachable('the connection was closed in the middle of an answer') from None
    except (OSError, ValueError) as error:
        raise Unreachable(explain(error, asked.netloc.rpartition('@')[2])) from None


def explain(error: Exception, where: str) -> str:
    """Why nobody could be reached there (host:port), in plain words."""
    import ssl

    match error:
        case ConnectionRefusedError():
            return f'nobody listens on {where}'
        case ConnectionError():
            return f'{where} broke the connection off'
        case socket.gaierror():
            return f'the name of {where} cannot be found'
        case ssl.SSLCertVerificationError():
            return f'the certificate of {where} is not trusted: {error.verify_message}'
        case ssl.SSLError():
            return f'{where} speaks no TLS that is understood here: {error.reason or error}'
        case OSError():
            return f'{where}: {(error.strerror or str(error)).lower()}'
    return f'{where}: {error}'


async def _get(asked: SplitResult, headers: Mapping[str, str], body: bool) -> Answer:
    tls = asked.scheme == 'https'
    port = asked.port or (443 if tls else 80)
    reader, writer = await asyncio.open_connection(asked.hostname, port, ssl=tls or None)
    try:
        writer.write(request(asked, headers))
        await writer.drain()
        status, found = await _head(reader)
        content = await _body(reader, found) if body and status not in (204, 304) else b''
        return Answer(status, content, found)
    finally:
        # Nothing more is said to them; waiting for a TLS goodbye could take for ever.
        writer.transport.abort()


def request(asked: SplitResult, headers: Mapping[str, str]) -> bytes:
    target = (asked.path or '/') + (f'?{asked.query}' if asked.query else '')
    lines = {
        'Host': asked.netloc.rpartition('@')[2],
        'User-Agent': 'liftlock',
        'Accept': '*/*',
        'Accept-Encoding': 'identity',
        'Connection': 'close',
        **headers,
    }
    if any('\r' in line or '\n' in line for line in (target, *lines, *lines.values())):
        raise ValueError('a line break in an address or header')
    head = ''.join(f'{name}: {value}\r\n' for name, value in lines.items())
    return f'GET {target} HTTP/1.1\r\n{head}\r\n'.encode()


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    while True:
        line = await reader.readline()
        if not line:
            raise ConnectionResetError
        version, _, rest = line.decode('latin-1').strip().partition(' ')
        code = rest[:3]
        if not version.startswith('HTTP/') or not code.isdigit():
            raise ValueError('what answers there speaks no HTTP')
        headers = await _headers(reader)
        if int(code) >= 200:  # what comes before is only "go on" and "early hints"
            return int(code), headers


async def _headers(reader: asyncio.StreamReader) -> dict[str, str]:
    found: dict[str, str] = {}
    for _ in range(_LINES):
        line = (await reader.readline()).decode('latin-1').strip()
        if not line:
            return found
        name, _, value = line.partition(':')
        found[name.strip().lower()] = value.strip()
    raise ValueError('the header of the answer never ends')


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if 'chunked' in headers.get('transfer-encoding', '').lower():
        return await _chunks(reader)
    length = headers.get('content-length', '')
    if length.isdigit():
        return await reader.readexactly(_bounded(int(length)))
    parts: list[bytes] = []
    size = 0
    while part := await reader.read(_LINE):
        size = _bounded(size + len(part))
        parts.append(part)
    return b''.join(parts)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        line = await reader.readline()
        if not line:
            raise asyncio.IncompleteReadError(b'', None)
        length = int(line.split(b';')[0].strip(), 16)
        size = _bounded(size + length)
        if not length:
            return b''.join(parts)
        parts.append(await reader.readexactly(length))
        await reader.readline()


def _bounded(size: int) -> int:
    if size > LARGEST:
        raise ValueError(f'the answer is larger than {LARGEST // 1024 // 1024} MB')
    return size
