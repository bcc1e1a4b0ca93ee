"""Zip archives of artifacts: packed from files, and unpacked by somebody who trusts nothing.

Refused when unpacking: absolute names and `..`, anything that is not a plain file or directory,
places that a link leads out of, and archives that would fill the disk or grow by more than any
honest one does (zip bombs).
"""

import os
import stat
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from liftlock.errors import UserError

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

SMALL: Final = 256 * 1024 * 1024  # bytes; below this no ratio is suspicious
RATIO: Final = 200
CHUNK: Final = 1024 * 1024


def pack(files: Sequence[tuple[str, Path]], target: Path, compression: int) -> None:
    """Write (path in the archive, file) pairs; 0 stores them as they are. Links are followed."""
    from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

    method = ZIP_DEFLATED if compression else ZIP_STORED
    with ZipFile(target, 'w', method, compresslevel=compression or None) as archive:
        for name, file in files:
            info = ZipInfo.from_file(file, name, strict_timestamps=False)
            info.compress_type = method
            # zipfile takes the level from the entry, not the archive, when an entry is given
            info._compresslevel = compression or None  # type: ignore[attr-defined]
            with file.open('rb') as source, archive.open(info, 'w') as sink:
                while chunk := source.read(CHUNK):
                    sink.write(chunk)


def unpack(archive: Path, directory: Path) -> int:
    """Unpack into the directory; return the number of files. UserError for what is refused."""
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(archive) as opened:
            entries = opened.infolist()
            _refuse_bombs(opened, directory)
            targets = [(entry, _target(entry, directory)) for entry in entries]
            safe: set[Path] = set()
            for entry, target in targets:
                _write(opened, entry, target, safe, directory)
    except BadZipFile as error:
        raise UserError(f'the artifact is damaged: {error}') from None
    return sum(not entry.is_dir() for entry in entries)


def _refuse_bombs(archive: 'ZipFile', directory: Path) -> None:
    unpacked = sum(entry.file_size for entry in archive.infolist())
    packed = sum(entry.compress_size for entry in archive.infolist())
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


def _target(entry: 'ZipInfo', directory: Path) -> Path:
    name = entry.filename
    path = PurePosixPath(name)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if path.is_absolute() or '..' in path.parts or '\\' in name or '\0' in name or not path.parts:
        raise UserError(f'the artifact is refused: "{name}" leads out of its directory')
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UserError(f'the artifact is refused: "{name}" is neither a file nor a directory')
    return directory / path


def _write(
    archive: 'ZipFile', entry: 'ZipInfo', target: Path, safe: set[Path], directory: Path
) -> None:
    folder = target if entry.is_dir() else target.parent
    if folder not in safe:
        folder.mkdir(parents=True, exist_ok=True)
        if not folder.resolve().is_relative_to(directory.resolve()):
            raise UserError(f'the artifact is refused: a link leads "{entry.filename}" outside')
        safe.add(folder)
    if entry.is_dir():
        return
    target.unlink(missing_ok=True)  # never write through a link that lies there
    with archive.open(entry) as source, target.open('xb') as sink:
        while chunk := source.read(CHUNK):
            sink.write(chunk)
