"""All services as one application. It belongs at the root of an origin: clients of v4 artifacts and
v2 caches cut every path off the address that they are given.

Connections are closed after each answer. Clients keep them open otherwise, and some (actions/cache
v3) then wait three minutes at their end for nothing.
"""

import asyncio
import errno
import traceback
from collections.abc import Mapping
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from liftlock.errors import UserError
from liftlock.toolkit import refusal, twirp
from liftlock.toolkit.artifactcache import ArtifactCache
from liftlock.toolkit.artifacts import ArtifactService
from liftlock.toolkit.blobs import BlobStore, read_all
from liftlock.toolkit.caches import CacheService
from liftlock.toolkit.grants import Grants
from liftlock.toolkit.oidc import Issuer
from liftlock.toolkit.pipelines import Pipelines
from liftlock.toolkit.ports import Shelves
from liftlock.toolkit.refusal import Refused
from liftlock.toolkit.tokens import RUNTIME
from liftlock.toolkit.twirp import Call, Method

PACKAGE: Final = 'github.actions.results.api.v1'
MOST_DRAINED: Final = 256 * 1024**2  # bytes of a refused request that are read and thrown away
PATIENCE: Final = 10.0  # seconds for that
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def make(grants: Grants, shelves: Shelves, issuer: Issuer) -> ASGIApp:
    """`issuer` alone answers anybody; all others want a token, or a signed address."""
    results, blobs = Results(grants, shelves), BlobStore(grants)
    cache, pipelines = ArtifactCache(grants, shelves), Pipelines(grants, shelves)
    artifacts = '/_apis/pipelines/workflows/{run}/artifacts'
    containers = '/_apis/resources/Containers/{container:path}'
    caches = '/_apis/artifactcache/caches/{number:int}'
    blob = '/blobs/{grant}/{number}/{leaf}'
    routes = [
        Route('/twirp/{service}/{method}', results.call, methods=['POST']),
        Route(blob, blobs.put, methods=['PUT']),
        Route(blob, blobs.get, methods=['GET']),
        Route('/_apis/artifactcache/cache', cache.find, methods=['GET']),
        Route('/_apis/artifactcache/caches', cache.reserve, methods=['POST']),
        Route(caches, cache.put, methods=['PATCH']),
        Route(caches, cache.commit, methods=['POST']),
        Route(artifacts, pipelines.create, methods=['POST']),
        Route(artifacts, pipelines.finish, methods=['PATCH']),
        Route(artifacts, pipelines.list, methods=['GET']),
        Route(containers, pipelines.put, methods=['PUT']),
        Route(containers, pipelines.get, methods=['GET']),
        Route('/idtoken', issuer.token, methods=['GET']),
        Route('/.well-known/openid-configuration', issuer.discovery, methods=['GET']),
        Route('/.well-known/jwks', issuer.keys, methods=['GET']),
    ]
    return Closing(Starlette(routes=routes, exception_handlers=dict.fromkeys(_TOLD, _refuse)))


class Results:
    """The services that are spoken to by Twirp."""

    def __init__(self, grants: Grants, shelves: Shelves) -> None:
        self._grants = grants
        self._services: Mapping[str, Mapping[str, Method]] = {
            f'{PACKAGE}.ArtifactService': ArtifactService(shelves).methods,
            f'{PACKAGE}.CacheService': CacheService(shelves).methods,
        }

    async def call(self, request: Request) -> Response:
        grant = self._grants.find(request.headers.get('authorization', ''), RUNTIME)
        service, name = request.path_params['service'], request.path_params['method']
        method = self._services.get(service, {}).get(name)
        if method is None:
            raise Refused('bad_route', f'there is no {name} of {service}')
        fields = twirp.parse(await read_all(request.stream(), twirp.LONGEST))
        client = request.headers.get('user-agent', '')
        return JSONResponse(await method(Call(self._grants, grant, fields, client)))


class Closing:
    """Closes connections."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_closing(message: Message) -> None:
            if message['type'] == 'http.response.start':
                message['headers'] = [*message['headers'], (b'connection', b'close')]
            await send(message)

        await self._app(scope, receive, send_closing)


_TOLD: Final = (Refused, HTTPException, UserError, OSError, ClientDisconnect, Exception)


async def _refuse(request: Request, error: Exception) -> Response:
    """The answer to a request that cannot be fulfilled, in the form that its client reads."""
    if isinstance(error, ClientDisconnect):
        return Response()  # which nobody hears
    refused = _as_refusal(error)
    await _drain(request)
    if request.url.path.startswith('/blobs/'):
        return Response(refusal.as_xml(refused), refused.status, media_type='application/xml')
    return Response(refusal.as_json(refused), refused.status, media_type='application/json')


def _as_refusal(error: Exception) -> Refused:
    match error:
        case Refused():
            return error
        case HTTPException():
            return Refused('bad_route', error.detail)
        case UserError():  # of the store
            return Refused('internal', str(error))
        case FileNotFoundError():
            return Refused('not_found', 'it is not there any more')
        case OSError() if error.errno in _FULL:
            return Refused('no_space', f'the disk of the store is full ({error.strerror})')
        case OSError():
            return Refused('internal', f'the store cannot be used: {error}')
        case _:
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f'{place.filename}:{place.lineno}'
            return Refused('internal', f'this is a bug in liftlock: {error!r} ({where})')


async def _drain(request: Request) -> None:
    """Read what is still being sent: who is cut off while he speaks does not hear the answer."""
    announced = request.headers.get('content-length', '0')
    if len(announced) > len(str(MOST_DRAINED)) or int(announced) > MOST_DRAINED:
        return
    left = MOST_DRAINED
    try:
        async with asyncio.timeout(PATIENCE):
            async for chunk in request.stream():
                left -= len(chunk)
                if left < 0:
                    return
    except (RuntimeError, ClientDisconnect, TimeoutError):
        return  # it was read to its end, or nobody speaks any more
