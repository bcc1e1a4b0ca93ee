"""What runs leave behind: processes of an engine that was killed, and directories of jobs."""

import atexit
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from liftlock.engine import trail
from liftlock.engine.past import Past
from liftlock.engine.submission import Hands
from liftlock.language.expressions.values import Value
from liftlock.store import blobs, runs, tidy
from liftlock.store.database import Store
from liftlock.store.paths import RunPaths

RERUNNABLE: Final = 30 * 86400.0  # seconds after its end, as on GitHub


def end(store: Store, hands: Hands, run: int, past: Past, jobs: Iterable[str]) -> None:
    """Kill what these jobs left running whose engine is dead, and remove what it had half
    written."""
    paths = RunPaths(store.directory, run)
    for job in sorted(jobs):
        hands.end_leftovers(paths.tracking_id(job, past.claims[job]))
    blobs.forget_unfinished(store.directory)


def clear(store: Store, hands: Hands, run: int, past: Past) -> None:
    """Remove the jobs' directories, but for the last one of each job that failed (`rerun
    --from-step`); now and then tidy the whole store, for which only the process' end waits."""
    paths = RunPaths(store.directory, run)
    if paths.works.exists():
        _remove_unneeded(store, run, past, paths)
    if tidy.due(store):
        tidying = threading.Thread(target=tidy_up, args=(store.again, hands), name='tidy')
        atexit.register(tidying.join)  # commands end without waiting for threads
        tidying.start()


def tidy_up(open_store: Callable[[], Store], hands: Hands) -> None:
    """Everything that retention takes. With thousands of logs to pack, or a bucket, it takes long:
    so it is done by a thread of its own, on a connection of its own."""
    try:
        store = open_store()
        try:
            tidy.tidy(store, time.time())
            before = time.time() - RERUNNABLE
            hands.prune(before, partial(_needed, store, before))
        finally:
            store.engine.close()  # its files are those of the whole process
    except Exception as error:  # a task boundary: an hour later it is tried again
        trail.tell('the store is not tidied', error)
    finally:
        atexit.unregister(threading.current_thread().join)


def _needed(store: Store, before: float) -> Iterable[Mapping[str, Value]]:
    """What runs keep that have not ended, or not long ago; and what environments may go back to."""
    from liftlock.store import deliveries  # with all its facts: a run needs them here at most

    yield from map(json.loads, runs.kept_since(store, before))
    for sources, commit in deliveries.needed_sources(store):
        yield {'sources': sources, 'commit': commit}


def _remove_unneeded(store: Store, run: int, past: Past, paths: RunPaths) -> None:
    kept = {
        paths.work(job.key, past.works[job.key])
        for job in runs.jobs(store, run)
        if job.conclusion in ('failure', 'cancelled') and job.key in past.works
    }
    if not kept:
        remove([paths.works])
    elif gone := [path for path in paths.works.iterdir() if path not in kept]:
        remove(gone)


def remove(directories: list[Path]) -> None:
    """Nobody waits for it: a workspace may hold a hundred thousand files. What is left, because
    the machine was switched off, say, goes when the store is tidied."""
    silent = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
    names = [str(directory) for directory in directories]
    try:
        command = ['rm', '-rf', '--', *names]
        os.posix_spawnp('rm', command, os.environ, file_actions=silent, setpgroup=0)
    except OSError:  # there is no `rm` on PATH, or there are too many names for one command
        for directory in directories:
            tidy.remove_tree(directory)
