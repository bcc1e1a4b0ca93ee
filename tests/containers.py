"""A real container engine for tests, and an image that was made without any registry.

The image is Debian's, laid down by debootstrap from wherever apt gets its packages, once a machine:
it stays in the engine under its name. Change `IMAGE` with what stands in it.
"""

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
SUITE: Final = 'bookworm'
PACKAGES: Final = 'git,ca-certificates'
_FORGOTTEN: Final = ('usr/share/doc', 'usr/share/locale', 'usr/share/man', 'var/cache/apt')


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
            return 'to make an image for this test: apt install debootstrap, and run it as root'
        with tempfile.TemporaryDirectory(prefix='liftlock-image-') as folder:
            return _make_image(engine, Path(folder))


def _make_image(engine: Engine, folder: Path) -> str:
    root = folder / 'root'
    laid = subprocess.run(
        ('debootstrap', '--variant=minbase', f'--include={PACKAGES}', SUITE, root, _mirror()),
        capture_output=True,
        text=True,
    )
    if laid.returncode:
        return f'debootstrap failed: {laid.stdout[-500:]}'
    for name in _FORGOTTEN:
        shutil.rmtree(root / name, ignore_errors=True)
    archive = folder / 'image.tar'
    subprocess.run(('tar', '-C', root, '-cf', archive, '.'), check=True)
    imported = ask(engine, 'import', str(archive), IMAGE)
    return imported.stderr if imported.returncode else ''


def _mirror() -> str:
    """Where apt gets Debian from on this machine; debootstrap's own choice where it has none."""
    told = subprocess.run(
        ('apt-get', 'indextargets', '--format', '$(SITE) $(CODENAME) $(CREATED_BY)'),
        capture_output=True,
        text=True,
    )
    for line in told.stdout.splitlines():
        site, *rest = line.split()
        if rest == [SUITE, 'Packages'] and site.endswith('/debian'):
            return site
    return 'http://deb.debian.org/debian'


def ask(engine: Engine, *words: str) -> 'subprocess.CompletedProcess[str]':
    return subprocess.run((engine.program, *words), capture_output=True, text=True)
