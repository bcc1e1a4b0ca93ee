"""What `cache: pip`, `cache: npm` and the like come to, where package caches are shared anyway.

The caches of pip, npm and others are directories that all jobs of this machine use, so nothing is
packed or unpacked. What is left of the inputs is their contract: lock files must be there, and
`cache-hit` tells whether a job with the same lock files ended well before.
"""

import hashlib

from liftlock.runner.actions import paths
from liftlock.runner.workbench import StepFailed, Workbench

_STATE = 'package-cache-key'


def hash_files(bench: Workbench, patterns: str) -> str:
    """As `hashFiles` would, over lines of patterns; '' if no file matches."""
    total = hashlib.sha256()
    files = paths.find(patterns, bench.workspace, bench.env, paths.Options(follow=False)).files
    try:
        for file in files:
            total.update(hashlib.sha256(file.read_bytes()).digest())
    except OSError as error:
        raise StepFailed(f'{error.filename} cannot be read: {error.strerror}') from error
    return total.hexdigest() if files else ''


def restore(bench: Workbench, key: str) -> bool:
    """Whether that key was kept before. Remembers it for `keep`."""
    name = hashlib.sha256(key.encode()).hexdigest()
    mark = bench.world.cache_home / 'liftlock-keys' / name
    bench.save_state(_STATE, name)
    if mark.exists():
        bench.log(f'Cache restored from key: {key}')
        return True
    bench.log('cache is not found')
    return False


def keep(bench: Workbench) -> None:
    """The job ended well: what it downloaded is in the shared caches now."""
    name = bench.state.get(_STATE)
    if name:
        mark = bench.world.cache_home / 'liftlock-keys' / name
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
