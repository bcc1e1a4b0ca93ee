"""Takes a request's body before anything is done: whole, not too large, and JSON."""

from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from liftlock.server import guard
from liftlock.server.rest import refusals

LARGEST: Final = 512 * 1024  # bytes; a secret of 48 KiB may be written with escapes
JSON: Final = 'application/json'


class Bodies:
    """`scope['state']['body']` holds it afterwards, too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] != 'http' or scope['method'] in guard.SAFE:
            await self._app(scope, receive, send)
            return
        body = await _whole(receive)
        if body is None:
            refusal = refusals.answer(413, 'the body is too large', f'at most {LARGEST >> 10} KiB')
            await refusal(scope, receive, send)
            return
        kind = Headers(scope=scope).get('content-type')
        if body and kind is not None and not _is_json(kind):
            refusal = refusals.answer(415, 'the body is no JSON', f'content-type: {JSON}')
            await refusal(scope, receive, send)
            return
        scope.setdefault('state', {})['body'] = body
        await self._app(_told(scope, kind), _again(body, receive), send)


async def _whole(receive: Receive) -> bytes | None:
    """None: it is too large. Whoever is still sending would not see the answer, so what is too much
    is passed over, too; but not for ever."""
    body, passed = b'', 0
    while True:
        message = await receive()
        part = bytes(message.get('body', b''))
        passed += len(part)
        if passed <= LARGEST:
            body += part
        if not message.get('more_body') or passed > 16 * LARGEST:
            return body if passed <= LARGEST else None


def _again(body: bytes, receive: Receive) -> Receive:
    given = False

    async def once_more() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {'type': 'http.request', 'body': body, 'more_body': False}

    return once_more


def _is_json(kind: str) -> bool:
    plain = kind.partition(';')[0].strip().lower()
    return plain == JSON or (plain.startswith('application/') and plain.endswith('+json'))


def _told(scope: Scope, kind: str | None) -> Scope:
    """A body of no kind is taken for JSON."""
    if kind is not None:
        return scope
    return {**scope, 'headers': [*scope['headers'], (b'content-type', JSON.encode())]}
