"""A real container engine for tests, and an image that was made without any registry."""

import fcntl
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final, NoReturn

import pytest

from liftlock.runner.docker import engine as engines
from liftlock.runner.docker.engine import Engine

IMAGE: Final = 'liftlock-test/base:1'
SCRIPT: Final = Path(__file__).parents[1] / '.ci' / 'image'


def lack(what: str) -> NoReturn:
    """This test cannot run here; where it has to run, that is a failure."""
    if os.environ.get('CI') == 'true':
        pytest.fail(what)
    pytest.skip(what)


def docker() -> Engine:
    """The Docker of this machine, with the image in it."""
    engine = _docker()
    if isinstance(engine, str):
        lack(engine)
    return engine


@functools.cache
def _docker() -> Engine | str:
    found = engines.look('docker')
    if isinstance(found, str):
        return f'{found}. To run this: apt install docker.io debootstrap, and start `dockerd`'
    return _have_image(found) or found


def _have_image(engine: Engine) -> str:
    """Why there is none. Tests run in several processes, of which one makes it."""
    with Path(tempfile.gettempdir(), 'liftlock-test-image.lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if ask(engine, 'image', 'inspect', IMAGE).returncode == 0:
            return ''
        if shutil.which('debootstrap') is None or os.getuid() != 0:
            return (
                'to make an image for this test: apt install debootstrap, and run .ci/image as root'
            )
        made = subprocess.run((SCRIPT, IMAGE), capture_output=True, text=True)
    return f'.ci/image failed: {made.stderr[-500:]}' if made.returncode else ''


def ask(engine: Engine, *words: str) -> 'subprocess.CompletedProcess[str]':
    return subprocess.run((engine.program, *words), capture_output=True, text=True)
