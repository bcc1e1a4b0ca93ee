"""Files that arrive over HTTP: in ranges or in named blocks, in any order, several at a time.

Bytes go to one scratch file as they come, and a thread hashes behind them what is complete from the
beginning on, so that when the last byte is there nothing is left to be done.
"""

import asyncio
import errno
import hashlib
import os
from collections.abc import AsyncIterable, Sequence
from pathlib import Path
from typing import Final

from liftlock.toolkit.refusal import Refused

RESERVE: Final = 256 * 1024**2  # bytes of the disk that no upload may take
CHUNK: Final = 1024**2
MOST_BLOCKS: Final = 50_000  # as Azure's
LONGEST_NAME: Final = 128


class Incoming:
    """A file that arrives in ranges. `digest` is its SHA-256 once it is complete."""

    most = 20_000  # ranges; each is held against all others where they do not ascend

    def __init__(self, path: Path, limit: int, *, hashes: bool = True) -> None:
        self.path = path
        self.digest = ''
        self.size = 0
        self._limit = limit
        self._hashes = hashes
        self._ends: dict[int, int] = {}  # of complete ranges, by where they begin
        self._begun: list[tuple[int, int]] = []
        self._top = 0  # the end of the last of them
        self._arriving = 0
        self._sha = hashlib.sha256()
        self._hashed = 0
        self._stale = False  # something has come twice: what was hashed may be another's
        self._hashing: asyncio.Task[None] | None = None
        self._closed = False

    async def put_range(self, start: int, length: int, chunks: AsyncIterable[bytes]) -> None:
        """Take `length` bytes that begin at `start`. Raises Refused."""
        end = start + length
        if self._closed:
            raise Refused('not_found', 'the upload is over')
        if end > self._limit:
            raise Refused('too_large', f'more than {self._limit:,} bytes cannot be kept')
        if len(self._begun) >= self.most:
            raise Refused('too_large', f'a file may arrive in {self.most:,} pieces')
        if start < self._top and any(one < end and start < other for one, other in self._begun):
            self._stale = True
        self._begun.append((start, end))
        self._top = max(self._top, end)
        self._arriving += 1
        try:
            await receive(self.path, start, length, chunks)
        finally:
            self._arriving -= 1
        self._ends[start] = max(end, self._ends.get(start, 0))
        if self._hashes and (self._hashing is None or self._hashing.done()):
            self._hashing = asyncio.create_task(asyncio.to_thread(self._hash_on))

    async def finish(self, size: int) -> None:
        """All of it is there. Raises Refused if it isn't, or is not that long.

        Nobody may write to it from here on: it is going to be named by what was hashed.
        """
        if self._arriving or self._closed:
            raise Refused('malformed', 'the upload is still going on, or over')
        end = 0
        for start in sorted(self._ends):
            if start > end:
                break
            end = max(end, self._ends[start])
        if end != size or max(self._ends.values(), default=0) > size:
            raise Refused('malformed', f'{end:,} bytes of {size:,} have arrived')
        self._closed = True
        self.path.touch(0o600)  # nothing arrives of an empty file
        self.size = size
        if not self._hashes:
            return
        if self._hashing is not None:
            await self._hashing
        await asyncio.to_thread(self._hash_all if self._stale else self._hash_on)
        if self._hashed != size:
            raise Refused('not_found', 'the upload is over')
        self.digest = self._sha.hexdigest()

    def discard(self) -> None:
        """Forget it. Ranges that are still arriving go nowhere."""
        self._closed = True
        self.path.unlink(missing_ok=True)

    def _hash_on(self) -> None:
        """In a thread: as far as the file is complete."""
        while (end := self._ends.get(self._hashed, 0)) > self._hashed:
            if not self._hash_until(end):
                return

    def _hash_all(self) -> None:
        self._sha, self._hashed = hashlib.sha256(), 0
        self._hash_until(self.path.stat().st_size)

    def _hash_until(self, end: int) -> bool:
        """False where there is nothing to hash any more: it was discarded meanwhile."""
        try:
            file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            while self._hashed < end:
                chunk = os.pread(file, min(CHUNK, end - self._hashed), self._hashed)
                if not chunk:
                    return False
                self._sha.update(chunk)
                self._hashed += len(chunk)
        finally:
            os.close(file)
        return True


class Blocks(Incoming):
    """A file that arrives in blocks; their list says at the end in which order they follow.

    Each gets its place when it begins to arrive. As clients begin them in that order, the file is
    then as it must be; only where they did not, it is put in order first.
    """

    most = 2 * MOST_BLOCKS  # some are sent again

    def __init__(self, path: Path, limit: int) -> None:
        super().__init__(path, limit)
        self._end = 0
        self._blocks: dict[str, tuple[int, int]] = {}

    async def put_block(self, name: str, length: int, chunks: AsyncIterable[bytes]) -> None:
        """Raises Refused."""
        if len(name) > LONGEST_NAME or len(self._blocks) >= MOST_BLOCKS:
            raise Refused('invalid_argument', 'too many blocks, or too long a name of one')
        start = self._end
        self._end += length
        await self.put_range(start, length, chunks)
        self._blocks[name] = (start, length)

    async def commit(self, names: Sequence[str]) -> None:
        """The file is these blocks, in this order. Raises Refused if one is missing."""
        missing = [name for name in names if name not in self._blocks]
        if missing or len(names) > MOST_BLOCKS:
            raise Refused('malformed', f'{len(missing)} blocks of {len(names)} have not arrived')
        places = [self._blocks[name] for name in names]
        size = sum(length for _, length in places)
        if size > self._limit:
            raise Refused('too_large', f'more than {self._limit:,} bytes cannot be kept')
        if not _follow(places) or self._end != size:
            refuse_where_full(self.path.parent, size)
            await asyncio.to_thread(self._put_in_order, places)
            self._ends = {0: size}
            self._arriving = 0  # what still arrives writes to a file that is gone
            self._stale = True
        await self.finish(size)

    def _put_in_order(self, places: Sequence[tuple[int, int]]) -> None:
        ordered = self.path.with_name(f'{self.path.name}-ordered')
        try:
            with self.path.open('rb') as source, ordered.open('xb') as target:
                for start, length in places:
                    _copy(source.fileno(), target.fileno(), start, length)
            ordered.rename(self.path)
        finally:
            ordered.unlink(missing_ok=True)


def _follow(places: Sequence[tuple[int, int]]) -> bool:
    """Whether each begins where the one before it ends."""
    end = 0
    for start, length in places:
        if start != end:
            return False
        end += length
    return True


def _copy(source: int, target: int, start: int, length: int) -> None:
    while length:
        done = os.sendfile(target, source, start, length)
        if not done:
            raise OSError(errno.EIO, 'a block has become shorter')
        start += done
        length -= done


async def receive(path: Path, start: int, length: int, chunks: AsyncIterable[bytes]) -> None:
    """Write exactly `length` bytes at `start`. Raises Refused.

    Written on the spot, without a thread: the page cache takes them, and whoever sends waits for
    the disk as anybody does that writes much.
    """
    refuse_where_full(path.parent, length)
    at, end = start, start + length
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        async for chunk in chunks:
            if at + len(chunk) > end:
                raise Refused('malformed', 'more has arrived than was announced')
            at = _write(file, chunk, at)
    finally:
        os.close(file)
    if at != end:
        raise Refused('malformed', f'{at - start:,} bytes of {length:,} have arrived')


def _write(file: int, chunk: bytes, at: int) -> int:
    view = memoryview(chunk)
    while view:
        done = os.pwrite(file, view, at)
        at += done
        view = view[done:]
    return at


def refuse_where_full(directory: Path, length: int) -> None:
    space = os.statvfs(directory)
    free = space.f_bavail * space.f_frsize
    if length > free - RESERVE:
        raise Refused('no_space', f'the disk of the store has only {free:,} bytes left')
