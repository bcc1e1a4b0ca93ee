"""Files named by the SHA-256 of what is in them, so that equal ones are kept once.

blobs/<xx>/<rest>            one of them
blobs/new/<process>/…        what a process has not finished writing; `<process>.lock` beside
                             it is locked as long as the process lives, however it ends

Where a bucket is named (`keep_in`), that has them, and what lies here are copies, which anybody may
remove who has seen that the bucket has them: what was written before there was one is put into it
later (`sweep`). A new file is in the bucket before anything refers to it; what nobody refers to
stays there for `SAFE` seconds, because somebody may be about to.
"""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from liftlock.errors import UserError

if TYPE_CHECKING:
    from liftlock.store.bucket import Bucket

SAFE: Final = 86400.0  # seconds
KEPT: Final = 7 * 86400.0  # seconds that a copy stays which nobody asked for
ABANDONED: Final = 2 * 86400.0  # seconds after which another machine's unfinished files go

# Folders of this process and their locks, by store and pid.
_ours: Final[dict[tuple[Path, int], tuple[Path, int]]] = {}
# The buckets of stores.
_buckets: Final[dict[Path, 'Bucket']] = {}


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
    folder = new / f'{_host()}-{os.getpid()}-{os.urandom(8).hex()}'
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
    """Remove what processes were writing that have ended. `directory` is the store's.

    Machines may share it by a file system that does not show their locks to one another: so another
    machine's files go when they are old.
    """
    for lock in (directory / 'blobs' / 'new').glob('*.lock'):
        if not lock.name.startswith(f'{_host()}-') and not _is_old(lock.with_suffix('')):
            continue
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


def _host() -> str:
    return socket.gethostname().replace('/', '_')


def _is_old(folder: Path) -> bool:
    try:
        return time.time() - folder.stat().st_mtime > ABANDONED
    except FileNotFoundError:
        return True


def place(directory: Path, digest: str) -> Path:
    """Where it would be here."""
    return directory / 'blobs' / digest[:2] / digest[2:]


def path(directory: Path, digest: str) -> Path:
    """Where it is, fetched from the bucket if need be; nothing is there if nobody has it.
    UserError where the bucket cannot be used."""
    found = place(directory, digest)
    bucket = _buckets.get(directory)
    if bucket is None:
        return found
    try:
        os.utime(found)
    except FileNotFoundError:
        _fetch(bucket, directory, digest)
    return found


def here(directory: Path) -> Iterator[tuple[str, Path]]:
    """(digest, file) of those that lie in the directory."""
    for file in (directory / 'blobs').glob('[0-9a-f][0-9a-f]/*'):
        yield file.parent.name + file.name, file


def digest(file: Path) -> str:
    import hashlib

    with file.open('rb') as stream:
        return hashlib.file_digest(stream, 'sha256').hexdigest()


def adopt(directory: Path, file: Path, name: str) -> None:
    """Move a scratch file to its place. To be called inside the transaction that refers to it,
    or a pruning process might take it away in between."""
    new = place(directory, name)
    new.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.rename(new)


# --- in a bucket


def keep_in(directory: Path, url: str) -> None:
    """UserError for what is no bucket."""
    from liftlock.store.bucket import Bucket

    if directory not in _buckets or _buckets[directory].url != url:
        _buckets[directory] = Bucket(url)


def bucket_of(directory: Path) -> 'Bucket | None':
    return _buckets.get(directory)


def publish(directory: Path, file: Path, digest: str) -> None:
    """See to it that everybody has it. To be called before the transaction that refers to it: it
    may take long. UserError."""
    bucket = _buckets.get(directory)
    # What lies there unreferenced may be about to go: so an old one is written again.
    if bucket is not None and bucket.written(key(digest)) < time.time() - SAFE / 2:
        bucket.put(file, key(digest))


def there(bucket: 'Bucket') -> Iterator[tuple[str, float]]:
    """(digest, when it was written) of those that lie in the bucket. UserError."""
    for key, written in bucket.listed('blobs'):
        yield key.removeprefix('blobs/').replace('/', ''), written


def key(digest: str) -> str:
    """Of the object in the bucket."""
    return f'blobs/{digest[:2]}/{digest[2:]}'


def _fetch(bucket: 'Bucket', directory: Path, name: str) -> None:
    new = scratch(directory)
    try:
        if not bucket.get(key(name), new):
            return
        if digest(new) != name:
            raise UserError(f'{bucket.url}/{key(name)} is not what was written there')
        adopt(directory, new, name)
    finally:
        new.unlink(missing_ok=True)
