"""Versions on disk: laid and prepared once, then shared by all instances and revisions.

`releases/<name>/` holds the files, `releases/<name>.json` says that they are complete, and with
what they were prepared; it comes last, by a rename, so a release is wholly there or not at all.
The files are made where they stay, not moved there: what `prepare` makes (a virtual environment,
say) may hold its own path. Afterwards nothing in it can be written any more.
"""

import asyncio
import ctypes
import json
import os
import shutil
from collections.abc import Awaitable, Callable, Collection, Iterator
from pathlib import Path
from typing import Final, TypeAlias

from liftlock.plan import digest
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Version
from liftlock.targets.process import record

Lay: TypeAlias = Callable[[Version, Path], Awaitable[None]]
Build: TypeAlias = Callable[[Path], Awaitable[None]]  # runs `prepare` in a directory

KEPT: Final = 5  # releases that nobody uses any more


def name(version: Version, prepare: str) -> str:
    """Another `prepare` makes another release of the same version."""
    return f'{version.id}-{digest.of(prepare)[:8]}' if prepare.strip() else version.id


def is_complete(directory: Path, release: str) -> bool:
    return _marker(directory, release).exists() and (directory / release).is_dir()


async def make(
    directory: Path, version: Version, prepare: str, lay: Lay, build: Build | None
) -> bool:
    """Whether there was anything to do. What fails or is cancelled leaves nothing behind."""
    release = name(version, prepare)
    if is_complete(directory, release):
        os.utime(_marker(directory, release))  # the latest use counts when old ones go
        return False
    place = directory / release
    await asyncio.to_thread(_clear, place)
    try:
        await lay(version, place)
        if build is not None:
            await build(place)
        said = {'version': version.name, 'id': version.id, 'prepare': prepare}
        await asyncio.to_thread(_finish, place, _marker(directory, release), json.dumps(said))
    except BaseException:
        await asyncio.shield(asyncio.to_thread(remove, directory, release))
        raise
    return True


def prune(directory: Path, used: Collection[str], kept: int = KEPT) -> list[str]:
    """Remove releases that nobody uses, but for the latest. Which those were."""
    gone = surplus(_by_age(directory), used, kept)
    for release in gone:
        remove(directory, release)
    return gone


def sweep(directory: Path) -> None:
    """Remove what is half done while nobody prepares anything."""
    for place in directory.iterdir():
        if place.is_dir() and not is_complete(directory, place.name):
            remove(directory, place.name)


def surplus(newest_first: Collection[str], used: Collection[str], kept: int) -> list[str]:
    """Those in use count among the latest, too, but never go."""
    return [release for release in list(newest_first)[kept:] if release not in used]


def remove(directory: Path, release: str) -> None:
    """The marker first: what is half removed is no release."""
    _marker(directory, release).unlink(missing_ok=True)
    place = directory / release
    if place.is_dir():
        for folder in _directories(place):
            os.chmod(folder, 0o700)  # noqa: PTH101 - a text: a release may hold 100,000 files
        shutil.rmtree(place, ignore_errors=True)


def _by_age(directory: Path) -> list[str]:
    markers = {path: path.stat().st_mtime for path in directory.glob('*.json')}
    return [path.stem for path in sorted(markers, key=lambda path: markers[path], reverse=True)]


def _marker(directory: Path, release: str) -> Path:
    return directory / f'{release}.json'


def _clear(place: Path) -> None:
    """What an owner that was killed has left half done goes."""
    remove(place.parent, place.name)
    try:
        place.mkdir(parents=True)
    except OSError as error:
        message = f'cannot make {place}: {error.strerror}'
        raise Trouble(message, 'Make room, or give the store another place', again=True) from error


def _finish(place: Path, marker: Path, said: str) -> None:
    _protect(place)
    _flush(place)
    record.write_whole(marker, said)


def _protect(place: Path) -> None:
    for folder, _, files in os.walk(place):
        for entry in files:
            path = f'{folder}/{entry}'
            status = os.lstat(path)
            if status.st_mode & 0o170000 == 0o100000:  # not through links, which may lead out of it
                os.chmod(path, status.st_mode & 0o7555)  # noqa: PTH101
    for folder in _directories(place):
        os.chmod(folder, os.stat(folder).st_mode & 0o7555)  # noqa: PTH101, PTH116


def _directories(place: Path) -> Iterator[str]:
    """From the top, each before what is in it is listed."""
    yield str(place)
    for folder, folders, _ in os.walk(place):
        for entry in folders:
            path = f'{folder}/{entry}'
            if not os.path.islink(path):  # noqa: PTH114
                yield path


def _flush(place: Path) -> None:
    """To the disk with all of it: one call for the file system, rather than one for each file."""
    opened = os.open(place, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(opened):
            raise Trouble(f'cannot write {place}: {os.strerror(ctypes.get_errno())}', again=True)
    finally:
        os.close(opened)
