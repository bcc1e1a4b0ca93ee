"""What `cache: pip`, `cache: npm` and the like come to, where package caches are shared anyway.

The caches of pip, npm and others are directories that all jobs of this machine use, so nothing is
packed or unpacked. What is left of the inputs is their contract: lock files must be there, and
`cache-hit` tells whether a job with the same lock files ended well before.
"""

import hashlib

from liftlock.language.expressions.errors import ExpressionError
from liftlock.runner.hashfiles import hash_files
from liftlock.runner.workbench import StepFailed, Workbench

_STATE = 'package-cache-key'


def hash_lines(bench: Workbench, patterns: str) -> str:
    """`hashFiles()` of lines of patterns; '' if no file matches."""
    try:
        return hash_files([patterns], str(bench.workspace), bench.env.get('HOME', ''))
    except ExpressionError as error:
        raise StepFailed(str(error)) from error


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
