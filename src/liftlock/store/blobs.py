"""Files named by the SHA-256 of what is in them, so that equal ones are kept once."""

import os
from pathlib import Path


def scratch(directory: Path) -> Path:
    """A fresh file name in the store, on the same file system as the blobs."""
    folder = directory / 'blobs' / 'new'
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f'{os.getpid()}-{os.urandom(8).hex()}'


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
