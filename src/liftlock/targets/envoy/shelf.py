"""The router's own files: what is known of each environment, and who holds the router."""

import fcntl
import json
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Final

from liftlock.rollout.trouble import Trouble
from liftlock.targets.envoy import entry, files
from liftlock.targets.envoy.entry import Entry

ROOMS: Final = ('parts', 'endpoints', 'routes', 'access')


def hold(directory: Path) -> IO[str]:
    """For one process at a time, and for as long as the file is open. It ends with its holder."""
    for room in ROOMS:
        (directory / room).mkdir(mode=0o700, parents=True, exist_ok=True)
    file = (directory / 'lock').open('w')
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise Trouble('another process holds the router', again=True) from None
    return file


def load(directory: Path) -> dict[str, Entry]:
    return {one.part.environment: one for one in _entries(directory)}


def _entries(directory: Path) -> Iterable[Entry]:
    for path in sorted((directory / 'parts').glob('[!.]*.json')):
        found = files.document(path)
        if found:
            yield entry.of(found)


def save(directory: Path, environment: str, one: Entry | None) -> None:
    path = directory / 'parts' / f'{environment}.json'
    if one is None:
        files.remove(path)
        return
    text = json.dumps(entry.document(one))
    if files.read(path) != text:
        files.write(path, text)
