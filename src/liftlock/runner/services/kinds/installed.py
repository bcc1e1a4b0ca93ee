"""Finding programs of this machine and asking them for their version."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

# Servers often lie where only root looks for programs.
ALSO: Final = ('/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin')
_PATIENCE: Final = 10.0  # seconds


def search_path(*first: str) -> str:
    own = os.environ.get('PATH', '').split(os.pathsep)
    return os.pathsep.join(dict.fromkeys(filter(None, (*first, *own, *ALSO))))


def find(names: Iterable[str], *folders: str) -> str:
    """The first of these that is here, as a path; '' if none is."""
    path = search_path(*folders)
    return next(filter(None, (shutil.which(name, path=path) for name in names)), '')


@cache
def ask(program: str, option: str = '--version') -> str:
    """What it answers, on both streams; '' if it says nothing."""
    try:
        asked = subprocess.run(
            (program, option),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors='replace',
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ''
    return asked.stdout.strip()


def first_number(text: str) -> str:
    """15.18 of `postgres (PostgreSQL) 15.18 (Debian 15.18-0)`."""
    found = re.search(r'\d+(?:\.\d+)+|\d+', text)
    return found[0] if found else ''


def is_file(*parts: str) -> bool:
    return Path(*parts).is_file()
