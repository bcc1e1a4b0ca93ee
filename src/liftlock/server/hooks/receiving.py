"""POST /hooks/{id}: prove who sends, write it down, answer; everything else comes afterwards.

A forge waits ten seconds at most and does not ask again by itself, so what was answered with 202 is
on the disk, and what was not is not ours. Nothing is parsed before the signature is right.
"""

import asyncio
import contextlib
import hashlib
import time
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from liftlock.errors import UserError
from liftlock.server import site
from liftlock.server.hooks import signatures
from liftlock.store import hooks, repositories
from liftlock.store.hooks import Sent
from liftlock.store.repositories import Repository

LARGEST: Final = 25 * 1024 * 1024  # bytes, as GitHub caps them
LARGE: Final = 1024 * 1024
SLOW: Final = 30.0  # seconds for a body to come
LONGEST: Final = 200  # characters of what a header says
FORM: Final = 'application/x-www-form-urlencoded'


async def receive(request: Request) -> Response:
    here = site.of(request)
    repository = _repository(request)
    if repository is None:
        return _told(404, 'nobody waits for this here')
    length = request.headers.get('content-length', '')
    if not (length.isascii() and length.isdigit() and len(length) < 16):
        return _told(411, 'say how long it is')
    if int(length) > LARGEST:
        return _told(413, 'it is larger than 25 MB')
    body = await _body(request, here.processing.room if int(length) > LARGE else None)
    if body is None:
        return _told(408, 'it took too long')
    headers = {name.lower(): value for name, value in request.headers.items()}
    sent = _sent(repository, headers, body, request.client.host if request.client else '')
    secret = repositories.secret(here.store, repository.id, here.ground.bench.key_file)
    problem = signatures.problem(repository.forge, secret, headers, body, time.time())
    if problem:
        if here.processing.notes(repository.id):
            hooks.refuse(here.store, sent._replace(body=''), problem)
        return _told(401, problem)
    hook, new = hooks.receive(here.store, sent)
    if new:
        here.processing.wake()
    said = 'it will be processed' if new else 'it was here before'
    return JSONResponse({'delivery': hook.id, 'said': said}, 202 if new else 200)


def _repository(request: Request) -> Repository | None:
    """Whether it is unknown or inactive is nobody's business."""
    try:
        found = repositories.of(site.of(request).store, request.path_params['repository'])
    except UserError:
        return None
    return found if found.active else None


async def _body(request: Request, room: asyncio.Semaphore | None) -> bytes | None:
    """The raw bytes; None if they do not come. Nobody has proved anything yet, so few of the large
    ones are held in memory at a time."""
    try:
        async with asyncio.timeout(SLOW), room or contextlib.nullcontext():
            return await request.body()
    except (TimeoutError, ClientDisconnect):
        return None


def _sent(repository: Repository, headers: signatures.Headers, body: bytes, address: str) -> Sent:
    """Without an id of the forge's own, the same body is the same delivery."""
    forge = repository.forge
    delivery = signatures.first(headers, signatures.DELIVERY[forge])[:LONGEST]
    return Sent(
        repository.id,
        delivery or hashlib.sha256(body).hexdigest(),
        signatures.first(headers, signatures.EVENT[forge])[:LONGEST],
        signatures.kept(headers),
        _text(headers, body),
        address,
    )


def _text(headers: signatures.Headers, body: bytes) -> str:
    """GitHub and Gitea can send the same as a form."""
    text = body.decode('utf-8', 'replace')
    if not headers.get('content-type', '').startswith(FORM):
        return text
    return next((value for name, value in parse_qsl(text) if name == 'payload'), '')


def _told(status: int, message: str) -> Response:
    return JSONResponse({'error': message}, status)


PREFIX: Final = '/hooks/'
ROUTES: Final = [Route('/hooks/{repository:int}', receive, methods=['POST'])]
