"""Style sheets and scripts, served for ever under names that change with what is in them."""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

HERE: Final = Path(__file__).parent
TYPES: Final = {
    '.css': 'text/css; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.svg': 'image/svg+xml',
}
FOR_EVER: Final = 'public, max-age=31536000, immutable'


@cache
def files() -> dict[str, tuple[bytes, str]]:
    """Contents and the beginning of their SHA-256, by names below this directory."""
    found = {}
    for path in sorted(HERE.rglob('*')):
        if path.suffix in TYPES:
            content = path.read_bytes()
            found[path.relative_to(HERE).as_posix()] = content, sha256(content).hexdigest()[:12]
    return found


def address(name: str) -> str:
    return f'/static/{files()[name][1]}/{name}'


async def serve(request: Request) -> Response:
    digest, name = request.path_params['digest'], request.path_params['name']
    content, known = files().get(name, (b'', ''))
    if not known:
        return Response('there is no such file\n', 404)
    caching = FOR_EVER if digest == known else 'no-cache'
    kind = TYPES[Path(name).suffix]
    return Response(content, media_type=kind, headers={'cache-control': caching})
