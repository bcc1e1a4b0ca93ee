"""What is on the disk when a run is over: workspaces of failed jobs stay, the others go."""

import os
import time
from pathlib import Path

from liftlock.engine.past import Past
from liftlock.store import paths, runs, tidy
from liftlock.store.database import Store


def clear(store: Store, run: int, past: Past) -> None:
    """Remove the jobs' directories, but for the last one of each job that failed (`rerun
    --from-step`); now and then tidy the whole store."""
    kept = {
        paths.work(store.directory, run, job.key, past.works[job.key])
        for job in runs.jobs(store, run)
        if job.conclusion in ('failure', 'cancelled') and job.key in past.works
    }
    works = paths.works(store.directory, run)
    try:
        found = [Path(entry.path) for entry in os.scandir(works)]
    except FileNotFoundError:
        found = []
    gone = [path for path in found if path not in kept] if kept else [works] * bool(found)
    if gone:
        _remove(gone)
    if tidy.due(store):
        tidy.tidy(store, time.time())


def _remove(directories: list[Path]) -> None:
    """Nobody waits for it: a workspace may hold a hundred thousand files. What is left, because
    the machine was switched off, say, goes when the store is tidied."""
    silent = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
    names = [str(directory) for directory in directories]
    os.posix_spawnp('rm', ['rm', '-rf', '--', *names], os.environ, file_actions=silent, setpgroup=0)
