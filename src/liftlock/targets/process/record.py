"""What is kept of an instance on disk, so that whoever comes after us finds it again.

A record is written before the process is started (then it says no pid), and again once it is
known who it is. Between the two the process can be found by its mark, which is in its environment
from its first instruction on.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from liftlock.language.records import NamedTuple


class Record(NamedTuple):
    """`since` and `ended` are seconds since 1970, 0.0 while that has not happened. `failures`
    counts deaths soon after the start, one after the other; `restarts` all of them."""

    id: str  # r12-1
    revision: str
    release: str
    command: str
    mark: str = ''
    port: int = 0
    log: str = ''
    boot: str = ''
    pid: int = 0
    born: int = 0
    since: float = 0.0
    ended: float = 0.0
    restarts: int = 0
    failures: int = 0
    message: str = ''
    stopping: bool = False

    @property
    def number(self) -> int:
        return int(self.id.rpartition('-')[2])


def read_all(directory: Path) -> list[Record]:
    return sorted(_read(directory), key=lambda record: (record.revision, record.number))


def _read(directory: Path) -> Iterator[Record]:
    for path in directory.glob('*.json'):
        with suppress(FileNotFoundError):  # it may go while others look
            known = json.loads(path.read_text())
            yield Record(**{name: known[name] for name in Record._fields if name in known})


def write(directory: Path, record: Record) -> None:
    write_whole(directory / f'{record.id}.json', json.dumps(record._asdict()))


def remove(directory: Path, record: Record) -> None:
    (directory / f'{record.id}.json').unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """All of it or nothing, also if the machine is switched off."""
    scratch = path.with_name(f'.{path.name}.new')
    with scratch.open('w') as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    scratch.rename(path)
    sync_directory(path.parent)


def remove_unfinished(directory: Path) -> None:
    """What `write_whole` was writing when its process was killed."""
    for scratch in directory.glob('.*.new'):
        scratch.unlink(missing_ok=True)


def sync_directory(directory: Path) -> None:
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
