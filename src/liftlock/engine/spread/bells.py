"""Who waits for word of a run, in this process."""

import asyncio
import contextlib


class Bells:
    def __init__(self, often: float) -> None:
        """`often`: seconds after which one looks though no bell has rung."""
        self._often = often
        self._waiting: dict[int, asyncio.Event] = {}

    def ring(self, run: int) -> None:
        """In the thread of the event loop. 0: whoever waits, word may have been lost."""
        if run in self._waiting:
            self._waiting[run].set()
        elif not run:
            for event in self._waiting.values():
                event.set()

    async def wait(self, run: int) -> None:
        event = self._waiting.setdefault(run, asyncio.Event())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._often):
                await event.wait()
        event.clear()

    def forget(self, run: int) -> None:
        self._waiting.pop(run, None)
