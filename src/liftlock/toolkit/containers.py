"""Containers of the old artifact protocol while files are being put into them."""

import asyncio
from pathlib import Path
from typing import Final

from liftlock.toolkit.ports import Sent
from liftlock.toolkit.refusal import Refused
from liftlock.toolkit.uploads import Incoming

LARGEST: Final = 64 * 1024**3  # bytes of all files of one
MOST_FILES: Final = 1_000_000


class IncomingFile(Incoming):
    """A file on its way; `total` bytes are to come, which unpack to `length` if it is gzipped."""

    def __init__(self, path: Path, total: int, length: int, gzipped: bool) -> None:
        super().__init__(path, total, hashes=False)
        self.total = total
        self.length = length
        self.gzipped = gzipped


class Container:
    """`identity` is its id once it is kept; `received` counts bytes."""

    def __init__(self, name: str, expires: float) -> None:
        self.name = name
        self.expires = expires
        self.files: dict[str, IncomingFile] = {}
        self.identity = 0
        self.received = 0
        self.finishing = asyncio.Lock()

    def refuse_more(self, length: int) -> None:
        """Count what is about to arrive. Raises Refused where it is too much."""
        self.received += length
        if self.received > LARGEST or len(self.files) >= MOST_FILES:
            raise Refused('too_large', f'an artifact may have {LARGEST:,} bytes')

    def replace(self, path: str, file: IncomingFile) -> None:
        before = self.files.get(path)
        if before is not None:
            before.discard()
        self.files[path] = file

    async def finish(self) -> list[Sent]:
        """What has arrived whole."""
        whole = []
        for path, file in self.files.items():
            try:
                await file.finish(file.total)
            except Refused:
                continue
            whole.append(Sent(path, file.path, file.length, file.gzipped))
        return whole

    def discard(self) -> None:
        for file in self.files.values():
            file.discard()
        self.files.clear()
