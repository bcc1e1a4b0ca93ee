"""What a worker remembers of runs, so that each further job of one costs only what is new."""

from typing import Final

from liftlock.engine import past
from liftlock.engine.past import History
from liftlock.engine.submission import Hands
from liftlock.plan.progress import advance
from liftlock.runner.ports import World
from liftlock.store.database import Store

KEPT: Final = 32  # runs


class Known:
    def __init__(self, store: Store, hands: Hands) -> None:
        self._store = store
        self._hands = hands
        self._runs: dict[int, tuple[History, World, int]] = {}

    def look(self, run: int) -> tuple[History, World]:
        """Its history up to now, and its world. UserError."""
        found = self._runs.pop(run, None) or self._read(run)
        self._runs[run] = self._go_on(run, *found)
        while len(self._runs) > KEPT:
            del self._runs[next(iter(self._runs))]
        return self._runs[run][:2]

    def _read(self, run: int) -> tuple[History, World, int]:
        history = past.read(self._store, run)
        world = self._hands.world(run, history.submission)
        return history, world, history.facts[-1].seq

    def _go_on(
        self, run: int, history: History, world: World, seq: int
    ) -> tuple[History, World, int]:
        progress = history.progress
        for stamped in self._store.facts(run, seq):
            progress = advance(progress, stamped.fact)
            history.past.take(stamped.fact)
            seq = stamped.seq
        return history._replace(progress=progress), world, seq
