"""One process at a time: what lies in the cache is shared by all runs of a user."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TextIO


@contextlib.asynccontextmanager
async def exclusive(folder: Path) -> AsyncIterator[None]:
    """Wait until nobody else, in this process or another, holds this folder. Raises OSError."""
    import fcntl

    with _open_lock(folder) as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.05)
        yield


def _open_lock(folder: Path) -> TextIO:
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / '.lock').open('w')
