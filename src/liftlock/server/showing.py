"""Files of artifacts, shown by the browser itself: pages that strangers have made.

They come from an address of their own, `/shown/<ticket>/…`, for which no cookie is asked: the
ticket says until when, and for which artifact, it is good. Browsers are told to treat them as a
sandbox: an origin of no server, without cookies, which can load what lies beside it and nothing
else.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Final

LASTING: Final = 3600  # seconds that a ticket is good
LARGEST: Final = 32 * 1024 * 1024  # bytes of one file
TYPES: Final = {
    '.html': 'text/html; charset=utf-8',
    '.htm': 'text/html; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.mjs': 'text/javascript; charset=utf-8',
    '.json': 'application/json',
    '.map': 'application/json',
    '.xml': 'text/xml; charset=utf-8',
    '.svg': 'image/svg+xml',
    '.png': 'image/png',
    '.jpg': 'image/jpeg',
    '.jpeg': 'image/jpeg',
    '.gif': 'image/gif',
    '.webp': 'image/webp',
    '.ico': 'image/x-icon',
    '.woff': 'font/woff',
    '.woff2': 'font/woff2',
    '.ttf': 'font/ttf',
    '.pdf': 'application/pdf',
    '.mp4': 'video/mp4',
    '.webm': 'video/webm',
    '.wasm': 'application/wasm',
}
PAGES: Final = frozenset({'.html', '.htm', '.svg', '.xml'})  # what may run scripts
PICTURES: Final = frozenset({'.png', '.jpg', '.jpeg', '.gif', '.webp', '.ico', '.svg'})
_HOST: Final = re.compile(r'[A-Za-z0-9.\[\]:-]+')


class Tickets:
    """`key` is asked each time: servers of one store have the same, and it may be made anew."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key

    def make(self, artifact: int, now: float) -> str:
        """One for an hour at least. It changes twice an hour alone, so that browsers may keep what
        they have fetched."""
        half = LASTING // 2
        until = int(now // half * half) + LASTING + half
        return f'{until:x}-{self._sign(artifact, until)}'

    def good(self, ticket: str, artifact: int, now: float) -> bool:
        until, _, signed = ticket.partition('-')
        try:
            moment = int(until, 16)
        except ValueError:
            return False
        mine = self._sign(artifact, moment).encode()
        return moment > now and hmac.compare_digest(signed.encode(), mine)

    def _sign(self, artifact: int, until: int) -> str:
        text = f'shown {artifact} {until}'.encode()
        return hmac.new(self._key(), text, hashlib.sha256).hexdigest()[:40]


def kind(name: str, content: bytes) -> str:
    """The type that a browser is told, and with `nosniff` believes."""
    known = TYPES.get(PurePosixPath(name).suffix.lower())
    if known:
        return known
    return 'text/plain; charset=utf-8' if textual(content) else 'application/octet-stream'


def textual(content: bytes) -> bool:
    beginning = content[:8192]
    if b'\0' in beginning:
        return False
    try:
        beginning.decode('utf-8')
    except UnicodeDecodeError as error:
        return error.start > len(beginning) - 4  # a letter that was cut
    return True


def headers(host: str, ticket: str) -> dict[str, str]:
    """`host` is what the request was sent to. What is loaded must lie below the same ticket."""
    beside = f'{host}/shown/{ticket}/' if _HOST.fullmatch(host) else "'none'"
    policy = (
        "sandbox allow-scripts allow-popups allow-modals; default-src 'none'; "
        f"script-src 'unsafe-inline' 'unsafe-eval' blob: {beside}; "
        f"style-src 'unsafe-inline' {beside}; img-src data: blob: {beside}; "
        f'font-src data: {beside}; connect-src {beside}; media-src data: blob: {beside}; '
        f"frame-src {beside}; worker-src blob:; form-action 'none'; base-uri 'none'"
    )
    return {
        'content-security-policy': policy,
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        # A sandbox is of no origin, so for what lies beside it, it is a stranger as well.
        'cross-origin-resource-policy': 'cross-origin',
        'cross-origin-opener-policy': 'unsafe-none',
        'access-control-allow-origin': '*',
        'cache-control': 'private, max-age=600',
    }
