"""A process that runs: its output is read, and it is ended when its leash is pulled.

Whoever starts processes in some place says how they are signalled there, and when they end.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Final, Protocol

from liftlock.runner.executors.base import KILLED, Patience, Sink

_CHUNK: Final = 1 << 16  # a pipe holds no more


class Process(Protocol):
    """A process that has been started, and leads a session of its own."""

    def watch(self, ended: Callable[[int], None]) -> None:
        """Call this once, from the event loop, with the exit status as a shell has it."""
        ...

    def signal(self, number: int) -> None:
        """Send a signal to the process itself. Called only while it has not ended."""
        ...

    def kill_group(self) -> None:
        """Kill all of its group that is left."""
        ...

    def close(self) -> None:
        """Nobody is interested any more. It has ended, or was killed just now."""
        ...


class Running:
    """One process until it is gone and its output is read: `end` is its exit status."""

    __slots__ = (
        '_loop', '_patience', '_process', '_reader', '_sink', '_status', '_timer', 'end',
    )  # fmt: skip

    def __init__(self, process: Process, reader: int, sink: Sink, patience: Patience) -> None:
        """`reader` is the end of a pipe, and is closed here."""
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
        process.watch(self._ended)

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
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Nothing is to be waited for any more; raise this where `end` is awaited."""
        if not self.end.done():
            self.end.set_exception(error)

    def _ended(self, status: int) -> None:
        self._status = status
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
            self._process.kill_group()
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
            self._process.signal(number)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """Leave nothing behind, also when the waiting was broken off."""
        self._cancel_timer()
        self._stop_reading()
        if self._status is None:
            self._process.kill_group()
        self._process.close()
