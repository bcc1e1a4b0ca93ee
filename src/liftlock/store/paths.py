"""Where the files of runs and jobs lie inside a store's directory."""

import hashlib
import re
from pathlib import Path
from typing import Final

PLAIN: Final = re.compile(r'[^A-Za-z0-9._-]')
LONGEST: Final = 120  # file names end at 255 bytes, and suffixes follow


def log(directory: Path, run: int, key: str, attempt: int) -> Path:
    """Without its suffix."""
    return directory / 'logs' / str(run) / f'{slug(key)}-{attempt}'


def work(directory: Path, run: int, key: str, attempt: int) -> Path:
    """The directory of one attempt at one job; nothing else is ever in it."""
    return works(directory, run) / f'{slug(key)}-{attempt}'


def works(directory: Path, run: int) -> Path:
    return directory / 'work' / str(run)


def tracking_id(directory: Path, run: int, key: str, attempt: int) -> str:
    """RUNNER_TRACKING_ID of an attempt: no other attempt has it, of whatever store."""
    store = hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:12]
    return f'liftlock_{store}_{run}_{attempt}_{slug(key)}'


def slug(key: str) -> str:
    """A file name for a job's key, different for different keys: `test[2]` is `test=5b2=5d`."""
    name = PLAIN.sub(lambda found: f'={ord(found[0]):x}', key)
    if len(name) <= LONGEST:
        return name
    return f'{name[: LONGEST - 17]}={hashlib.sha256(key.encode()).hexdigest()[:16]}'
