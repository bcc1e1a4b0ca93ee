"""A process in a container, started by `docker exec` and signalled by another one.

The command line passes no signals on, so the process tells its id: a shell prints it in a line of
its own and becomes the command. By the same line we know that it was started at all, and both of
its outputs go one way, which keeps their order: the engine itself carries them apart.
"""

import re
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from shlex import quote
from typing import Final

from liftlock.runner.docker.engine import Engine
from liftlock.runner.executors.base import CannotStart, Sink
from liftlock.runner.executors.host import Child

_MARK: Final = b'liftlock: this is '
_MISSING: Final = b'missing'
_SCRIPT: Final = (
    f'm="{_MARK.decode()}"; command -v "$1" >/dev/null 2>&1 || '
    f'{{ echo "${{m}}{_MISSING.decode()}"; exit 127; }}; '
    'echo "$m$$"; unset m; exec'
)
_KILL: Final = 'kill -s "$1" -- "$2"'
_PATIENCE: Final = 5.0  # seconds for the engine to do as it is told
_NO_DIRECTORY: Final = re.compile(r'chdir to cwd|workdir', re.IGNORECASE)


def script(aliases: Mapping[str, str]) -> str:
    """What a shell does with its arguments, which are the command.

    `aliases` are of variables that the shell would forget, by their names: see `rename`.
    """
    words = [f'-u {alias}' for alias in aliases.values()]
    words += [f'{quote(name)}="${alias}"' for name, alias in aliases.items()]
    before = f' env {" ".join(words)}' if words else ''
    return f'{_SCRIPT}{before} "$@" 2>&1'


def start(
    engine: Engine, words: Sequence[str], env: Mapping[str, str], output: int
) -> 'subprocess.Popen[bytes]':
    """Start the engine's command line, both outputs going to one pipe. Raises CannotStart."""
    try:
        return subprocess.Popen(
            (engine.program, *words),
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    except OSError as error:
        raise CannotStart(f'Cannot start {engine.name}: {error.strerror}') from None
    except ValueError as error:  # a NUL in a variable or an argument
        raise CannotStart(f'Cannot start a process in a container: {error}') from None


class Ear:
    """Takes what the command line prints; passes on what comes after the line with the id."""

    __slots__ = ('_held', '_sink', '_tell')

    def __init__(self, sink: Sink, tell: Callable[[int], None]) -> None:
        self._held: bytes | None = b''  # None once the process is known
        self._sink = sink
        self._tell = tell

    def __call__(self, chunk: bytes) -> None:
        if self._held is None:
            self._sink(chunk)
            return
        self._held += chunk
        _, mark, after = self._held.partition(_MARK)
        word, newline, rest = after.partition(b'\n')
        if not mark or not newline or word == _MISSING:
            return
        self._held = None
        self._tell(int(word))
        if rest:
            self._sink(rest)

    @property
    def is_deaf(self) -> bool:
        """Nothing has been started."""
        return self._held is not None

    def explain(self, command: str, cwd: str) -> CannotStart:
        """Why nothing was. `cwd` is the path in the container."""
        said = (self._held or b'').decode('utf-8', 'replace').strip()
        if said.endswith(_MISSING.decode()):
            return CannotStart(f"Cannot start '{command}': the container has no such program")
        if _NO_DIRECTORY.search(said):
            return CannotStart(f"The working directory '{cwd}' does not exist")
        if '"sh"' in said:
            return CannotStart(f"Cannot start '{command}': the container has no shell `sh`")
        last = said.splitlines()[-1:] or ['the engine did not say why']
        return CannotStart(f"Cannot start '{command}' in the container: {last[0]}")


class Executed:
    """Satisfies `Process`. `prefix` are the words before those of a command in the container."""

    __slots__ = ('_child', '_ended', '_others', '_pending', '_pid', '_prefix')

    def __init__(self, child: Child, prefix: Sequence[str]) -> None:
        self._child = child
        self._prefix = tuple(prefix)
        self._pid = 0
        self._pending: list[tuple[int, bool]] = []  # for a process that is not known yet
        self._others: list[subprocess.Popen[bytes]] = []
        self._ended = False

    def know(self, pid: int) -> None:
        self._pid = pid
        for number, group in self._pending:
            self._send(number, group=group)

    def watch(self, ended: Callable[[int], None]) -> None:
        def tell(status: int) -> None:
            self._ended = True
            ended(status)

        self._child.watch(tell)

    def signal(self, number: int) -> None:
        self._send(number, group=False)

    def kill_group(self) -> None:
        self._send(signal.SIGKILL, group=True)

    def _send(self, number: int, *, group: bool) -> None:
        if not self._pid:
            self._pending.append((number, group))
            return
        target = f'-{self._pid}' if group else f'{self._pid}'
        name = signal.Signals(number).name.removeprefix('SIG')
        words = (*self._prefix, 'sh', '-c', _KILL, 'sh', name, target)
        silent = subprocess.DEVNULL
        self._others.append(
            subprocess.Popen(
                words, stdin=silent, stdout=silent, stderr=silent, start_new_session=True
            )
        )

    def close(self) -> None:
        for other in self._others:
            try:
                other.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                other.kill()
                other.wait()
        if not self._ended:
            self._child.kill_group()  # only the command line is left of it
        self._child.close()
