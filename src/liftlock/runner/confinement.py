"""What stand-ins may touch for a job that is confined to a sandbox or a container.

A stand-in is our own code and runs outside: it could read the user's keys for a job, or write into
his home, if it took whatever path the workflow names, or a link that a step has laid. So it
touches what the job could have touched itself, and nothing else.
"""

# Paths are texts here.
# ruff: noqa: PTH118

import os
import stat
from collections.abc import Mapping
from io import BufferedReader
from pathlib import Path
from typing import Final

from liftlock.runner.state import Job
from liftlock.runner.workbench import StepFailed

# Of the system, and readable by everybody; in a container they are others, and hold no secret.
_SANDBOX: Final = 'sandbox'
_SYSTEM: Final = ('/usr', '/bin', '/lib', '/lib64', '/sbin')


def bounds(job: Job) -> tuple[str, ...]:
    """Real paths of the directories that it may touch; () where it may touch what the user may."""
    if job.request.place == 'host' and 'container' not in job.workplace.context:
        return ()
    own = (job.directories.root, str(job.world.tool_cache), str(job.world.cache_home))
    return (*map(os.path.realpath, own), *_SYSTEM)


def own(job: Job, path: Path) -> Path:
    """The path itself; StepFailed if it lies, or leads, out of bounds."""
    _refuse(job, os.path.realpath(path), path)
    return path


def open_own(job: Job, path: Path) -> BufferedReader:
    """Open a file for reading. StepFailed if it is out of bounds or no file; OSError."""
    # A pipe that a step has put there would keep us waiting for somebody to write into it.
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise StepFailed(f'{path} is no file')
        # Of what is open already: a link that is looked at before may lead elsewhere afterwards.
        _refuse(job, os.path.realpath(f'/proc/self/fd/{opened}'), path)
    except StepFailed:
        os.close(opened)
        raise
    return os.fdopen(opened, 'rb')


def refuse_strangers(job: Job, inputs: Mapping[str, str]) -> None:
    """StepFailed for an input that names something out of bounds that exists."""
    if not bounds(job) or job.request.place.startswith(_SANDBOX):  # there they run inside
        return
    for text in inputs.values():
        for line in text.splitlines():
            named = os.path.join(job.directories.workspace, line.strip().lstrip('!'))
            if '\0' not in named and os.path.lexists(named):
                own(job, Path(named))


def _refuse(job: Job, found: str, shown: Path) -> None:
    allowed = bounds(job)
    if allowed and not any(found == one or found.startswith(f'{one}/') for one in allowed):
        raise StepFailed(f'{shown} is not among the files of this job')
