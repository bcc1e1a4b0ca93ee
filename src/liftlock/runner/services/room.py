"""Where the servers of one job keep their files, and as whom they run.

A room is a directory of its own under TMPDIR, locked while its job lives; whoever opens another
one clears away those that nobody holds any more.
"""

# Paths are texts here, as where they are used.
# ruff: noqa: PTH101, PTH102, PTH112, PTH116, PTH120, PTH123, PTH208

import fcntl
import os
import pwd
import shutil
import signal
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.executors.base import CannotPrepare
from liftlock.runner.services import own
from liftlock.runner.services.kinds.base import OUTPUT, SOCKETS, Recipe

NOBODY: Final = 'nobody'
PROGRAMS: Final = 'programs'  # go before others of the same name
_LONGEST: Final = 36  # of the directory in which rooms lie: paths of sockets end at 107


class Who(NamedTuple):
    """As whom servers run: ourselves, but never root."""

    user: int
    group: int


def who() -> Who:
    """Raises CannotPrepare."""
    if os.geteuid() != 0:
        return Who(os.geteuid(), os.getegid())
    try:
        found = pwd.getpwnam(NOBODY)
    except KeyError:
        raise CannotPrepare(
            f'Servers must not run as root, and there is no user "{NOBODY}" here'
        ) from None
    return Who(found.pw_uid, found.pw_gid)


def launcher(end: signal.Signals, *, low_ports: bool) -> list[str]:
    """Words before a command that make it run as `who` and end when we do, even by `kill -9`.

    `end` is the signal for that; ports below 1024 take a right of root's. Raises CannotPrepare.
    """
    program = shutil.which('setpriv')
    root = os.geteuid() == 0
    if program is None:
        if root:
            raise CannotPrepare('Servers must not run as root: install setpriv (util-linux)')
        return []
    words = [program, '--pdeathsig', end.name]
    if root:
        user, group = who()
        words += ['--reuid', str(user), '--regid', str(group), '--clear-groups']
        if low_ports:
            words += [
                '--inh-caps', '+net_bind_service', '--ambient-caps', '+net_bind_service',
            ]  # fmt: skip
    return words


@contextmanager
def open_room() -> Iterator[str]:
    """A new directory, gone afterwards. Raises CannotPrepare, OSError."""
    under = own.make('services', under=_place())
    _sweep(under)
    path, lock = _make(under)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def furnish(folder: str, recipe: Recipe) -> None:
    """Make a service's directory in its room, with what the recipe wants to find there."""
    owner = who()
    made = [folder, f'{folder}/{SOCKETS}', f'{folder}/{PROGRAMS}']
    for path in made:
        os.mkdir(path, 0o700)
    texts = {**recipe.files, OUTPUT: ''}
    texts |= {
        f'{PROGRAMS}/{name}': f'#!/bin/sh\nPATH=${{PATH#*:}}\n{script}\n'
        for name, script in recipe.programs.items()
    }
    for name, text in texts.items():
        with open(f'{folder}/{name}', 'w', encoding='utf-8') as file:
            file.write(text)
            os.fchmod(file.fileno(), 0o700 if name.startswith(f'{PROGRAMS}/') else 0o600)
        made.append(f'{folder}/{name}')
    if os.geteuid() == 0:
        for path in made:
            os.chown(path, *owner)


def _place() -> str:
    """TMPDIR, unless others cannot get there or its path is too long for a socket's."""
    given = os.path.realpath(tempfile.gettempdir())
    return given if len(given) < _LONGEST and _is_open(given) else own.MEETING


def _is_open(path: str) -> bool:
    """Whether the user of the servers can pass through all directories on the way."""
    if os.geteuid() != 0:
        return True
    while True:
        if not os.stat(path).st_mode & stat.S_IXOTH:
            return False
        if path == '/':
            return True
        path = os.path.dirname(path)


def _make(under: str) -> tuple[str, int]:
    while True:
        path = tempfile.mkdtemp(prefix='job-', dir=under)
        if os.geteuid() == 0:
            os.chmod(path, own.MODE)
        lock = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.isdir(path):
            return path, lock
        os.close(lock)  # another process took it for one that was left behind


def _sweep(under: str) -> None:
    for name in os.listdir(under):
        path = f'{under}/{name}'
        try:
            lock = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # gone meanwhile
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        except BlockingIOError:  # its job lives
            pass
        finally:
            os.close(lock)
