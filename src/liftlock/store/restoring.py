"""A store made of a backup: into an empty one, wholly or not at all.

First everything is unpacked beside its place and looked at; then the rows are written in one
transaction, and the folders are moved in before it ends.
"""

import gzip
import json
import os
import shutil
import tarfile
import tempfile
import zlib
from base64 import b64decode
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from liftlock.errors import UserError
from liftlock.store import backup, blobs
from liftlock.store.backup import Told
from liftlock.store.database import Store
from liftlock.store.sql import Sql

BATCH: Final = 1000  # rows


def read(store: Store, source: IO[bytes]) -> Told:
    """UserError if the store is not empty, or the backup is not whole."""
    refuse_used(store)
    with tempfile.TemporaryDirectory(dir=store.directory, prefix='restoring-') as name:
        room = Path(name)
        try:
            _unpack(source, room)
        except (tarfile.TarError, EOFError, zlib.error) as error:
            raise UserError(f'the backup is damaged: {error}') from None
        if not (room / backup.END).exists():
            raise UserError('the backup is not whole: its end is missing', 'take another one')
        head = json.loads((room / backup.HEAD).read_text())
        backup.refuse_format(head)
        files = _prove(room / 'files')
        with store.transaction(durable=True) as sql:
            rows = _write_tables(store, sql, room / 'tables')
            store.engine.count_on(sql, head['counters'])
            _move(room / 'files', store.directory)
    return Told(head['version'], head['schema'], head['created'], rows, files, 0)


def refuse_used(store: Store) -> None:
    """UserError where something is."""
    for table in store.engine.tables():
        with store.reading() as sql:
            if sql.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone():  # noqa: S608
                raise _used(store, f'its table {table} has rows')
    for _, file in backup.found(store):  # an empty folder is something, too
        raise _used(store, f'{file} is there')


def _used(store: Store, why: str) -> UserError:
    return UserError(
        f'the store in {store.directory} is not empty: {why}',
        'restore into an empty directory, and an empty database',
    )


# --- unpacked, and looked at


def _unpack(source: IO[bytes], room: Path) -> None:
    with tarfile.open(fileobj=source, mode='r|') as archive:
        for member in archive:
            place = _place(member, room)
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if member.isdir():
                place.mkdir(mode=0o700, exist_ok=True)
                continue
            content = archive.extractfile(member)
            assert content is not None
            with content, place.open('xb') as sink:
                shutil.copyfileobj(content, sink)
            place.chmod(member.mode & 0o700 | 0o400)
            os.utime(place, (member.mtime, member.mtime))


def _place(member: tarfile.TarInfo, room: Path) -> Path:
    """Where it goes. A backup may have gone through others' hands: nothing leads out of here."""
    parts = PurePosixPath(member.name).parts
    known = member.name in (backup.HEAD, backup.END) or (
        (parts[0] == 'tables' and len(parts) == 2)
        or (parts[0] == 'files' and len(parts) > 2 and parts[1] in backup.FOLDERS)
    )
    if not (member.isreg() or member.isdir()) or not known or '..' in parts:
        raise UserError(f'this is no backup of a store: it holds "{member.name}"')
    return room / member.name


def _prove(files: Path) -> int:
    """The number of files. UserError for a blob that is not what it was."""
    count = 0
    for file in files.rglob('*'):
        if not file.is_file():
            continue
        count += 1
        folder, *rest = file.relative_to(files).parts
        if folder == 'blobs' and blobs.digest(file) != ''.join(rest):
            raise UserError(f'the backup is damaged: the blob {"".join(rest)} is another one')
    return count


# --- written


def _write_tables(store: Store, sql: Sql, tables: Path) -> int:
    known, count = store.engine.tables(), 0
    for file in sorted(tables.glob('*.gz')):
        table = file.stem
        if table not in known:
            raise UserError(f'the backup has a table {table}, which this Liftlock does not know')
        with gzip.open(file, 'rt', encoding='utf-8') as lines:
            columns = json.loads(next(lines))
            if not set(columns) <= set(known[table]):
                raise UserError(f'the backup has other columns in its table {table}')
            count += _insert(sql, table, columns, map(_row, lines))
    return count


def _insert(sql: Sql, table: str, columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> int:
    named = ', '.join(f'"{column}"' for column in columns)
    marks = ', '.join('?' * len(columns))
    text = f'INSERT INTO "{table}" ({named}) VALUES ({marks})'  # noqa: S608 - known names
    count = 0
    while batch := list(islice(rows, BATCH)):
        sql.executemany(text, batch)
        count += len(batch)
    return count


def _row(line: str) -> list[Any]:
    return [
        b64decode(value['base64']) if isinstance(value, dict) else value
        for value in json.loads(line)
    ]


def _move(files: Path, directory: Path) -> None:
    for folder in backup.FOLDERS:
        if (files / folder).is_dir():
            target = directory / folder
            shutil.rmtree(target, ignore_errors=True)  # empty, or unfinished
            (files / folder).rename(target)
