"""Everything of a server and a worker in this process: what spreads work over machines, without
machines. Jobs are done by a pretended runner."""

import asyncio
import contextlib

from liftlock.engine.inline import Inline
from liftlock.engine.spread.bells import Bells
from liftlock.engine.spread.carrying import Ground
from liftlock.engine.spread.driver import Spread
from liftlock.engine.spread.duty import Bay, Seal
from liftlock.engine.spread.watchman import Watchman
from liftlock.engine.spread.worker import Worker
from liftlock.engine.spread.yard import Limits, Silence, Yard
from liftlock.engine.submission import Hands, Terms
from liftlock.store.database import Store
from liftlock.store.sealing import make_key
from liftlock.store.workers import Card

QUICK = Limits(beat=0.05, fence=0.5, grace=1.0, patience=0.2, often=0.02)
CARD = Card('', 'here', 1, 'test', 'x86_64', slots=2)


def seal(store: Store) -> Seal:
    key = make_key(store.directory / 'test.key')
    return Seal(
        lambda text: key.seal(text, 'task').hex(),
        lambda text: key.open(bytes.fromhex(text), 'task'),
    )


class Fleet:
    """Satisfies what tests ask of an engine; `die` is a `kill -9` of all of it."""

    def __init__(
        self, store: Store, hands: Hands, *, slots: int = 2, limits: Limits = QUICK
    ) -> None:
        self.store = store
        self.yard = Yard(store, Silence(), limits)
        self.bay = Bay(
            self.yard, hands, lambda run: Terms(), lambda event, otherwise: otherwise, {},
            store.directory, seal(store),
        )  # fmt: skip
        self.engine: Inline = Spread(Ground(self.yard, Bells(0.02), self.bay.seal), hands)
        self.card = CARD._replace(slots=slots)
        self._tasks: list[asyncio.Task[None]] = []
        self.worker: Worker | None = None

    def begin(self) -> None:
        """In the running loop, unless it is there already."""
        if self._tasks and self._tasks[0].get_loop() is asyncio.get_running_loop():
            return
        self.worker = Worker(self.bay, self.card)
        self._tasks = [
            asyncio.create_task(self.worker.serve(0.0)),
            asyncio.create_task(self._watch()),
        ]

    async def _watch(self) -> None:
        watchman = Watchman(self.yard, lambda: self.worker.id if self.worker else '')
        while True:
            watchman.look()
            await asyncio.sleep(self.yard.limits.beat)

    async def die(self) -> None:
        """Nothing is said to anybody."""
        if self.worker is None:
            return
        worker, self.worker = self.worker, None
        worker._sign_off = lambda: None  # type: ignore[method-assign]
        await self.end()

    async def end(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
