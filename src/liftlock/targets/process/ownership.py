"""Only one process at a time acts for an environment's instances, and finds those that are there.

The lock is of a file that is open: it ends with its holder, however that ends. A child that is
between its `fork` and its `exec` still holds it, and does not show its mark yet; once we have the
lock, every instance that was ever started shows one.
"""

import asyncio
import fcntl
import os
import time
from pathlib import Path
from typing import Final

from liftlock.rollout.trouble import Trouble
from liftlock.targets.process import backoff, birth, ending, lines, procfs, record, releases
from liftlock.targets.process.ground import Places
from liftlock.targets.process.lines import UNSEEN
from liftlock.targets.process.record import Record

_TRIES: Final = 100
_PAUSE: Final = 0.05  # seconds
_MOMENT: Final = 0.2


async def lock(path: Path) -> int:
    """The descriptor that holds it: close it to let go."""
    path.parent.mkdir(parents=True, exist_ok=True)
    opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    for _ in range(_TRIES):
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(_PAUSE)
        else:
            return opened
    os.close(opened)
    raise Trouble(
        f'another process looks after the instances in {path.parent}',
        '`liftlock status` says who; it lets go when it ends',
        again=True,
    )


def take_over(places: Places) -> list[Record]:
    """The records as they should be. What is nobody's, though it carries our mark, is killed."""
    for directory in (places.records, places.logs, places.releases, places.home):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    records = record.read_all(places.records)
    if any(not kept.pid and not kept.ended for kept in records):
        # A child lets go of the lock at the end of its `exec`, and shows its mark a moment later.
        time.sleep(_MOMENT)
    running = procfs.marked(lambda mark: mark.startswith(places.marks))
    boot, now = procfs.boot(), time.time()
    found = [_settle(kept, boot, running, now) for kept in records]
    known = {kept.mark for kept in found if kept.pid}
    for mark in set(running.values()) - known:
        ending.kill(mark, 0)
    releases.sweep(places.releases)
    for directory in (places.releases, places.records):
        record.remove_unfinished(directory)
    return found


def clear(marks: str) -> None:
    """End whatever carries a mark of this environment."""
    for mark in set(procfs.marked(lambda mark: mark.startswith(marks)).values()):
        ending.kill(mark, 0)


def _settle(kept: Record, boot: str, running: dict[int, str], now: float) -> Record:
    if kept.pid and kept.boot != boot:
        # Processes of another boot are all gone, and their numbers are others' by now.
        return kept._replace(pid=0, born=0, ended=now)
    if kept.pid:
        told = procfs.stat(kept.pid)
        there = (
            told is not None and told.born == kept.born
        )  # a zombie, too: it can tell how it died
        return kept if there else backoff.died(kept, now, lines.last_words(UNSEEN, Path(kept.log)))
    if kept.ended:
        return kept
    for pid, mark in running.items():  # it was about to be started: was it?
        told = procfs.stat(pid) if mark == kept.mark else None
        if told is not None and told.session == pid:
            return birth.known(kept, pid)
    return kept._replace(ended=now)
