"""Signed addresses of bytes, as Azure's block blobs: what clients of v4 artifacts and v2 caches
upload to and download from. No token is sent to them.

    PUT ?comp=block&blockid=…   one block        PUT ?comp=blocklist   the file is these blocks
    PUT                         a whole file     GET, HEAD             all of it, or a range
"""

import binascii
import re
from base64 import b64decode
from collections.abc import AsyncIterable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from liftlock.toolkit import sending
from liftlock.toolkit.grants import Download, Grants
from liftlock.toolkit.refusal import Refused
from liftlock.toolkit.tokens import READ, WRITE
from liftlock.toolkit.uploads import MOST_BLOCKS, Blocks

LARGEST_BLOCK: Final = 4000 * 1024**2  # bytes, as Azure's
LONGEST_LIST: Final = MOST_BLOCKS * 256
_BLOCK: Final = re.compile(rb'<(Latest|Uncommitted|Committed)>\s*([A-Za-z0-9+/=]+)\s*</\1>')
_STORED: Final = {'x-ms-version': '2024-11-04', 'x-ms-request-server-encrypted': 'false'}


class BlobStore:
    def __init__(self, grants: Grants) -> None:
        self._grants = grants

    async def put(self, request: Request) -> Response:
        blob = self._grants.blob(request.url.path, request.query_params, WRITE)
        if not isinstance(blob, Blocks):
            raise Refused('permission_denied', 'the address is for reading')
        match request.query_params.get('comp', ''):
            case 'block':
                name = block_name(request.query_params.get('blockid', ''))
                await blob.put_block(name, length_of(request), request.stream())
            case 'blocklist':
                names = block_list(await read_all(request.stream(), LONGEST_LIST))
                if not blob.digest:  # the answer got lost, and it asks again
                    await blob.commit(names)
            case '':
                await blob.put_block('', length_of(request), request.stream())
                await blob.commit([''])
            case other:
                raise Refused('invalid_argument', f'comp={other} is not supported')
        return Response(status_code=201, headers={**_STORED, 'etag': f'"{blob.digest}"'})

    async def get(self, request: Request) -> ASGIApp:
        blob = self._grants.blob(request.url.path, request.query_params, READ)
        if not isinstance(blob, Download):
            raise Refused('permission_denied', 'the address is for writing')
        headers = {'content-type': blob.mime, 'x-ms-blob-type': 'BlockBlob'}
        if blob.name:
            headers['content-disposition'] = sending.disposition(blob.name)
        wanted = request.headers.get('x-ms-range') or request.headers.get('range', '')
        return sending.whole_or_part(blob.path, headers, wanted)


def block_name(text: str) -> str:
    """The id of a block, which is base64 of at most 64 bytes. Raises Refused."""
    try:
        raw = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused('invalid_argument', 'a block id must be base64') from None
    if not 0 < len(raw) <= 64:
        raise Refused('invalid_argument', 'a block id must have 1 to 64 bytes')
    return text


def block_list(body: bytes) -> list[str]:
    """The ids in `<BlockList><Latest>…</Latest>…</BlockList>`, in order. Raises Refused.

    Read by a pattern: it is all that such a list can hold, and no XML parser has to be trusted.
    """
    if b'<BlockList' not in body or b'<!' in body:
        raise Refused('invalid_argument', 'the list of blocks cannot be read')
    names = [found[2].decode() for found in _BLOCK.finditer(body)]
    told = body.count(b'</') - body.count(b'</BlockList>')
    if len(names) != told:
        raise Refused('invalid_argument', 'the list of blocks holds something else')
    return names


def length_of(request: Request) -> int:
    """Raises Refused."""
    text = request.headers.get('content-length', '')
    if not re.fullmatch('[0-9]{1,15}', text):
        raise Refused('length_required', 'the length of a block must be said before it comes')
    length = int(text)
    if length > LARGEST_BLOCK:
        raise Refused('too_large', f'a block may have {LARGEST_BLOCK:,} bytes')
    return length


async def read_all(chunks: AsyncIterable[bytes], limit: int) -> bytes:
    """A body that fits into memory. Raises Refused."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise Refused('too_large', f'the request may have {limit:,} bytes')
    return bytes(body)
