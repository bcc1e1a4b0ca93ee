"""How much a job may write: looked at while it runs, because plain file systems keep no count.

Its files are counted, one by one, as often as that takes no time to speak of. Where nobody has
declared a limit, what is free on the disk is asked first, for that costs nothing: only when a lot
has gone are files counted; and now and then anyway, since others may have made room meanwhile.
"""

# Paths are texts here: there are many.
# ruff: noqa: PTH116, PTH208

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from liftlock.language.records import NamedTuple

_EVERY: Final = 1.0  # seconds between two looks at what is free
_ANYWAY: Final = 30.0  # seconds after which files are counted in any case
_BLOCK: Final = 512  # bytes, in which the kernel counts
_PATIENCE: Final = 20  # times longer than counting takes, we wait until we count again


class Share(NamedTuple):
    """Bytes and files that a job may have more than in the beginning."""

    size: int
    files: int


def share(directory: str, wanted: int | None) -> Share:
    """What was declared; where nothing was, half of what is free."""
    space = os.statvfs(directory)
    return Share(
        wanted or space.f_bavail * space.f_frsize // 2,
        space.f_favail // 2 or 1 << 62,  # some file systems don't count files
    )


class Watched(NamedTuple):
    """`directories` are the job's own, all on one disk; `init` the first process of the sandbox."""

    directories: tuple[str, ...]
    init: int
    declared: bool = True


@asynccontextmanager
async def held(
    root: str, init: int, wanted: int | None, end: Callable[[str], None]
) -> AsyncIterator[None]:
    """Meanwhile the job in this directory is held to its share, or ended with a message."""
    limit = share(root, wanted)

    def over(used: Share) -> None:
        large = used.size > limit.size
        what = f'{used.size >> 20} MB' if large else f'{used.files} files'
        most = f'{limit.size >> 20} MB' if large else f'{limit.files} files'
        end(
            f'The job was ended, because it has written {what} and may write {most} '
            '(sandbox.disk in liftlock.yml)'
        )

    job = Watched((root,), init, declared=wanted is not None)
    watching = asyncio.create_task(watch(job, limit, over))
    try:
        yield
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


async def watch(job: Watched, limit: Share, over: Callable[[Share], None]) -> None:
    """Call `over` with what the job has used when that is too much, once."""
    start = await asyncio.to_thread(measure, job)
    free = _free(job)
    counted, took = time.monotonic(), 0.0
    while True:
        await asyncio.sleep(_EVERY)
        now = _free(job)
        waited = time.monotonic() - counted
        near = (
            job.declared
            or free.size - now.size > limit.size // 2
            or free.files - now.files > limit.files // 2
        )
        if waited < took * _PATIENCE or not (near or waited > _ANYWAY):
            continue
        began = time.monotonic()
        found = await asyncio.to_thread(measure, job)
        counted = time.monotonic()
        took = counted - began
        used = Share(found.size - start.size, found.files - start.files)
        if used.size > limit.size or used.files > limit.files:
            over(used)
            return


def _free(job: Watched) -> Share:
    space = os.statvfs(job.directories[0])
    return Share(space.f_bavail * space.f_frsize, space.f_favail)


def measure(job: Watched) -> Share:
    """Bytes that the job's files take on the disk, and how many there are."""
    size = files = 0
    seen: set[tuple[int, int]] = set()
    disk = os.stat(job.directories[0]).st_dev
    for found in (*_named(job.directories), *_deleted(job.init)):
        if found.st_dev == disk and (found.st_dev, found.st_ino) not in seen:
            if found.st_nlink != 1:
                seen.add((found.st_dev, found.st_ino))
            size += found.st_blocks * _BLOCK
            files += 1
    return Share(size, files)


def _named(directories: Sequence[str]) -> Iterator[os.stat_result]:
    """Links are not followed; what vanishes meanwhile, or cannot be looked into, is left out."""
    waiting = list(directories)
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    with contextlib.suppress(OSError):
                        yield entry.stat(follow_symlinks=False)
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
        except OSError:
            continue


def _deleted(init: int) -> Iterator[os.stat_result]:
    """Files without a name, which last as long as some process of the sandbox has them open."""
    for process in _processes(init):
        with contextlib.suppress(OSError):
            for descriptor in os.listdir(f'/proc/{process}/fd'):
                with contextlib.suppress(OSError):
                    found = os.stat(f'/proc/{process}/fd/{descriptor}')
                    if not found.st_nlink:
                        yield found


def _processes(init: int) -> Iterator[str]:
    """All that see the same processes as that one does."""
    try:
        space = os.stat(f'/proc/{init}/ns/pid').st_ino
    except OSError:
        return
    for entry in os.listdir('/proc'):
        if entry.isdecimal():
            with contextlib.suppress(OSError):
                if os.stat(f'/proc/{entry}/ns/pid').st_ino == space:
                    yield entry
