"""Runs commands straight on this machine.

Starting a process is what a short step spends its time on, so this stays close to the system: one
`vfork`, one pipe for both outputs (which also keeps their order), and a file descriptor of the
process to wait on. Every command leads a session of its own: no terminal to ask on, and a Ctrl-C
reaches it only through us.
"""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH110, PTH111, PTH112

import asyncio
import errno
import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from liftlock.language.expressions.values import Value
from liftlock.runner.executors import orphans
from liftlock.runner.executors.base import CannotStart, Leash, Order, Sink
from liftlock.runner.executors.files import OWN
from liftlock.runner.executors.running import Running

TERMINAL: Final = ('bash', '--norc', '-i')
DOCKER: Final = '/var/run/docker.sock'
_OOM_SCORE: Final = b'500'

if TYPE_CHECKING:
    from liftlock.runner.docker.relay import Relay
    from liftlock.runner.standin import Bench, Stage

RUNNING: Final[set[int]] = set()  # ids of the processes that workplaces wait for


class Host:
    """A workplace on this machine."""

    __slots__ = ('_first', '_last', '_nothing', '_order', '_patience', '_relay', '_tracking_id')

    default_shell = ''
    files = OWN
    strangers = False
    context: Mapping[str, Value] = {}

    def __init__(self, order: Order, relay: 'Relay | None') -> None:
        self._order = order
        self._tracking_id = order.tracking_id
        self._patience = order.patience
        self._relay = relay
        self._nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        self._first = self._last = 0

    async def run(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        sink: Sink,
        leash: Leash,
    ) -> int:
        reader, writer = os.pipe2(os.O_CLOEXEC) if hasattr(os, 'pipe2') else os.pipe()
        try:
            process = self._start(command, env, cwd, writer)
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        self._last = process.pid
        self._first = self._first or process.pid
        running = Running(Child(process), reader, sink, self._patience)
        RUNNING.add(process.pid)
        try:
            leash.hold(running.obey)
            return await running.end
        finally:
            leash.hold(None)
            running.close()
            RUNNING.discard(process.pid)

    def _start(
        self, command: Sequence[str], env: Mapping[str, str], cwd: str, output: int
    ) -> 'subprocess.Popen[bytes]':
        try:
            process = subprocess.Popen(
                command,
                env=env,
                cwd=cwd,
                stdin=self._nothing,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            _offer_to_memory(process.pid)
            return process
        except OSError as error:
            raise CannotStart(_explain(error, command, cwd)) from None
        except ValueError as error:  # a NUL in a variable or an argument
            raise CannotStart(f"Cannot start '{command[0]}': {error}") from None

    def find(self, program: str, path: str) -> str | None:
        if '/' in program:
            return program if os.access(program, os.X_OK) else None
        for directory in path.split(os.pathsep):
            candidate = f'{directory or "."}/{program}'
            if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):
                return candidate
        return None

    def terminal(self, env: Mapping[str, str], cwd: str) -> tuple[Sequence[str], dict[str, str]]:
        return TERMINAL, {**env}

    def ground(self, base: Mapping[str, str]) -> dict[str, str]:
        return {**base, 'DOCKER_HOST': f'unix://{self._relay.path}'} if self._relay else {**base}

    def inside(self, path: str) -> str:
        return path

    def outside(self, path: str) -> str:
        return path

    async def perform(self, stage: 'Stage', bench: 'Bench', leash: Leash) -> None:
        await stage(bench)

    async def take_files(self) -> None:
        return

    async def give_files(self) -> None:
        return

    def listen(self) -> socket.socket | None:
        return None

    async def clean_up(self) -> Sequence[str]:
        if not self._first:
            return ()
        started = self._first, self._last
        lines = [
            f'Terminate orphan process: pid ({orphan.pid}) ({orphan.name})'
            for orphan in orphans.end(self._tracking_id, started, RUNNING)
        ]
        if self._relay is not None and self._relay.was_used:
            from liftlock.runner.docker import beside

            engine = self._order.container_engine
            lines += await beside.clean_up(self._relay, engine, self._tracking_id)
        return lines

    def close(self) -> None:
        os.close(self._nothing)
        if self._relay is not None:
            self._relay.close()


@asynccontextmanager
async def prepare(order: Order) -> AsyncIterator[Host]:
    host = Host(order, await _open_relay(order) if _may_have_docker() else None)
    try:
        yield host
    finally:
        host.close()


def _may_have_docker() -> bool:
    """A first look, which costs nothing where there is none."""
    return (
        os.path.exists(DOCKER)
        or 'DOCKER_HOST' in os.environ
        or os.path.exists(os.path.expanduser('~/.docker/contexts'))
    )


async def _open_relay(order: Order) -> 'Relay | None':
    from liftlock.runner.docker import plugins, relay, sockets

    plugins.lend(order.directories.home)
    path = sockets.socket_path()
    return await relay.open_relay(path, order.directories.root, order.tracking_id)


def end_leftovers(tracking_id: str) -> None:
    orphans.end(tracking_id)


class Child:
    """A child of ours. Where the system has no descriptors of processes, a thread waits for it."""

    __slots__ = ('_exit', '_loop', '_popen', '_told')

    def __init__(self, popen: 'subprocess.Popen[bytes]') -> None:
        self._popen = popen
        self._loop = asyncio.get_running_loop()
        self._exit = -1

    def watch(self, ended: Callable[[int], None]) -> None:
        self._told = ended
        if hasattr(os, 'pidfd_open'):
            try:
                self._exit = os.pidfd_open(self._popen.pid)
            except OSError:  # an old kernel, or a sandbox that forbids it
                pass
            else:
                self._loop.add_reader(self._exit, self._ended)
                return
        waiting = self._loop.run_in_executor(None, self._popen.wait)
        waiting.add_done_callback(lambda _: self._ended())

    def _ended(self) -> None:
        if self._exit >= 0:
            self._loop.remove_reader(self._exit)
        status = self._popen.wait()
        self._told(status if status >= 0 else 128 - status)

    def signal(self, number: int) -> None:
        self._popen.send_signal(number)

    def kill_group(self) -> None:
        try:
            os.killpg(self._popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        except PermissionError:  # macOS says so when only a zombie is left
            pass

    def close(self) -> None:
        self._popen.wait()
        if self._exit >= 0:
            self._loop.remove_reader(self._exit)
            os.close(self._exit)


def _offer_to_memory(pid: int) -> None:
    """When memory runs out, the step is to go before us."""
    try:
        opened = os.open(f'/proc/{pid}/oom_score_adj', os.O_WRONLY | os.O_CLOEXEC)
    except OSError:  # not Linux, or gone already
        return
    try:
        os.write(opened, _OOM_SCORE)
    except OSError:
        return
    finally:
        os.close(opened)


def _explain(error: OSError, command: Sequence[str], cwd: str) -> str:
    if error.errno == errno.ENOENT and not os.path.isdir(cwd):
        return f"The working directory '{cwd}' does not exist"
    if error.errno == errno.E2BIG:
        return f"Cannot start '{command[0]}': its arguments and environment are too long"
    return f"Cannot start '{command[0]}': {error.strerror}"
