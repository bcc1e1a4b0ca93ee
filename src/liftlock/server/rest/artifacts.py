"""What runs kept, and what is in it."""

import asyncio
import pathlib
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import FileResponse, JSONResponse, Response

from liftlock.errors import UserError
from liftlock.server import showing
from liftlock.server.pages import artifacts as pages
from liftlock.server.rest import refusals
from liftlock.server.rest.asking import Call, Identity, RunNumber, RunsRead, Wanted
from liftlock.server.rest.refusals import Missing
from liftlock.server.rest.shapes import runs as shapes
from liftlock.server.rest.shapes import sections
from liftlock.server.rest.shapes.base import WITHOUT_NUL
from liftlock.store import artifacts, blobs
from liftlock.store.artifacts import Artifact

router = APIRouter(tags=['artifacts'], responses=refusals.described())
SANDBOX = {'content-security-policy': 'sandbox', 'x-content-type-options': 'nosniff'}
Inside = Annotated[
    str, Path(min_length=1, max_length=4096, pattern=WITHOUT_NUL, description='In the artifact.')
]
BYTES = {'content': {'*/*': {'schema': {'type': 'string'}}}}


@router.get('/runs/{run}/artifacts', response_model=shapes.Artifacts)
async def list_artifacts(call: RunsRead, run: RunNumber) -> Response:
    """As long as they are kept. One that was uploaded in parts is told part by part."""
    found = artifacts.listed(call.store, call.run(run).id)
    return JSONResponse({'artifacts': [one._asdict() for one in found]})


@router.get('/runs/{run}/artifacts/{artifact}', response_class=FileResponse, responses={200: BYTES})
async def download_artifact(call: RunsRead, run: RunNumber, artifact: Identity) -> FileResponse:
    """Its bytes: a ZIP, unless `mime` says something else."""
    one, file = await _find(call, run, artifact)
    zipped = one.mime == artifacts.ZIP and not one.name.endswith('.zip')
    name = f'{one.name}.zip' if zipped else one.name
    return FileResponse(file, filename=name, media_type=one.mime, headers=SANDBOX)


@router.get('/runs/{run}/artifacts/{artifact}/files', response_model=sections.Entries)
async def list_files(
    call: RunsRead, run: RunNumber, artifact: Identity, folder: Wanted = ''
) -> Response:
    """What is in it: in its uppermost folder, or in one whose path ends with a slash."""
    one, file = await _find(call, run, artifact)
    found = await asyncio.to_thread(pages.listed, file, one, folder)
    told = [
        {'path': each.path, 'name': each.name, 'size': each.size, 'files': each.files}
        for each in found
    ]
    return JSONResponse({'entries': told})


@router.get(
    '/runs/{run}/artifacts/{artifact}/files/{path:path}',
    response_class=Response,
    responses={200: BYTES},
)
async def read_file(call: RunsRead, run: RunNumber, artifact: Identity, path: Inside) -> Response:
    """One file of it, up to 32 MiB; larger ones come with the whole."""
    one, file = await _find(call, run, artifact)
    try:
        content = await asyncio.to_thread(pages.read, file, one, path, showing.LARGEST + 1)
    except UserError as error:
        raise Missing(str(error), error.hint) from None
    if len(content) > showing.LARGEST:
        raise UserError('this file is too large by itself', 'download the whole artifact')
    kind = 'application/octet-stream'
    return Response(content, media_type=kind, headers=SANDBOX)


async def _find(call: Call, run: int, identity: int) -> tuple[Artifact, pathlib.Path]:
    """Missing, if it is not kept (any more)."""
    for one in artifacts.listed(call.store, call.run(run).id):
        if one.id == identity:
            file = await asyncio.to_thread(blobs.path, call.store.directory, one.digest)
            if file.exists():
                return one, file
    raise Missing(f'run {run} has no artifact {identity}', 'it may have been kept long enough')
