"""What outlives the tests that started it: supervisors, Envoys and instances are made for that, so
a test has to end them by itself."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

PATIENCE: Final = 15.0  # seconds; some have only just been told to end
_PROC: Final = Path('/proc')


def check(directory: Path | str) -> None:
    """Fails if anything runs on that works in this directory, or was told a path in it."""
    end = time.monotonic() + PATIENCE
    while (left := sorted(_running(f'{directory}/'))) and time.monotonic() < end:
        time.sleep(0.1)
    assert not left, 'tests have left these running:\n' + '\n'.join(left)


def _running(below: str) -> Iterator[str]:
    for entry in _PROC.glob('[0-9]*'):
        if int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            words = (entry / 'cmdline').read_bytes().replace(b'\0', b' ').decode(errors='replace')
            place = str((entry / 'cwd').readlink())
            if place.startswith(below) or below in words:
                yield f'{entry.name} {words.strip()} (in {place})'
