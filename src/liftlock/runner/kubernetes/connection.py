"""One `kubectl exec` that starts a process in a pod, or goes on listening to it."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from typing import IO, Any, Final

from liftlock.runner.executors.base import Sink
from liftlock.runner.kubernetes import kubectl
from liftlock.runner.kubernetes.ear import Ear
from liftlock.runner.kubernetes.kubectl import Kubectl

_CHUNK: Final = 1 << 16
_SILENT: Final = 90.0  # seconds: the pod says every ten that it is there
_LEAVING: Final = 3.0  # seconds for kubectl to end when all has been said


class Connection:
    """`over` is done when nothing more comes; what the sink raises is raised there."""

    def __init__(self, client: Kubectl, words: tuple[str, ...], sink: Sink) -> None:
        self._client = client
        self._words = words
        self._sink = sink
        self._process: asyncio.subprocess.Process | None = None
        self._heard = time.monotonic()
        self.ear = Ear()
        self.begun = asyncio.Event()
        self.over: asyncio.Task[None]

    async def open(self, given: IO[bytes] | None = None) -> None:
        """Raises ClusterFailed."""
        self._process = await self._client.start(*self._words, given=given)
        if given is None and self._process.stdin is not None:
            self._process.stdin.close()
        self.over = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        tasks = [
            asyncio.create_task(work)
            for work in (
                self._read(self._process.stdout, self._sink),
                self._read(self._process.stderr, self._hear),
            )
        ]
        watch = asyncio.create_task(self._watch())
        try:
            await asyncio.gather(*tasks)
        finally:
            self.begun.set()
            for task in (*tasks, watch):
                task.cancel()
            await asyncio.gather(*tasks, watch, return_exceptions=True)
            await kubectl.end(self._process)

    async def _read(self, stream: asyncio.StreamReader, take: Callable[[bytes], None]) -> None:
        while chunk := await stream.read(_CHUNK):
            self._heard = time.monotonic()
            take(chunk)

    def _hear(self, chunk: bytes) -> None:
        self.ear(chunk)
        if self.ear.begun:
            self.begun.set()

    async def _watch(self) -> None:
        """A connection that nobody has closed, and over which nothing comes, is none."""
        assert self._process is not None
        said = 0.0
        while True:
            await asyncio.sleep(1.0 if self.ear.ended else 5.0)
            now = time.monotonic()
            said = said or (now if self.ear.ended else 0.0)
            if now - self._heard > _SILENT or (said and now - said > _LEAVING):
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()

    async def close(self) -> None:
        self.over.cancel()
        await asyncio.gather(self.over, return_exceptions=True)


def soon(work: Coroutine[Any, Any, object], kept: 'set[asyncio.Task[object]]') -> None:
    """Have it done beside us; `kept` holds it until then."""
    task = asyncio.ensure_future(work)
    kept.add(task)
    task.add_done_callback(kept.discard)
