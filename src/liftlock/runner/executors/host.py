"""Runs commands straight on this machine.

Starting a process is what a short step spends its time on, so this stays close to the system: one
`vfork`, one pipe for both outputs (which also keeps their order), and a file descriptor of the
process to wait on. Every command leads a session of its own: no terminal to ask on, and a Ctrl-C
reaches it only through us.
"""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH112

import asyncio
import errno
import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from liftlock.language.expressions.values import Value
from liftlock.runner.executors import orphans
from liftlock.runner.executors.base import KILLED, CannotStart, Leash, Order, Patience, Sink

_CHUNK: Final = 1 << 16  # a pipe holds no more
_OOM_SCORE: Final = b'500'

RUNNING: Final[set[int]] = set()  # ids of the processes that workplaces wait for


class Host:
    """A workplace on this machine."""

    __slots__ = ('_first', '_last', '_nothing', '_patience', '_tracking_id')

    default_shell = ''
    context: Mapping[str, Value] = {}

    def __init__(self, tracking_id: str, patience: Patience) -> None:
        self._tracking_id = tracking_id
        self._patience = patience
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
        running = _Running(process, reader, sink, self._patience)
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

    def ground(self, base: Mapping[str, str]) -> dict[str, str]:
        return dict(base)

    def inside(self, path: str) -> str:
        return path

    def outside(self, path: str) -> str:
        return path

    def listen(self) -> socket.socket | None:
        return None

    def clean_up(self) -> Sequence[str]:
        if not self._first:
            return ()
        started = self._first, self._last
        return [
            f'Terminate orphan process: pid ({orphan.pid}) ({orphan.name})'
            for orphan in orphans.end(self._tracking_id, started, RUNNING)
        ]

    def close(self) -> None:
        os.close(self._nothing)


@asynccontextmanager
async def prepare(order: Order) -> AsyncIterator[Host]:
    host = Host(order.tracking_id, order.patience)
    try:
        yield host
    finally:
        host.close()


def end_leftovers(tracking_id: str) -> None:
    orphans.end(tracking_id)


class _Running:
    """One process until it is gone and its output is read."""

    __slots__ = (
        '_exit', '_loop', '_patience', '_process', '_reader', '_sink', '_status', '_timer', 'end',
    )  # fmt: skip

    def __init__(
        self,
        process: 'subprocess.Popen[bytes]',
        reader: int,
        sink: Sink,
        patience: Patience,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.end: asyncio.Future[int] = self._loop.create_future()
        self._process = process
        self._reader = reader
        self._sink = sink
        self._patience = patience
        self._status: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        os.set_blocking(reader, False)
        self._loop.add_reader(reader, self._read)
        self._exit = self._watch()

    def _watch(self) -> int:
        """Be told when the process ends; a file descriptor, or -1 where a thread has to wait."""
        if hasattr(os, 'pidfd_open'):
            try:
                exit_ = os.pidfd_open(self._process.pid)
            except OSError:  # an old kernel, or a sandbox that forbids it
                pass
            else:
                self._loop.add_reader(exit_, self._ended)
                return exit_
        waiting = self._loop.run_in_executor(None, self._process.wait)
        waiting.add_done_callback(lambda _: self._ended())
        return -1

    def _read(self) -> None:
        if self._reader < 0:
            return
        try:
            chunk = os.read(self._reader, _CHUNK)
        except BlockingIOError:
            return
        if chunk:
            self._hand_over(chunk)
        else:
            self._stop_reading()
            self._conclude()

    def _hand_over(self, chunk: bytes) -> None:
        try:
            self._sink(chunk)
        except Exception as error:  # it belongs to whoever waits for this process
            self._stop_reading()
            if not self.end.done():
                self.end.set_exception(error)

    def _ended(self) -> None:
        if self._exit >= 0:
            self._loop.remove_reader(self._exit)
        status = self._process.wait()
        self._status = status if status >= 0 else 128 - status
        self._cancel_timer()
        self._read()  # a whole pipe in one go,
        self._read()  # and its end
        if self._reader >= 0:
            # A child that was left behind keeps the pipe open.
            self._timer = self._loop.call_later(self._patience.for_pipes, self._give_up_reading)
        self._conclude()

    def _give_up_reading(self) -> None:
        self._stop_reading()
        self._conclude()

    def _stop_reading(self) -> None:
        if self._reader >= 0:
            self._loop.remove_reader(self._reader)
            os.close(self._reader)
            self._reader = -1

    def _conclude(self) -> None:
        if self._status is not None and self._reader < 0 and not self.end.done():
            self.end.set_result(self._status)

    def obey(self, level: int) -> None:
        """The leash was pulled."""
        self._cancel_timer()
        if level >= KILLED:
            self._kill_group()
            if self._status is not None:
                self._give_up_reading()
        elif self._status is None:
            self._signal(signal.SIGINT)
            self._timer = self._loop.call_later(self._patience.after_interrupt, self._terminate)

    def _terminate(self) -> None:
        self._signal(signal.SIGTERM)
        self._timer = self._loop.call_later(
            self._patience.after_terminate, self._signal, signal.SIGKILL
        )

    def _signal(self, number: signal.Signals) -> None:
        if self._status is None:
            self._process.send_signal(number)

    def _kill_group(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        except PermissionError:  # macOS says so when only a zombie is left
            pass

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """Leave nothing behind, also when the waiting was broken off."""
        self._cancel_timer()
        self._stop_reading()
        if self._status is None:
            self._kill_group()
            self._process.wait()
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
