"""Sends files: whole or in part, in large pieces. The server offers no sendfile to applications;
a read of the page cache and a write to the socket still move some GB a second.
"""

import os
import re
from collections.abc import Iterator, Mapping
from email.utils import formatdate
from pathlib import Path
from typing import Final
from urllib.parse import quote

from starlette.types import Receive, Scope, Send

from liftlock.language.records import NamedTuple
from liftlock.toolkit.refusal import Refused

PIECE: Final = 1024**2
_RANGE: Final = re.compile(r'bytes=([0-9]{1,18})-([0-9]{0,18})')


class Part(NamedTuple):
    """Bytes of a file, framed by some that are not in it."""

    path: Path
    start: int
    length: int
    before: bytes = b''
    after: bytes = b''


class SentFile:
    """A response: this part of a file, under these headers."""

    def __init__(self, status: int, headers: Mapping[str, str], part: Part) -> None:
        size = len(part.before) + part.length + len(part.after)
        self._status = status
        self._headers = {**headers, 'content-length': str(size)}
        self._part = part

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = [(name.encode(), text.encode('latin-1')) for name, text in self._headers.items()]
        await send({'type': 'http.response.start', 'status': self._status, 'headers': raw})
        if scope['method'] != 'HEAD':
            for piece in _pieces(self._part):
                await send({'type': 'http.response.body', 'body': piece, 'more_body': True})
        await send({'type': 'http.response.body', 'body': b''})


def _pieces(part: Part) -> Iterator[bytes]:
    if part.before:
        yield part.before
    file = os.open(part.path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        at, end = part.start, part.start + part.length
        while at < end:
            piece = os.pread(file, min(PIECE, end - at), at)
            if not piece:
                raise OSError(f'{part.path} has become shorter')
            at += len(piece)
            yield piece
    finally:
        os.close(file)
    if part.after:
        yield part.after


def whole_or_part(path: Path, headers: Mapping[str, str], wanted: str) -> SentFile:
    """The file, or the range of it that `wanted` (a Range header) names. Raises Refused."""
    found = path.stat()
    known = {
        'accept-ranges': 'bytes',
        'etag': f'"{found.st_mtime_ns:x}-{found.st_size:x}"',
        'last-modified': formatdate(found.st_mtime, usegmt=True),
        'x-content-type-options': 'nosniff',
        **headers,
    }
    place = _RANGE.fullmatch(wanted.strip())
    if place is None:
        return SentFile(200, known, Part(path, 0, found.st_size))
    start = int(place[1])
    last = min(int(place[2] or found.st_size), found.st_size - 1)
    if start > last:
        raise Refused('not_satisfiable', f'there are {found.st_size:,} bytes')
    known['content-range'] = f'bytes {start}-{last}/{found.st_size}'
    return SentFile(206, known, Part(path, start, last - start + 1))


def disposition(name: str) -> str:
    """What a file is to be called; once for old clients, and once for all characters."""
    plain = re.sub(r'[^A-Za-z0-9 ._-]', '_', name)
    return f'attachment; filename="{plain}"; filename*=UTF-8\'\'{quote(name, safe="")}'
