"""Where the servers of one job run and keep their files, and as whom.

On the machine itself a room is a directory of its own under TMPDIR, locked while its job lives;
whoever opens another one clears away those that nobody holds any more. In a sandbox it is a
directory of the job's own, and the servers are processes of the sandbox like all others in there:
what a workflow says to a server, and its health commands, can do no more than its steps.
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
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.executors.base import CannotPrepare, Order, Workplace
from liftlock.runner.executors.host import Host
from liftlock.runner.services import own
from liftlock.runner.services.kinds.base import SOCKETS, Recipe

PROGRAMS: Final = 'programs'  # go before others of the same name
_NOBODY: Final = 'nobody'
_ROOTS_OWN: Final = 1024  # ports below
_LONGEST: Final = 36  # of the directory in which rooms lie: paths of sockets end at 107


class Room(NamedTuple):
    """`folder` is as this machine calls it, `inside` as the servers do, whose `user` owns it.

    `launcher` gives words to put before a command, for a server that ends by this signal and has
    this port as its lowest. Raises CannotPrepare.
    """

    workplace: Workplace
    folder: str
    inside: str
    user: int
    group: int
    launcher: Callable[[signal.Signals, int], Sequence[str]]


@asynccontextmanager
async def open_on_host(order: Order) -> AsyncIterator[Room]:
    """Raises CannotPrepare, OSError."""
    user, group = _choose_user()
    host = Host(order, None)
    try:
        with open_folder() as folder:
            yield Room(host, folder, folder, user, group, _launch)
    finally:
        host.close()


@asynccontextmanager
async def open_in_sandbox(order: Order, sandbox: Workplace) -> AsyncIterator[Room]:
    """Its files go with the sandbox. Raises OSError."""
    from liftlock.runner.sandbox import view
    from liftlock.runner.sandbox.workplace import Sandbox

    assert isinstance(sandbox, Sandbox)
    account = sandbox.root.account
    folder = tempfile.mkdtemp(prefix='services-', dir=view.own(order, 'tmp'))
    os.chmod(folder, own.MODE)
    inside = f'/tmp/{folder.rpartition("/")[2]}'  # noqa: S108 - the job's own
    yield Room(sandbox, folder, inside, account.user, account.group, lambda end, port: ())


def _choose_user() -> tuple[int, int]:
    """Servers run as ourselves, but never as root."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    try:
        found = pwd.getpwnam(_NOBODY)
    except KeyError:
        raise CannotPrepare(
            f'Servers must not run as root, and there is no user "{_NOBODY}" here'
        ) from None
    return found.pw_uid, found.pw_gid


def _launch(end: signal.Signals, lowest_port: int) -> Sequence[str]:
    """So that it runs as that user and ends when we do, even by `kill -9`."""
    program = shutil.which('setpriv')
    root = os.geteuid() == 0
    if program is None:
        if root:
            raise CannotPrepare('Servers must not run as root: install setpriv (util-linux)')
        return ()
    words = [program, '--pdeathsig', end.name]
    if root:
        user, group = _choose_user()
        words += ['--reuid', str(user), '--regid', str(group), '--clear-groups']
    if root and lowest_port < _ROOTS_OWN:
        words += ['--inh-caps', '+net_bind_service', '--ambient-caps', '+net_bind_service']
    return words


@contextmanager
def open_folder() -> Iterator[str]:
    """A new directory, gone afterwards. Raises CannotPrepare, OSError."""
    under = own.make('services', under=_place())
    _sweep(under)
    path, lock = _make(under)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def furnish(folder: str, recipe: Recipe, room: Room) -> None:
    """Make a service's directory in its room, with what the recipe wants to find there.

    Done for all services before the first of them runs: later somebody might have moved things.
    """
    made = [folder, f'{folder}/{SOCKETS}', f'{folder}/{PROGRAMS}']
    for path in made:
        os.mkdir(path, 0o700)
    texts = dict(recipe.files)
    for name, script in recipe.programs.items():
        texts[f'{PROGRAMS}/{name}'] = f'#!/bin/sh\nPATH=${{PATH#*:}}\n{script}\n'
    for name, text in texts.items():
        with open(f'{folder}/{name}', 'w', encoding='utf-8') as file:
            file.write(text)
            os.fchmod(file.fileno(), 0o700 if name.startswith(f'{PROGRAMS}/') else 0o600)
        made.append(f'{folder}/{name}')
    if os.geteuid() == 0:
        for path in made:
            os.chown(path, room.user, room.group)


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
