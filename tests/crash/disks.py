"""A small disk of its own, which can be full."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

CHUNKS: Final = (1 << 16, 1 << 12, 1)  # bytes


class Disk:
    def __init__(self, place: Path) -> None:
        self.place = place
        self._ballast = place / 'ballast'

    def fill(self) -> None:
        """Up to the last byte; again, where others have made room since."""
        with self._ballast.open('ab', buffering=0) as file:
            for size in CHUNKS:
                while _fits(file.fileno(), size):
                    pass

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)


@contextmanager
def disk(place: Path, megabytes: int, mode: int = 700) -> Iterator[Disk]:
    """Mounted there. Skips where that is not allowed."""
    if os.getuid() != 0:
        pytest.skip('to run this: be root, who may mount a small disk')
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    words = ('-t', 'tmpfs', '-o', f'size={megabytes}m,mode={mode}', 'small', str(place))
    done = subprocess.run(['mount', *words], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f'nothing can be mounted here: {done.stderr.strip()}')
    try:
        yield Disk(place)
    finally:
        subprocess.run(['umount', '--lazy', str(place)], check=True)


def _fits(file: int, size: int) -> bool:
    try:
        return os.write(file, bytes(size)) == size
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False
