"""One process among those that share a database: its worker, its watchman, and its ears."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from liftlock.engine import trail
from liftlock.engine.spread.bells import Bells
from liftlock.engine.spread.duty import Bay
from liftlock.engine.spread.watchman import Watchman
from liftlock.engine.spread.worker import Worker
from liftlock.errors import UserError
from liftlock.store import workers
from liftlock.store.notices import Listener
from liftlock.store.workers import Card

KEPT: Final = 86400.0  # seconds for which rows of workers that are gone stay
TIDY: Final = 3600.0


class Station:
    """A server that is no worker has a worker without slots: it is known to be there, and may hold
    roles."""

    def __init__(self, bay: Bay, card: Card, bells: Bells) -> None:
        self.worker = Worker(bay, card)
        self._bay = bay
        self._card = card
        self._bells = bells
        self._watchman = Watchman(bay.yard, lambda: self.worker.id)

    def elected(self, role: str) -> bool:
        """Whether this process has the role, of which there is one holder."""
        return bool(self.worker.id) and workers.elected(self._bay.yard.store, role, self.worker.id)

    async def serve(self, grace: float) -> None:
        """Until `worker.end` is called; then what runs has `grace` seconds to finish."""
        async with self.open(grace):
            await self.worker.over.wait()

    @asynccontextmanager
    async def open(self, grace: float) -> AsyncIterator[None]:
        """It works as long as this is open."""
        loop = asyncio.get_running_loop()
        ears = self._listen(loop)
        work = asyncio.create_task(self.worker.serve(grace))
        beside = [asyncio.create_task(self._watch())]
        if self._card.slots:
            beside.append(asyncio.create_task(self._hear()))
        try:
            yield
        finally:
            self.worker.end()
            with contextlib.suppress(asyncio.CancelledError):
                await work
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
            if ears is not None:
                ears.end()

    def _listen(self, loop: asyncio.AbstractEventLoop) -> Listener | None:
        url = self._bay.yard.store.database
        if not url:
            return None

        def heard(run: int) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(self._bells.ring, run)

        ears = Listener(url, heard)
        ears.start()
        return ears

    async def _hear(self) -> None:
        """Word to this worker, whatever its id is by now."""
        while True:
            self.worker.new.clear()
            if self.worker.id:
                listening = asyncio.create_task(
                    self._bay.yard.post.listen(self.worker.id, self.worker.wake)
                )
                try:
                    await self.worker.new.wait()
                finally:
                    listening.cancel()
                    await asyncio.wait([listening])
            else:
                await self.worker.new.wait()

    async def _watch(self) -> None:
        limits, store = self._bay.yard.limits, self._bay.yard.store
        tidied = 0.0
        while True:
            await asyncio.sleep(limits.beat)
            if not self.worker.id:
                continue
            self._try('looking after other workers', self._watchman.look)
            tidied += limits.beat
            if tidied >= TIDY:
                tidied = 0.0
                self._try('forgetting old workers', lambda: workers.forget(store, KEPT))

    def _try(self, what: str, do: Callable[[], object]) -> None:
        try:
            do()
        except UserError as error:
            trail.say(str(error))
        except Exception as error:  # a boundary: it is tried again at the next beat
            trail.tell(what, error)
