"""`Idempotency-Key`: a request that is sent again, because its answer was lost say, is answered as
the first was, and nothing is done twice.

What is done at once is done in the transaction that keeps the answer: after `kill -9` both are
there, or neither. What takes its time is announced before it begins, under a name of its own:
whoever asks again meanwhile is told to wait, and after a `kill -9` what was begun is found by that
name.
"""

import hashlib
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from fastapi import Header
from starlette.requests import Request
from starlette.responses import Response

from liftlock.errors import UserError
from liftlock.server.rest.asking import Call
from liftlock.server.rest.refusals import Mistaken, Underway
from liftlock.server.rest.shapes.base import Shape
from liftlock.store import asked
from liftlock.store.asked import Earlier

NAME: Final = 'idempotency-key'
AGAIN: Final = 'idempotency-replayed'
JSON: Final = 'application/json'
UNDERWAY: Final[set[str]] = set()  # what this process is doing
IdempotencyKey = Annotated[
    str,
    Header(
        alias='Idempotency-Key',
        max_length=128,
        pattern=r'^[\x21-\x7e]*$',
        description='Of your choice. Sent again within 24 hours with the same body, the answer is '
        'the same and nothing is done twice.',
    ),
]


def once(call: Call, key: str, act: Callable[[], Shape], status: int = 202) -> Response:
    """Do it, unless that was done under the key before. Nothing is kept of what is refused."""
    if not key:
        return _answer(status, act().model_dump_json())
    who, digest = call.person.name, digest_of(call.request)
    with call.store.transaction(durable=True):
        earlier = asked.begin(call.store, who, key, digest, time.time())
        if earlier is not None:
            return repeated(earlier, digest)
        text = act().model_dump_json()
        asked.answered(call.store, who, key, status, text)
    return _answer(status, text)


async def once_done(
    call: Call, key: str, act: Callable[[str], Awaitable[Shape]], status: int = 202
) -> Response:
    """The same for what takes its time. `act` is told a name by which what it does is known: done
    once more, because nobody knows what became of it, it must find what it has begun."""
    if not key:
        return _answer(status, (await act('')).model_dump_json())
    who, digest = call.person.name, digest_of(call.request)
    name = f'asked:{who}:{key}'
    earlier = asked.begin(call.store, who, key, digest, time.time())
    if earlier is not None and (earlier.status or earlier.digest != digest or name in UNDERWAY):
        return repeated(earlier, digest)
    UNDERWAY.add(name)
    try:
        text = (await act(name)).model_dump_json()
    except UserError:
        asked.forget(call.store, who, key)
        raise
    finally:
        UNDERWAY.discard(name)
    asked.answered(call.store, who, key, status, text)
    return _answer(status, text)


def digest_of(request: Request) -> str:
    """Of everything by which two requests could ask for different things."""
    target = f'{request.method} {request.url.path}?{request.url.query}\n'
    body: bytes = request.scope['state'].get('body', b'')
    return hashlib.sha256(target.encode() + body).hexdigest()


def repeated(earlier: Earlier, digest: str) -> Response:
    """The first answer. Mistaken for another question; Underway where there is none yet."""
    if earlier.digest != digest:
        raise Mistaken('this key was used for another request', 'take a new Idempotency-Key')
    if not earlier.status:
        raise Underway(
            'the same was asked before, and is not answered yet',
            'ask again in a moment; if it stays so, look what became of it and take a new key',
        )
    return _answer(earlier.status, earlier.answer, {AGAIN: 'true'})


def _answer(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    if status == 204:
        return Response(status_code=204, headers=headers)
    return Response(text, status, headers, JSON)
