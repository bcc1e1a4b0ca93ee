"""What a run has kept: to be fetched, looked through, and opened where nothing can happen."""

import asyncio
import time
from pathlib import Path, PurePosixPath
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.server import rendering, showing, site
from liftlock.server.pages import run as pages
from liftlock.server.site import Site
from liftlock.store import archive, artifacts, blobs
from liftlock.store.artifacts import Artifact

SANDBOX: Final = {'content-security-policy': 'sandbox', 'x-content-type-options': 'nosniff'}
TEXT: Final = 512 * 1024  # bytes of a text that are shown in a page
LISTED: Final = 2000  # entries of one folder


class Entry(NamedTuple):
    """A file or, with a slash at its end, a folder. `opens` tells how: page, picture, text, ''."""

    path: str
    name: str
    size: int
    opens: str = ''
    files: int = 0


async def show(request: Request) -> Response:
    shared = await pages.frame(request, 'artifacts')
    return rendering.page(request, 'run_artifacts.html', **shared, zipped=artifacts.ZIP)


async def artifact(request: Request) -> Response:
    """A download, never something that a browser would run as a page of ours."""
    one = _find(request, site.of(request))
    name = one.name if one.mime != artifacts.ZIP or one.name.endswith('.zip') else f'{one.name}.zip'
    file = _file(site.of(request), one)
    return FileResponse(file, filename=name, media_type=one.mime, headers=SANDBOX)


async def report(request: Request) -> Response:
    here, digest = site.of(request), request.path_params['digest']
    found = [one for one in pages.of(request).board.reports if one.digest == digest]
    file = blobs.path(here.store.directory, found[0].digest) if found else None
    if file is None or not file.exists():
        raise UserError('this report is no longer kept')
    name = found[0].name.rpartition('/')[2] or 'report'
    return FileResponse(file, filename=name, headers=SANDBOX)


# --- inside


async def browse(request: Request) -> Response:
    """A folder of the archive, or a text in it."""
    here, path = site.of(request), request.path_params.get('path', '')
    shared = await pages.frame(request, 'artifacts')
    one = _find(request, here)
    file = _file(here, one)
    ticket = here.tickets.make(one.id, time.time())
    base = f'/shown/{ticket}/{one.id}/'
    told: dict[str, Any] = {'one': one, 'base': base, 'at': path, 'text': None, 'entries': []}
    if path and not path.endswith('/'):
        content = await asyncio.to_thread(read, file, one, path, TEXT)
        told['text'] = content.decode('utf-8', 'replace') if showing.textual(content) else ''
        told['cut'] = len(content) >= TEXT
    else:
        told['entries'] = await asyncio.to_thread(listed, file, one, path)
    return rendering.page(request, 'run_artifact.html', **shared, **told, listed=LISTED)


async def shown(request: Request) -> Response:
    """A file as it is, for the browser's sandbox. The ticket is all that is asked for."""
    here, ticket = site.of(request), request.path_params['ticket']
    number, path = request.path_params['number'], request.path_params['path']
    if not here.tickets.good(ticket, number, time.time()):
        return Response('this link is too old: open the file from the page of its run\n', 403)
    one = artifacts.find(here.store, number)
    headers = showing.headers(request.headers.get('host', ''), ticket)
    try:
        if one is None:
            raise UserError('there is no such artifact')
        content = await asyncio.to_thread(read, _file(here, one), one, path, showing.LARGEST + 1)
    except UserError as error:
        return Response(f'{error}\n', 404, headers, 'text/plain; charset=utf-8')
    if len(content) > showing.LARGEST:
        return Response('it is too large to be shown\n', 413, headers, 'text/plain')
    return Response(content, 200, headers, showing.kind(path, content))


def listed(file: Path, one: Artifact, folder: str) -> list[Entry]:
    """Folders first. UserError for an archive that is refused."""
    if one.mime != artifacts.ZIP:
        return [Entry(one.name, one.name, one.size, _opens(one.name))]
    folders: dict[str, tuple[int, int]] = {}
    files = []
    for entry in archive.index(file):
        if not entry.name.startswith(folder):
            continue
        first, slash, _ = entry.name.removeprefix(folder).partition('/')
        if slash:
            size, count = folders.get(first, (0, 0))
            folders[first] = size + entry.size, count + 1
        else:
            files.append(Entry(entry.name, first, entry.size, _opens(first)))
    found = [
        Entry(f'{folder}{name}/', name, size, files=count)
        for name, (size, count) in sorted(folders.items())
    ]
    return [*found, *sorted(files)]


def read(file: Path, one: Artifact, path: str, most: int) -> bytes:
    """The beginning of a file of the artifact. UserError where there is none such."""
    if one.mime != artifacts.ZIP:
        if path != one.name:
            raise UserError('there is no such file in this artifact')
        with file.open('rb') as opened:
            return opened.read(most)
    try:
        with archive.opened(file) as zipped:
            for entry in zipped.infolist():
                if entry.filename == path and not entry.is_dir():
                    with zipped.open(entry) as inside:
                        return inside.read(most)
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or packed in an odd way
        raise UserError(f'it cannot be read: {error}') from None
    raise UserError(f'there is no file "{path}" in this artifact')


def _opens(name: str) -> str:
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in ('.html', '.htm'):
        return 'page'
    if suffix in showing.PICTURES:
        return 'picture'
    return '' if suffix in ('.zip', '.gz', '.whl', '.tar', '.zst', '.so', '.bin') else 'text'


def _find(request: Request, here: Site) -> Artifact:
    number = request.path_params['number']
    found = artifacts.listed(here.store, request.path_params['run'])
    one = next((each for each in found if each.id == number), None)
    if one is None:
        raise UserError('there is no such artifact; it may have been kept long enough')
    return one


def _file(here: Site, one: Artifact) -> Path:
    file = blobs.path(here.store.directory, one.digest)
    if not file.exists():
        raise UserError('the artifact is no longer kept')
    return file
