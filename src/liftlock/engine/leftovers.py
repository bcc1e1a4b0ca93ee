"""What runs leave behind: processes of an engine that was killed, and directories of jobs."""

import json
import os
import time
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from liftlock.engine.past import Past
from liftlock.engine.submission import Hands
from liftlock.language.expressions.values import Value
from liftlock.store import blobs, runs, tidy
from liftlock.store.database import Store
from liftlock.store.paths import RunPaths

RERUNNABLE: Final = 30 * 86400.0  # seconds after its end, as on GitHub


def end(store: Store, hands: Hands, run: int, past: Past) -> None:
    """Kill what jobs left running whose engine is dead, and remove what it had half written."""
    paths = RunPaths(store.directory, run)
    for job in sorted(past.running):
        hands.end_leftovers(paths.tracking_id(job, past.claims[job]))
    blobs.forget_unfinished(store.directory)


def clear(store: Store, hands: Hands, run: int, past: Past) -> None:
    """Remove the jobs' directories, but for the last one of each job that failed (`rerun
    --from-step`); now and then tidy the whole store."""
    paths = RunPaths(store.directory, run)
    if paths.works.exists():
        _remove_unneeded(store, run, past, paths)
    if tidy.due(store):
        tidy.tidy(store, time.time())
        before = time.time() - RERUNNABLE
        hands.prune(before, partial(_needed, store, before))


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
        _remove([paths.works])
    elif gone := [path for path in paths.works.iterdir() if path not in kept]:
        _remove(gone)


def _remove(directories: list[Path]) -> None:
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
