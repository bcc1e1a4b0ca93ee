"""Artifacts of upload-artifact and download-artifact v1 to v3 (`@actions/artifact` 0 and 1).

A container is created by name, files are put into it one by one, and its size is set at the end.
Then it becomes an archive like every other artifact; uploads of one name from several jobs are
parts of one. Files are sent out from inside the archives, compressed as they lie there.
"""

import asyncio
import re
import struct
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.plan.facts import ArtifactStored
from liftlock.toolkit import sending, twirp
from liftlock.toolkit.artifacts import LARGEST, LONGEST_KEPT, ZIP, newest
from liftlock.toolkit.blobs import read_all
from liftlock.toolkit.containers import Container, IncomingFile
from liftlock.toolkit.grants import Grant, Grants
from liftlock.toolkit.ports import Artifact, Entry, Shelves
from liftlock.toolkit.refusal import Refused
from liftlock.toolkit.tokens import RUNTIME

DAY: Final = 86400.0
DEFLATED: Final = 8
MOST_INDEXES: Final = 8  # archives whose files are remembered
_RANGE: Final = re.compile(r'bytes ([0-9]{1,15})-(-1|[0-9]{1,15})/([0-9]{1,15})')
_GZIP: Final = b'\x1f\x8b\x08\0\0\0\0\0\0\xff'
_TYPE: Final = 'actions_storage'


class Place(NamedTuple):
    """Where a file of an artifact lies: in the archive of this digest; None: it is that itself."""

    digest: str
    entry: Entry | None
    size: int


class Pipelines:
    def __init__(self, grants: Grants, shelves: Shelves) -> None:
        self._grants = grants
        self._shelves = shelves
        self._indexes: dict[str, dict[str, Entry]] = {}  # by digest, the last used one last

    # --- containers of a run

    async def create(self, request: Request) -> JSONResponse:
        grant = self._of(request)
        fields = twirp.parse(await read_all(request.stream(), twirp.LONGEST))
        name, days = fields.get('Name'), fields.get('RetentionDays')
        if not isinstance(name, str) or not name or '/' in name:
            raise Refused('invalid_argument', 'the name of an artifact is missing, or not valid')
        asked = float(days) * DAY if isinstance(days, int) and days > 0 else 0.0
        lasts = asked or grant.artifacts.lasting()
        before = grant.containers.get(name)
        if before is not None:
            before.discard()
        container = Container(name, time.time() + min(lasts, LONGEST_KEPT))
        grant.containers[name] = container
        return JSONResponse(_container(grant, quote(name, safe=''), name, -1), 201)

    async def finish(self, request: Request) -> JSONResponse:
        """All files have been put; those that have not arrived whole are left out."""
        grant = self._of(request)
        name = request.query_params.get('artifactName', '')
        container = grant.containers.get(name)
        if container is None:
            raise Refused('not_found', f'no artifact "{name}" is being uploaded')
        async with container.finishing:
            if not container.identity:  # else the answer got lost, and it asks again
                container.identity = await self._keep(grant, container)
        return JSONResponse(_container(grant, str(container.identity), name, container.received))

    async def list(self, request: Request) -> JSONResponse:
        grant = self._of(request)
        found = [
            _container(grant, quote(one.name, safe=''), one.name, one.size)
            for one in newest(grant.artifacts.current())
        ]
        return JSONResponse({'count': len(found), 'value': found})

    def _of(self, request: Request) -> Grant:
        """Who asks; for his own run only."""
        grant = self._grants.find(request.headers.get('authorization', ''), RUNTIME)
        if request.path_params['run'] != str(grant.job.run):
            raise Refused('permission_denied', 'the token is for another run')
        return grant

    async def _keep(self, grant: Grant, container: Container) -> int:
        sent = await container.finish()
        new = self._shelves.scratch()
        try:
            digest = await asyncio.to_thread(self._shelves.pack, sent, new)
            size = new.stat().st_size
            grant.refuse_revoked()
            identity = grant.artifacts.adopt(
                container.name, new, digest, len(sent), container.expires, mime=ZIP, merge=True
            )
        except UserError as error:
            raise Refused('invalid_argument', str(error)) from None
        finally:
            new.unlink(missing_ok=True)
            container.discard()
        grant.report(ArtifactStored(grant.job.key, container.name, digest, size, len(sent)))
        return identity

    # --- files of a container

    async def put(self, request: Request) -> JSONResponse:
        grant = self._grants.find(request.headers.get('authorization', ''), RUNTIME)
        container = grant.containers.get(request.path_params['container'])
        if container is None:
            raise Refused('not_found', 'there is no such container')
        path = item_path(container.name, request.query_params.get('itemPath', ''))
        place = _RANGE.fullmatch(request.headers.get('content-range', ''))
        if place is None:
            raise Refused('invalid_argument', 'the range of a file must be said')
        start, end, total = int(place[1]), int(place[2]) + 1, int(place[3])
        gzipped = request.headers.get('content-encoding', '') == 'gzip'
        length = request.headers.get('x-tfs-filelength', '') if gzipped else str(total)
        if not start <= end <= total <= LARGEST or not re.fullmatch('[0-9]{1,15}', length):
            raise Refused('invalid_argument', 'the range of the file makes no sense')
        container.refuse_more(end - start)
        file = container.files.get(path)
        if file is None or start == 0:
            file = IncomingFile(self._shelves.scratch(), total, int(length), gzipped)
            container.replace(path, file)
        await file.put_range(start, end - start, request.stream())
        return JSONResponse({})

    async def get(self, request: Request) -> ASGIApp:
        """The list of files, where the path is the artifact's name; else one of them."""
        grant = self._grants.find(request.headers.get('authorization', ''), RUNTIME)
        name, path = request.path_params['container'], request.query_params.get('itemPath', '')
        parts = [one for one in grant.artifacts.current() if one.name == name]
        files = await self._files(grant, parts)
        if path in ('', name):
            items = [_item(grant, name, file, place) for file, place in files.items()]
            return JSONResponse({'count': len(items), 'value': items})
        place = files.get(item_path(name, path))
        if place is None:
            raise Refused('not_found', f'there is no "{path}"')
        return _content(grant, place, request.headers.get('accept-encoding', ''))

    async def _files(self, grant: Grant, parts: Sequence[Artifact]) -> dict[str, Place]:
        """By path; where several parts have the same one, the last part counts."""
        found: dict[str, Place] = {}
        for part in parts:
            if part.mime != ZIP:
                found[part.name] = Place(part.digest, None, part.size)
                continue
            for name, entry in (await self._index(grant, part.digest)).items():
                found[name] = Place(part.digest, entry, entry.size)
        return found

    async def _index(self, grant: Grant, digest: str) -> dict[str, Entry]:
        known = self._indexes.pop(digest, None)
        if known is None:
            try:
                entries = await asyncio.to_thread(self._shelves.index, grant.artifacts.file(digest))
            except UserError as error:
                raise Refused('invalid_argument', str(error)) from None
            known = {entry.name: entry for entry in entries}
        self._indexes[digest] = known
        while len(self._indexes) > MOST_INDEXES:
            del self._indexes[next(iter(self._indexes))]
        return known


def item_path(name: str, path: str) -> str:
    """The path inside the artifact of that name. Raises Refused for one that leads out of it."""
    first, _, rest = path.partition('/')
    parts = rest.split('/')
    odd = any(part in ('', '.', '..') for part in parts) or '\\' in path or '\0' in path
    if first != name or odd or len(path) > 4096:
        raise Refused('invalid_argument', f'"{path[:200]}" is no path in the artifact "{name}"')
    return rest


def _container(grant: Grant, identity: str, name: str, size: int) -> Mapping[str, Any]:
    origin = grant.job.origin
    return {
        'containerId': identity,
        'name': name,
        'size': size,
        'signedContent': None,
        'type': _TYPE,
        'fileContainerResourceUrl': (f'{origin}/_apis/resources/Containers/{quote(name, safe="")}'),
        'url': (
            f'{origin}/_apis/pipelines/workflows/{grant.job.run}/artifacts'
            f'?artifactName={quote(name, safe="")}'
        ),
    }


def _item(grant: Grant, name: str, path: str, place: Place) -> Mapping[str, Any]:
    whole = f'{name}/{path}'
    location = (
        f'{grant.job.origin}/_apis/resources/Containers/{quote(name, safe="")}'
        f'?itemPath={quote(whole, safe="")}'
    )
    return {
        'path': whole,
        'itemType': 'file',
        'status': 'created',
        'fileLength': place.size,
        'contentLocation': location,
        'itemLocation': location,
    }


def _content(grant: Grant, place: Place, accepted: str) -> sending.SentFile:
    """A deflated file with gzip's head and foot is a gzipped one: nothing is unpacked for it."""
    file = grant.artifacts.file(place.digest)
    headers = {'content-type': 'application/octet-stream'}
    entry = place.entry
    if entry is None:
        return sending.SentFile(200, headers, sending.Part(file, 0, place.size))
    if entry.method != DEFLATED:
        return sending.SentFile(200, headers, sending.Part(file, entry.start, entry.packed))
    if 'gzip' not in accepted:
        raise Refused('invalid_argument', 'this file is sent to clients that accept gzip')
    foot = struct.pack('<II', entry.crc, entry.size & 0xFFFFFFFF)
    part = sending.Part(file, entry.start, entry.packed, _GZIP, foot)
    return sending.SentFile(200, {**headers, 'content-encoding': 'gzip'}, part)
