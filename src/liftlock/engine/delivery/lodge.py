"""Where the supervisor of a store is found: its lock, its socket and its log.

<state>/delivery/supervisor.lock   held as long as it lives; the kernel frees it, however it ends
<state>/delivery/supervisor.sock   where it answers
<state>/delivery/supervisor.log    what it says, and `.log.1` what it said before
"""

import contextlib
import fcntl
import json
import logging
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from liftlock.errors import UserError

ROLE: Final = 'supervisor'  # on a database that servers share, one of them has it
LARGE: Final = 4 * 1024 * 1024  # bytes of a log that makes room for a new one
LONGEST: Final = 100  # bytes of a socket's path; Linux takes 107, macOS 103


class Taken(UserError):
    """A supervisor of this store lives already."""

    def __init__(self, holder: int) -> None:
        super().__init__(
            f'a supervisor of this store runs already (process {holder})',
            'end it with: liftlock supervise --stop (or end the server, if it is one)',
        )


class Lodge:
    def __init__(self, state: Path) -> None:
        self.state = state
        self.directory = state / 'delivery'
        self.lock = self.directory / 'supervisor.lock'
        self.socket = self.directory / 'supervisor.sock'
        self.log = self.directory / 'supervisor.log'
        self._held = -1  # the lock's descriptor

    def prepare(self) -> None:
        """UserError where the directory can't be made."""
        try:
            self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.directory.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise told(error, self.directory) from None

    def take(self, text: str) -> int:
        """Hold the lock, with this text in its file, as long as the descriptor is open. Taken."""
        try:
            lock = os.open(self.lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise told(error, self.lock) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(lock, 0)
            os.pwrite(lock, text.encode(), 0)
        except BlockingIOError:
            os.close(lock)
            raise Taken(self.holder()) from None
        except OSError as error:
            os.close(lock)
            raise told(error, self.lock) from None
        self._held = lock
        return lock

    def leave(self) -> None:
        """Let go of the lock."""
        os.close(self._held)
        self._held = -1

    def lost(self) -> bool:
        """Whether the lock that was taken is no longer the one that others look for: somebody has
        removed the directory."""
        try:
            return os.stat(self.lock).st_ino != os.fstat(self._held).st_ino  # noqa: PTH116
        except FileNotFoundError:
            return True

    def taken(self) -> bool:
        """Whether somebody holds the lock."""
        try:
            lock = os.open(self.lock, os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def holder(self) -> int:
        """The pid of who holds the lock, or held it last; 0 if nobody knows."""
        try:
            return int(json.loads(self.lock.read_bytes())['pid'])
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def listen(self) -> socket.socket:
        """The socket, in place of a dead one's. Only for who holds the lock."""
        try:
            self.socket.unlink(missing_ok=True)
            listening = socket.socket(socket.AF_UNIX)
            with self._reachable() as path:
                listening.bind(path)
            listening.listen(16)
        except OSError as error:
            raise told(error, self.socket) from None
        return listening

    def connect(self, patience: float) -> socket.socket:
        """Raises OSError where nobody listens."""
        calling = socket.socket(socket.AF_UNIX)
        calling.settimeout(patience)
        try:
            with self._reachable() as path:
                calling.connect(path)
        except BaseException:
            calling.close()
            raise
        return calling

    @contextlib.contextmanager
    def _reachable(self) -> Iterator[str]:
        """A path of the socket that is short enough for the kernel."""
        if len(os.fsencode(self.socket)) <= LONGEST:
            yield str(self.socket)
            return
        directory = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield f'/proc/self/fd/{directory}/{self.socket.name}'
        finally:
            os.close(directory)

    def open_log(self) -> int:
        """For what a new supervisor will say, behind what others said."""
        try:
            rotate(self.log)
            return os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise told(error, self.log) from None

    def tail(self, start: int, lines: int = 20) -> str:
        """The last lines of the log, of what stands behind `start`."""
        try:
            with self.log.open('rb') as file:
                file.seek(max(start, file.seek(0, os.SEEK_END) - LARGE))
                said = file.read().decode('utf-8', 'replace')
        except OSError:
            return ''
        return '\n'.join(said.rstrip().splitlines()[-lines:])


def rotate(log: Path) -> bool:
    """Move a log aside that has become large."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LARGE:
            log.replace(log.with_name(f'{log.name}.1'))
            return True
    return False


def told(error: OSError, path: Path) -> UserError:
    return UserError(
        f'cannot keep a supervisor in {path}: {error.strerror}',
        'make room there or make it writable, or choose another directory with --state DIR',
    )


def say(text: str, *, wrong: bool = False) -> None:
    """A line of the log. In a process that keeps one, as a server does, it is that; else it goes
    to stderr, with its time. That the disk is full ends nobody."""
    log = logging.getLogger('liftlock.supervisor')
    if log.hasHandlers():
        log.log(logging.WARNING if wrong else logging.INFO, '%s', text.rstrip())
        return
    now = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())
    with contextlib.suppress(OSError, ValueError):
        print(f'{now} {text.rstrip()}', file=sys.stderr, flush=True)
