"""A store in one file, whichever database it is on; and a store made of such a file.

A tar archive, in this order:

    liftlock-backup.json      what it is: version, schema, when, the last numbers of rows
    tables/<name>.gz          JSON lines: the columns, then the rows, all of one moment
    files/<folder>/…          logs, blobs and snapshots of sources
    complete                  an archive without it was cut off

Files are read after the tables: so all are there that the tables speak of. Keys are not among them,
nor what runs on this machine. Nothing here is SQLite's or PostgreSQL's own, so a store moves from
one to the other by a backup.
"""

import base64
import contextlib
import gzip
import io
import json
import os
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final

from liftlock import VERSION
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.store import blobs, schema
from liftlock.store.database import Store

HEAD: Final = 'liftlock-backup.json'
END: Final = 'complete'
FORMAT: Final = 1
FOLDERS: Final = ('logs', 'blobs', 'sources')
# Processes, none of which lives when it is read again; what is good for minutes only.
LEFT_OUT: Final = frozenset({'owners', 'failures', 'links'})
UNFINISHED: Final = 'blobs/new'


class Told(NamedTuple):
    """What is in a backup; `bytes` is its size."""

    version: str
    schema: int
    created: float
    rows: int
    files: int
    bytes: int


def write(store: Store, sink: IO[bytes], *, database_only: bool = False) -> Told:
    """UserError where something cannot be read; OSError where it cannot be written."""
    now = time.time()
    rows = files = 0
    with tarfile.open(fileobj=sink, mode='w|', format=tarfile.PAX_FORMAT) as archive:
        with store.engine.frozen() as select:
            head = _head(store, now)
            _add(archive, HEAD, json.dumps(head, indent=2).encode())
            for table, columns in store.engine.tables().items():
                if table not in LEFT_OUT:
                    with tempfile.TemporaryFile(dir=store.directory) as room:
                        rows += _dump(room, columns, select(_query(table, columns)))
                        _add_open(archive, f'tables/{table}.gz', room)
        if not database_only:
            for name, file in found(store):
                files += _add_file(archive, f'files/{name}', file)
        _add(archive, END, b'')
    return Told(VERSION, len(schema.MIGRATIONS), now, rows, files, 0)


def found(store: Store) -> Iterator[tuple[str, Path]]:
    """(name, file) of what lies in the store's directory and is worth keeping; copies of what a
    bucket has are not. Empty folders are: git wants its own to be there. UserError."""
    bucket = blobs.bucket_of(store.directory)
    elsewhere = {digest for digest, _ in blobs.there(bucket)} if bucket is not None else set()
    for folder in FOLDERS:
        for file in sorted((store.directory / folder).rglob('*')):
            name = str(file.relative_to(store.directory))
            if name.startswith(UNFINISHED) or file.is_symlink():
                continue
            if folder == 'blobs' and file.parent.name + file.name in elsewhere:
                continue
            if file.is_file() or (file.is_dir() and not any(file.iterdir())):
                yield name, file


def _head(store: Store, now: float) -> Mapping[str, Any]:
    return {
        'format': FORMAT,
        'version': VERSION,
        'schema': len(schema.MIGRATIONS),
        'created': now,
        'database': 'postgresql' if store.database else 'sqlite',
        'bucket': store.bucket,
        'counters': store.engine.counters(),
    }


def _query(table: str, columns: Sequence[str]) -> str:
    named = ', '.join(f'"{column}"' for column in columns)
    return f'SELECT {named} FROM "{table}"'  # noqa: S608 - the database's own names


def _dump(room: IO[bytes], columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> int:
    count = 0
    with gzip.GzipFile(fileobj=room, mode='wb', compresslevel=3, mtime=0) as packed:
        packed.write(json.dumps(columns).encode() + b'\n')
        for row in rows:
            line = json.dumps([_plain(value) for value in row], ensure_ascii=False)
            packed.write(line.encode('utf-8', 'surrogatepass') + b'\n')
            count += 1
    return count


def _plain(value: Any) -> Any:
    return {'base64': base64.b64encode(value).decode()} if isinstance(value, bytes) else value


# --- members


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    archive.addfile(_member(name, len(content)), io.BytesIO(content))


def _add_open(archive: tarfile.TarFile, name: str, room: IO[bytes]) -> None:
    size = room.seek(0, os.SEEK_END)
    room.seek(0)
    archive.addfile(_member(name, size), room)


def _add_file(archive: tarfile.TarFile, name: str, file: Path) -> int:
    """1 if it is there still. It may grow meanwhile: what came later is left out."""
    if file.is_dir():
        member = _member(name, 0)
        member.type = tarfile.DIRTYPE
        archive.addfile(member)
        return 0
    with contextlib.suppress(FileNotFoundError), file.open('rb') as opened:
        there = os.fstat(opened.fileno())
        member = _member(name, there.st_size)
        member.mtime, member.mode = there.st_mtime, there.st_mode & 0o700
        archive.addfile(member, opened)
        return 1
    return 0


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, time.time()
    return member


def refuse_format(head: Any) -> None:
    """UserError for what this version cannot read."""
    if not isinstance(head, dict) or head.get('format') != FORMAT:
        raise UserError('the backup has a form that this Liftlock does not know', 'upgrade it')
    if head['schema'] > len(schema.MIGRATIONS):
        raise schema.newer(head['schema'])
