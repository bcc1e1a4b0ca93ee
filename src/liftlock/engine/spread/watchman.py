"""Gives up workers that are silent. Every process has one: whoever notices first, does it.

Silence is counted in steps between two looks, and a step that took long counts as a short one: a
database that was away for a minute has not heard anybody in that time.
"""

from collections.abc import Callable, Iterable, Mapping

from liftlock.engine.spread import yard as yards
from liftlock.engine.spread.yard import Yard
from liftlock.language.records import NamedTuple
from liftlock.store import workers
from liftlock.store.workers import Worker

ROLE = 'dispatch'


class Quiet(NamedTuple):
    """A worker's beat, and for how many seconds it has stood there."""

    beat: int
    seconds: float


def listen(known: Mapping[str, Quiet], found: Iterable[Worker], elapsed: float) -> dict[str, Quiet]:
    """Pure: what is known after another look. Who was not known has just been heard of."""
    heard = {}
    for worker in found:
        before = known.get(worker.id)
        same = before is not None and before.beat == worker.beat
        heard[worker.id] = Quiet(worker.beat, before.seconds + elapsed if before and same else 0.0)
    return heard


class Watchman:
    def __init__(self, yard: Yard, own: Callable[[], str]) -> None:
        """`own`: the id of this process."""
        self._yard = yard
        self._own = own
        self._known: dict[str, Quiet] = {}
        self._looked = yards.now()

    def look(self) -> None:
        """To be called every `beat`."""
        limits, store = self._yard.limits, self._yard.store
        found, own = workers.listed(store), self._own()
        before, self._looked = self._looked, yards.now()
        elapsed = min(self._looked - before, 2 * limits.beat)
        self._known = listen(self._known, found, elapsed)
        for worker in found:
            if worker.id != own and self._known[worker.id].seconds > limits.grace:
                self._give_up(worker)
        if workers.elected(store, ROLE, own):
            with store.transaction() as sql:
                self._yard.dispatch(sql, elapsed)

    def _give_up(self, worker: Worker) -> None:
        with (
            self._yard.copied(worker.id) as copies,
            self._yard.store.transaction() as sql,
        ):
            if workers.bury(sql, worker.id, worker.beat):
                seconds = self._known[worker.id].seconds
                reason = f'the worker {worker.id} has not been heard of for {seconds:.0f} s'
                self._yard.write_off(sql, worker, reason, copies)
