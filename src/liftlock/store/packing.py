"""Zip archives of artifacts, written: from files, from what was sent, from other archives."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

from liftlock.errors import UserError
from liftlock.store.archive import CHUNK, index, opened

LARGE: Final = 4 * 1024 * 1024  # bytes; what is smaller is compressed in no time
SAMPLES: Final = 16
SAMPLE: Final = 32 * 1024  # bytes
WORTH_IT: Final = 0.97

Opening = Callable[[Path], IO[bytes]]


def open_plainly(file: Path) -> IO[bytes]:
    return file.open('rb')


def pack(
    files: Sequence[tuple[str, Path]],
    target: Path,
    compression: int,
    opening: Opening = open_plainly,
) -> None:
    """Write (path in the archive, file) pairs; 0 stores them as they are. Links are followed.

    What is large and would hardly become smaller is stored: to try takes half a minute a gigabyte.
    """
    from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

    with ZipFile(target, 'w') as archive:
        for name, file in files:
            with opening(file) as source:
                # of what is open: the name may stand for something else by now
                here = f'/proc/self/fd/{source.fileno()}'
                info = ZipInfo.from_file(here, name, strict_timestamps=False)
                deflated = compression and _shrinks(source.fileno(), info.file_size)
                info.compress_type = ZIP_DEFLATED if deflated else ZIP_STORED
                # zipfile takes the level from the entry, not the archive, when an entry is given
                info._compresslevel = compression or None  # type: ignore[attr-defined]
                with archive.open(info, 'w') as sink:
                    while chunk := source.read(CHUNK):
                        sink.write(chunk)


def _shrinks(file: int, size: int) -> bool:
    """Whether compressing is worth it, going by samples from all over the file."""
    if size < LARGE:
        return True
    import zlib

    places = range(0, size, size // SAMPLES)
    taken = b''.join(os.pread(file, SAMPLE, place) for place in places)
    return len(zlib.compress(taken, 1)) < len(taken) * WORTH_IT


def pack_sent(files: Sequence[tuple[str, Path, int, bool]], target: Path, compression: int) -> None:
    """Write (path in the archive, file, bytes in it, whether it is gzipped).

    UserError where a file unpacks to something else than was said.
    """
    from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

    now = time.localtime()[:6]
    with ZipFile(target, 'w', ZIP_DEFLATED, compresslevel=compression) as archive:
        for name, file, length, gzipped in files:
            info = ZipInfo(name, now)
            info.compress_type = ZIP_DEFLATED
            info.file_size = length
            info._compresslevel = compression  # type: ignore[attr-defined]
            with _sent(file, gzipped) as source, archive.open(info, 'w') as sink:
                left = length
                while chunk := source.read(min(CHUNK, left + 1)):
                    left -= len(chunk)
                    if left < 0:
                        break
                    sink.write(chunk)
            if left:
                raise UserError(f'"{name}" is not of the length that was announced')


@contextmanager
def _sent(file: Path, gzipped: bool) -> Iterator[IO[bytes]]:
    if not gzipped:
        with file.open('rb') as plain:
            yield plain
        return
    import gzip
    import zlib

    try:
        with gzip.open(file) as unpacked:
            yield cast(IO[bytes], unpacked)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserError(f'a file has arrived damaged: {error}') from None


def join(parts: Sequence[Path], target: Path) -> None:
    """One archive of several; where names are the same, the last one counts. UserError."""
    from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

    with ZipFile(target, 'w', ZIP_DEFLATED, compresslevel=1) as joined:
        left = {entry.name: part for part in parts for entry in index(part)}
        for part in parts:
            with opened(part) as archive:
                for name in [name for name, owner in left.items() if owner is part]:
                    info = ZipInfo(name, archive.getinfo(name).date_time)
                    info.compress_type = ZIP_DEFLATED
                    info.file_size = archive.getinfo(
                        name
                    ).file_size  # beyond 4 GiB needs to be said
                    with archive.open(name) as source, joined.open(info, 'w') as sink:
                        while chunk := source.read(CHUNK):
                            sink.write(chunk)
