"""Logs of runs that ended a while ago, where the store has a bucket: one archive a run.

They are brought back when somebody reads one, and the copies here go again when nobody does. A run
may begin once more and write further logs: what is here and newer is put to the rest.
"""

import os
import tarfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from liftlock.store import blobs

if TYPE_CHECKING:
    from liftlock.store.bucket import Bucket

FOLDER: Final = 'logs'


def bring(directory: Path, run: str) -> None:
    """Fetch what is not here. UserError where the bucket cannot be used."""
    bucket = blobs.bucket_of(directory)
    if bucket is None or not run.isdecimal():
        return
    packed = blobs.scratch(directory)
    try:
        if bucket.get(key(int(run)), packed):
            _unpack(packed, directory / FOLDER / run)
    finally:
        packed.unlink(missing_ok=True)


def put_away(directory: Path, bucket: 'Bucket', run: int, written: float) -> None:
    """To be called for a run that has ended; `written` is when that was done before, or 0.0.
    UserError where the bucket cannot be used."""
    folder = directory / FOLDER / str(run)
    newest = max((file.stat().st_mtime for file in folder.iterdir()), default=0.0)
    if written + 1 < newest:  # a bucket tells whole seconds
        bring(directory, str(run))
        _pack(bucket, folder, run, directory)


def remove_copy(directory: Path, run: int, written: float) -> None:
    """Where the bucket has had it for long enough, and nobody has read it for long."""
    folder = directory / FOLDER / str(run)
    newest = max((file.stat().st_mtime for file in folder.iterdir()), default=0.0)
    if written + 1 >= newest and folder.stat().st_mtime < time.time() - blobs.KEPT:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def kept(bucket: 'Bucket') -> dict[int, float]:
    """The runs whose logs are there, and when they were put there."""
    found = {}
    for key, written in bucket.listed(FOLDER):
        name = key.rpartition('/')[2].removesuffix('.tar')
        if name.isdecimal():
            found[int(name)] = written
    return found


def key(run: int) -> str:
    return f'{FOLDER}/{run}.tar'


def _pack(bucket: 'Bucket', folder: Path, run: int, directory: Path) -> None:
    packed = blobs.scratch(directory)
    try:
        with tarfile.open(packed, 'w') as archive:
            for file in sorted(folder.iterdir()):
                archive.add(file, file.name, recursive=False)
        bucket.put(packed, key(run))
    finally:
        packed.unlink(missing_ok=True)


def _unpack(packed: Path, folder: Path) -> None:
    """What is here already stays: it may be newer."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tarfile.open(packed) as archive:
        for member in archive:
            target = folder / Path(member.name).name
            content = archive.extractfile(member) if member.isreg() else None
            if content is None or target.exists():
                continue
            draft = folder / f'.{target.name}.{os.getpid()}-{threading.get_ident()}'
            with content, draft.open('wb') as sink:
                while chunk := content.read(1 << 20):
                    sink.write(chunk)
            os.utime(draft, (member.mtime, member.mtime))
            draft.rename(target)
    os.utime(folder)
