"""Files named by the SHA-256 of what is in them, so that equal ones are kept once.

blobs/<xx>/<rest>            one of them
blobs/new/<process>/…        what a process has not finished writing; `<process>.lock` beside
                             it is locked as long as the process lives, however it ends
"""

import fcntl
import os
from pathlib import Path
from typing import Final

# Folders of this process and their locks, by store and pid.
_ours: Final[dict[tuple[Path, int], tuple[Path, int]]] = {}


def scratch(directory: Path) -> Path:
    """A fresh file name in the store, on the same file system as the blobs."""
    key = directory, os.getpid()
    folder, _ = _ours.get(key) or _ours.setdefault(key, _claim(directory))
    return folder / os.urandom(8).hex()


def _claim(directory: Path) -> tuple[Path, int]:
    """A folder for this process alone. Its lock is held until it is released or the process ends.

    The lock gets its name when it is held: until then nobody takes it for a dead one.
    """
    new = directory / 'blobs' / 'new'
    new.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = new / f'{os.getpid()}-{os.urandom(8).hex()}'
    folder.mkdir(mode=0o700)
    draft = folder.with_suffix('.draft')
    lock = os.open(draft, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    draft.rename(folder.with_suffix('.lock'))
    return folder, lock


def release(directory: Path) -> None:
    """Give the folder of this process up, unless somebody in it is still writing."""
    key = directory, os.getpid()
    folder, lock = _ours.get(key, (None, -1))
    if folder is None:
        return
    try:
        folder.rmdir()
    except OSError:
        return
    del _ours[key]
    folder.with_suffix('.lock').unlink(missing_ok=True)
    os.close(lock)


def forget_unfinished(directory: Path) -> None:
    """Remove what processes were writing that have ended. `directory` is the store's."""
    for lock in (directory / 'blobs' / 'new').glob('*.lock'):
        try:
            held = os.open(lock, os.O_RDWR)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            import shutil

            shutil.rmtree(lock.with_suffix(''), ignore_errors=True)
            lock.unlink(missing_ok=True)
        finally:
            os.close(held)


def path(directory: Path, digest: str) -> Path:
    return directory / 'blobs' / digest[:2] / digest[2:]


def digest(file: Path) -> str:
    import hashlib

    with file.open('rb') as stream:
        return hashlib.file_digest(stream, 'sha256').hexdigest()


def adopt(directory: Path, file: Path, name: str) -> None:
    """Move a scratch file to its place. To be called inside the transaction that refers to it,
    or a pruning process might take it away in between."""
    place = path(directory, name)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.rename(place)
