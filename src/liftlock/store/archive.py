"""Zip archives of artifacts, read by somebody who trusts nothing.

Refused when unpacking: absolute names and `..`, anything that is not a plain file or directory,
names that come twice, places that a link leads out of, encryption, and archives that would fill
the disk, hold more files than anybody counts, or grow by more than any honest one does (zip bombs).
"""

import os
import stat
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

SMALL: Final = 256 * 1024 * 1024  # bytes; below this no ratio is suspicious
RATIO: Final = 200
MOST: Final = 1_000_000  # files; zipfile holds all their names in memory
CHUNK: Final = 1024 * 1024
STORED: Final = 0
DEFLATED: Final = 8

_END: Final = b'PK\5\6'  # of the central directory; 22 bytes and a comment
_LOCATOR: Final = b'PK\6\7'  # 20 bytes before it: says where the end of a large archive is
_END_64: Final = b'PK\6\6'
_TAIL: Final = 20 + 22 + 0xFFFF
_LONGEST_ENTRY: Final = 512  # bytes of the central directory, on average


class Entry(NamedTuple):
    """A file in an archive: `packed` bytes lie at `start`, deflated or stored as `method` says."""

    name: str
    size: int
    packed: int
    crc: int
    method: int
    start: int


def index(archive: Path) -> list[Entry]:
    """Its files, and where their bytes are. UserError for what is refused."""
    with opened(archive) as zipped, archive.open('rb') as raw:
        entries = [entry for entry in zipped.infolist() if not entry.is_dir()]
        for entry in entries:
            _refuse_name(entry)
        return [
            Entry(
                entry.filename,
                entry.file_size,
                entry.compress_size,
                entry.CRC,
                entry.compress_type,
                _start(raw.fileno(), entry.header_offset),
            )
            for entry in entries
        ]


def _start(raw: int, header: int) -> int:
    """Behind the header of an entry, whose name and extras may be longer than in the directory."""
    found = os.pread(raw, 30, header)
    if len(found) < 30 or found[:4] != b'PK\3\4':
        raise UserError('the artifact is damaged: a file is not where it should be')
    name, extra = struct.unpack_from('<HH', found, 26)
    return header + 30 + int(name) + int(extra)


def count(archive: Path) -> int:
    """How many entries it says it has, without reading them. UserError if it is no archive, or
    holds more than anybody counts."""
    with archive.open('rb') as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL))
        tail = file.read()
        at = tail.rfind(_END)
        if at < 0 or len(tail) < at + 22:
            raise UserError('the artifact is damaged: it is no zip archive')
        entries, directory = struct.unpack_from('<HI', tail, at + 10)
        if tail[max(0, at - 20) : at].startswith(_LOCATOR):  # more than fits into these numbers
            (place,) = struct.unpack_from('<Q', tail, at - 12)
            large = os.pread(file.fileno(), 56, min(place, size))
            if large[:4] != _END_64 or len(large) < 56:
                raise UserError('the artifact is damaged: its directory is not where it should be')
            entries, directory = struct.unpack_from('<QQ', large, 32)
    if entries > MOST or directory > MOST * _LONGEST_ENTRY:
        raise UserError(f'the artifact is refused: it holds {entries:,} files')
    return int(entries)


def unpack(archive: Path, directory: Path) -> int:
    """Unpack into the directory; return the number of files. UserError for what is refused."""
    with opened(archive) as zipped:
        entries = zipped.infolist()
        _refuse_bombs(archive, entries, directory)
        for entry in entries:
            _refuse_name(entry)
        _refuse_twice(entries)
        safe: set[Path] = set()
        for entry in entries:
            _write(zipped, entry, directory / entry.filename, safe, directory)
    return sum(not entry.is_dir() for entry in entries)


@contextmanager
def opened(archive: Path) -> 'Iterator[ZipFile]':
    import zlib
    from zipfile import BadZipFile, ZipFile

    count(archive)
    try:
        with ZipFile(archive) as opened:
            yield opened
    except (BadZipFile, EOFError, zlib.error, struct.error) as error:
        raise UserError(f'the artifact is damaged: {error}') from None


def _refuse_bombs(archive: Path, entries: 'Sequence[ZipInfo]', directory: Path) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = archive.stat().st_size  # what entries say of themselves may be counted twice
    if unpacked > SMALL and unpacked > packed * RATIO:
        raise UserError(
            f'the artifact is refused: {packed:,} bytes would unpack to {unpacked:,}, '
            'which no honest archive does'
        )
    directory.mkdir(parents=True, exist_ok=True)
    space = os.statvfs(directory)
    free = space.f_bavail * space.f_frsize
    if unpacked > free:
        raise UserError(
            f'the artifact needs {unpacked:,} bytes unpacked, but only {free:,} are free'
        )


def _refuse_name(entry: 'ZipInfo') -> None:
    name = entry.filename
    path = PurePosixPath(name)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if path.is_absolute() or '..' in path.parts or '\\' in name or '\0' in name or not path.parts:
        raise UserError(f'the artifact is refused: "{name}" leads out of its directory')
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UserError(f'the artifact is refused: "{name}" is neither a file nor a directory')
    if entry.flag_bits & 1:
        raise UserError(f'the artifact is refused: "{name}" is encrypted')
    if entry.compress_type not in (STORED, DEFLATED):
        raise UserError(f'the artifact is refused: "{name}" is compressed in a way unknown here')


def _refuse_twice(entries: 'Sequence[ZipInfo]') -> None:
    """Of two files with one name, one tool takes the first and another the last."""
    seen: set[PurePosixPath] = set()
    for entry in entries:
        if entry.is_dir():
            continue
        path = PurePosixPath(entry.filename)
        if path in seen:
            raise UserError(f'the artifact is refused: it holds "{entry.filename}" twice')
        seen.add(path)


def _write(
    archive: 'ZipFile', entry: 'ZipInfo', target: Path, safe: set[Path], directory: Path
) -> None:
    folder = target if entry.is_dir() else target.parent
    try:
        if folder not in safe:
            folder.mkdir(parents=True, exist_ok=True)
            if not folder.resolve().is_relative_to(directory.resolve()):
                raise UserError(f'the artifact is refused: a link leads "{entry.filename}" outside')
            safe.add(folder)
        if entry.is_dir():
            return
        target.unlink(missing_ok=True)  # never write through a link that lies there
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise UserError(
            f'"{entry.filename}" of the artifact cannot be written: {error.filename} is in its way'
        ) from None
    with archive.open(entry) as source, target.open('xb') as sink:
        while chunk := source.read(CHUNK):
            sink.write(chunk)
