"""A process in a pod: started once, listened to over as many connections as it takes."""

import asyncio
import random
import signal
import tempfile
import time
from collections.abc import Callable, Collection
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

from liftlock.runner.executors.base import KILLED, CannotStart, Leash, Patience, Sink
from liftlock.runner.kubernetes import scripts
from liftlock.runner.kubernetes.connection import Connection, soon
from liftlock.runner.kubernetes.kubectl import Kubectl
from liftlock.runner.kubernetes.places import OWN

if TYPE_CHECKING:
    from liftlock.runner.kubernetes.ear import Ended

_PAUSE: Final = (0.2, 5.0)  # seconds between tries, growing
_AGAIN: Final = 600.0  # seconds for which a pod that we cannot reach is tried
_OBEYING: Final = 20.0  # seconds for a killed process to end; then the pod goes
_TENTHS: Final = 10


class Pod(Protocol):
    """What a process needs of the pod in which it runs."""

    client: Kubectl
    starting: asyncio.Lock

    def words(self, script: str, *arguments: str, given: bool = False) -> tuple[str, ...]: ...
    def pack(self, folder: str, order: bytes, lent: Collection[str], file: IO[bytes]) -> None: ...
    def landed(self, now: int) -> None: ...
    def take(self, files: IO[bytes]) -> None: ...
    async def why_lost(self) -> str: ...
    async def destroy(self) -> None: ...
    @property
    def lost(self) -> 'asyncio.Future[str]': ...
    @property
    def commands(self) -> str: ...


class Process:
    """`numbers` are one that is new in its pod, and that of a process that has ended, or 0."""

    def __init__(
        self,
        pod: Pod,
        numbers: tuple[int, int],
        sink: Sink,
        say: Callable[[str], None],
        patience: Patience,
    ) -> None:
        self._pod = pod
        number, done = numbers
        self._folder = f'{OWN}/{number}'
        self._done = f'{OWN}/{done}' if done else ''
        self._sink = sink
        self._say = say
        self._patience = patience
        self._size = 0
        self._tasks: set[asyncio.Task[object]] = set()
        self._timers: list[asyncio.TimerHandle] = []
        self._given_up = asyncio.Event()

    async def run(self, order: bytes, lent: Collection[str], leash: Leash) -> tuple[int, str]:
        """The exit status, and why it was not started. `lent` are directories of this machine that
        it needs there. Raises CannotStart."""
        ended: Ended | None = None
        with tempfile.TemporaryFile() as file:
            async with self._pod.starting:
                await asyncio.to_thread(self._pod.pack, self._folder, order, lent, file)
                connection = await self._begin(file, leash)
            leash.hold(self._obey)
            try:
                ended = await self._listen(connection)
            finally:
                leash.hold(None)
                for timer in self._timers:
                    timer.cancel()
                if ended is None and not self._pod.lost.done():
                    await self._signal(signal.SIGKILL, group=True)
                await asyncio.gather(*self._tasks, return_exceptions=True)
        if ended is None:
            return 128 + signal.SIGKILL, ''
        self._pod.take(ended.files)
        return ended.status, ended.why

    # --- connections

    async def _begin(self, file: IO[bytes], leash: Leash) -> Connection:
        """The first that has reached the pod, with what the process needs. Raises CannotStart."""
        size, since, tries = file.tell(), time.monotonic(), 0
        while True:
            file.seek(0)
            connection = self._connection(size)
            await connection.open(file)
            try:
                await connection.begun.wait()
                if connection.ear.begun:
                    self._pod.landed(connection.ear.begun)
                    return connection
                if connection.ear.failed or leash.level or time.monotonic() - since > _AGAIN:
                    raise await self._explain(connection)
                await self._tell(connection, tries)
                tries += 1
            except BaseException:
                await connection.close()
                raise

    def _connection(self, given: int = 0) -> Connection:
        tenths = round(self._patience.for_pipes * _TENTHS)
        arguments = (
            self._folder, str(given), str(self._size), str(tenths), self._pod.commands, self._done,
        )  # fmt: skip
        words = self._pod.words(scripts.RUN, *arguments, given=bool(given))
        return Connection(self._pod.client, words, self._take)

    def _take(self, chunk: bytes) -> None:
        self._size += len(chunk)
        self._sink(chunk)

    async def _listen(self, connection: Connection) -> 'Ended | None':
        """None where the pod had to be destroyed."""
        tries, since = 0, time.monotonic()
        try:
            while True:
                if not await self._wait_for(connection):
                    return None
                ear = connection.ear
                if ear.ended and self._size >= ear.ended.size:
                    return ear.ended
                if ear.failed or ear.lost:
                    raise await self._explain(connection)
                if ear.begun:
                    tries, since = 0, time.monotonic()
                if time.monotonic() - since > _AGAIN or self._pod.lost.done():
                    raise await self._explain(connection)
                if not ear.ended:
                    await self._tell(connection, tries)
                tries += 1
                connection = self._connection()
                await connection.open()
        finally:
            await connection.close()

    async def _wait_for(self, connection: Connection) -> bool:
        given_up = asyncio.create_task(self._given_up.wait())
        try:
            waited: set[asyncio.Future[Any]] = {connection.over, given_up, self._pod.lost}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if self._pod.lost.done() and not connection.over.done():
                await asyncio.wait({connection.over}, timeout=1.0)  # for its last words
            if connection.over.done():
                connection.over.result()
                return True
            if self._pod.lost.done():
                raise CannotStart(self._pod.lost.result())
            return False
        finally:
            given_up.cancel()

    async def _tell(self, connection: Connection, tries: int) -> None:
        """Wait a little, and see whether there is a pod to go on with. Raises CannotStart."""
        reason = await self._pod.why_lost()
        if reason:
            raise CannotStart(reason)
        if tries == 1:
            words = connection.ear.words or 'kubectl does not say why'
            self._say(f'##[warning]The connection to the pod was lost ({words}); trying again')
        least, most = _PAUSE
        await asyncio.sleep(min(least * 2**tries, most) * random.uniform(0.8, 1.2))  # noqa: S311

    async def _explain(self, connection: Connection) -> CannotStart:
        reason = await self._pod.why_lost()
        if reason:
            return CannotStart(reason)
        if connection.ear.lost:
            return CannotStart('The process is gone from its pod, and nobody knows how it ended')
        words = connection.ear.words or 'kubectl does not say why'
        return CannotStart(f'Nothing could be started in the pod of this job: {words}')

    # --- the end

    def _obey(self, level: int) -> None:
        for timer in self._timers:
            timer.cancel()
        loop = asyncio.get_running_loop()
        if level >= KILLED:
            self._send(signal.SIGKILL, group=True)
            self._timers = [loop.call_later(_OBEYING, self._give_up)]
            return
        patience = self._patience
        self._send(signal.SIGINT)
        terminated = patience.after_interrupt
        killed = terminated + patience.after_terminate
        self._timers = [
            loop.call_later(terminated, self._send, signal.SIGTERM),
            loop.call_later(killed, self._send, signal.SIGKILL),
            loop.call_later(killed + _OBEYING, self._give_up),
        ]

    def _send(self, number: signal.Signals, *, group: bool = False) -> None:
        soon(self._signal(number, group=group), self._tasks)

    def _give_up(self) -> None:
        self._given_up.set()
        soon(self._pod.destroy(), self._tasks)

    async def _signal(self, number: signal.Signals, *, group: bool) -> None:
        name = number.name.removeprefix('SIG')
        words = self._pod.words(scripts.SIGNAL, self._folder, name, '-' if group else '')
        await self._pod.client.ask(*words, patience=_OBEYING)
