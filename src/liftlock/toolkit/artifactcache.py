"""Caches, version 1 of the protocol: actions/cache v1 to v3 (`@actions/cache` 1 to 3), and newer
clients on servers that don't call themselves GitHub's. The caches are the same as those of v2.
"""

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from liftlock.toolkit import caches, twirp
from liftlock.toolkit.blobs import read_all
from liftlock.toolkit.grants import Download, Grant, Grants
from liftlock.toolkit.ports import Shelves
from liftlock.toolkit.refusal import Refused
from liftlock.toolkit.tokens import RUNTIME
from liftlock.toolkit.uploads import Incoming

_RANGE: Final = re.compile(r'bytes ([0-9]{1,15})-([0-9]{1,15})/\*')


class ArtifactCache:
    def __init__(self, grants: Grants, shelves: Shelves) -> None:
        self._grants = grants
        self._shelves = shelves

    async def find(self, request: Request) -> Response:
        grant = self._of(request)
        keys = request.query_params.get('keys', '').split(',')
        version = request.query_params.get('version', '')
        caches.check(keys, version)
        found = await grant.caches.find(keys[0], keys[1:], version)
        if found is None:
            return Response(status_code=204)
        matched, path = found
        url = self._grants.url(grant, Download(path, caches.BYTES), 'cache')
        return JSONResponse({'archiveLocation': url, 'cacheKey': matched})

    async def reserve(self, request: Request) -> JSONResponse:
        grant = self._of(request)
        call = await _call(self._grants, grant, request)
        key, version = call.text('key'), call.text('version')
        caches.check([key], version)
        if not grant.caches.writable:
            raise Refused('permission_denied', caches.DENIED)
        size = call.number('cache_size') or 0
        if size > caches.LARGEST:
            raise Refused('invalid_argument', f'a cache may have {caches.LARGEST:,} bytes')
        if not caches.reserve(self._grants, grant, key, version):
            raise Refused('already_exists', caches.TAKEN)
        upload = Incoming(self._shelves.scratch(), caches.LARGEST)
        grant.uploads['cache', key, version] = upload
        grant.numbers.append((key, version))
        return JSONResponse({'cacheId': len(grant.numbers)}, 201)

    async def put(self, request: Request) -> Response:
        grant = self._of(request)
        _, upload = _wanted(grant, request)
        place = _RANGE.fullmatch(request.headers.get('content-range', ''))
        if place is None or int(place[1]) > int(place[2]):
            raise Refused('invalid_argument', 'the range of a piece must be said')
        start, end = int(place[1]), int(place[2]) + 1
        await upload.put_range(start, end - start, request.stream())
        return Response(status_code=204)

    async def commit(self, request: Request) -> Response:
        grant = self._of(request)
        call = await _call(self._grants, grant, request)
        names, upload = _wanted(grant, request)
        await upload.finish(call.number('size') or 0)
        del grant.uploads['cache', *names]
        if caches.keep(self._grants, grant, names, upload) is None:
            raise Refused('already_exists', caches.TAKEN)
        return Response(status_code=204)

    def _of(self, request: Request) -> Grant:
        return self._grants.find(request.headers.get('authorization', ''), RUNTIME)


async def _call(grants: Grants, grant: Grant, request: Request) -> twirp.Call:
    """The fields are read as those of newer requests are."""
    body = await read_all(request.stream(), twirp.LONGEST)
    return twirp.Call(grants, grant, twirp.parse(body))


def _wanted(grant: Grant, request: Request) -> tuple[tuple[str, str], Incoming]:
    """The cache that a number stands for, among those of this job. Raises Refused."""
    number = request.path_params['number']
    names = grant.numbers[number - 1] if 0 < number <= len(grant.numbers) else None
    upload = grant.uploads.get(('cache', *names)) if names is not None else None
    if names is None or upload is None:
        raise Refused('not_found', 'no such cache is being uploaded')
    return names, upload
