"""The logs of instances: files that applications write to by themselves, so that these go on
whoever of us dies.

A file is called after revision, number and start: `r12-1-1764532800123.log`. Applications hold it
open for appending. When it has become too large, its content is copied to `<name>.1` (the one
before it goes) and it is cut to nothing; whoever appends goes on at the new end. Lines that are
written between the copy and the cut are lost: the price of not being a pipe.
"""

import re
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Final

from liftlock.language.records import NamedTuple

KEPT: Final = 40  # logs of instances that have ended
_NAME: Final = re.compile(r'(?P<id>(?P<revision>.+)-\d+)-(?P<start>\d{10,})\.log')
_TIME: Final = re.compile(r'\W?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d+))?')
_TAIL: Final = 8192

UNSEEN: Final = 'ended while nobody watched'


class Log(NamedTuple):
    """`start` is in milliseconds since 1970."""

    path: Path
    id: str
    revision: str
    start: int


def name(instance: str, now: float) -> str:
    return f'{instance}-{int(now * 1000)}.log'


def parse(path: Path) -> Log | None:
    found = _NAME.fullmatch(path.name)
    return found and Log(path, found['id'], found['revision'], int(found['start']))


def find(directory: Path, revision: str = '') -> list[Log]:
    """In the order of their starts; of all revisions where none is named."""
    logs = filter(None, map(parse, directory.glob('*.log')))
    wanted = [log for log in logs if revision in ('', log.revision)]
    return sorted(wanted, key=lambda log: (log.start, log.id))


def older(path: Path) -> Path:
    return path.with_name(f'{path.name}.1')


def time_of(line: str) -> str:
    """`2026-08-01T12:00:00.123000`, which sorts by time; '' if the line does not begin with one."""
    found = _TIME.match(line)
    return f'{found[1]}T{found[2]}.{(found[3] or "").ljust(6, "0")[:6]}' if found else ''


def said(instance: str, line: str) -> str:
    return f'{instance} | {line}'


def last(path: Path) -> str:
    """The last line that says something, of what an instance wrote before it died."""
    try:
        with path.open('rb') as file:
            file.seek(max(0, path.stat().st_size - _TAIL))
            text = file.read().decode('utf-8', 'replace')
    except OSError:
        return ''
    spoken = [line.strip() for line in text.splitlines() if line.strip()]
    return spoken[-1] if spoken else ''


def last_words(how: str, path: Path) -> str:
    """How it ended, and what it said last."""
    said = last(path)
    return f'{how}: {said}' if said else how


def shorten(path: Path, largest: int) -> bool:
    """Copy and cut it if it has become too large."""
    if not path.exists() or path.stat().st_size <= largest:
        return False
    shutil.copyfile(path, older(path))
    with path.open('r+b') as file:
        file.truncate(0)
    return True


def prune(directory: Path, current: Collection[str], kept: int = KEPT) -> None:
    """Remove logs of instances that have ended, but for the latest."""
    ended = [log for log in find(directory) if log.path.name not in current]
    for log in ended[: max(0, len(ended) - kept)]:
        log.path.unlink(missing_ok=True)
        older(log.path).unlink(missing_ok=True)
