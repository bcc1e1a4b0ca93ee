"""Where the files of runs and jobs lie inside a store's directory."""

import re
from pathlib import Path
from typing import Final

from liftlock.plan import digest

_ODD: Final = re.compile(r'[^A-Za-z0-9_-]')
_LEG: Final = re.compile(r'=5b=([0-9]+)=5d=(?==2f=|$)')
KEY: Final = 'secrets.key'  # of stored secrets, unless the user names another place
LONGEST: Final = 120  # file names end at 255 bytes, and suffixes follow


class RunPaths:
    """The places of one run. Made once a run: a job asks for three of them."""

    __slots__ = ('_directory', '_logs', '_run', '_slugs', 'works')

    def __init__(self, directory: Path, run: int) -> None:
        """`directory` is the store's."""
        self.works = directory / 'work' / str(run)
        self._logs = directory / 'logs' / str(run)
        self._directory = directory
        self._run = run
        self._slugs: dict[str, str] = {}

    def log(self, key: str, attempt: int) -> Path:
        """Without its suffix."""
        return Path(f'{self._logs}/{self._slug(key)}-{attempt}')

    def work(self, key: str, attempt: int) -> Path:
        """The directory of one attempt at one job; nothing else is ever in it."""
        return Path(f'{self.works}/{self._slug(key)}-{attempt}')

    def tracking_id(self, key: str, attempt: int) -> str:
        """RUNNER_TRACKING_ID of an attempt: no other attempt has it, of whatever store."""
        store = digest.of(str(self._directory.resolve()))[:12]
        return f'liftlock_{store}_{self._run}_{attempt}_{self._slug(key)}'

    def _slug(self, key: str) -> str:
        known = self._slugs.get(key)
        if known is None:
            known = self._slugs[key] = slug(key)
        return known


def slug(key: str) -> str:
    """A file name for a job's key, different for different keys: `test[2]` is `test.2`, and
    `deploy[0]/smoke` is `deploy.0..smoke`.

    It becomes part of every path that a job sees, so it must not hold what a shell, a URL or
    `git -c` reads as something else. Ids have no dots, so those are free.
    """
    odd = _ODD.sub(lambda found: f'={ord(found[0]):x}=', key)
    name = _LEG.sub(r'.\1', odd).replace('=2f=', '..')
    if len(name) <= LONGEST:
        return name
    return f'{name[: LONGEST - 17]}={digest.of(key)[:16]}'
