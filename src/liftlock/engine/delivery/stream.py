"""One environment's facts, read as far as they go, and its state."""

from liftlock.rollout.environment import Environment
from liftlock.rollout.facts import Fact
from liftlock.store import deliveries
from liftlock.store.database import Store
from liftlock.store.deliveries import Behind, Place


class Stream:
    __slots__ = ('_store', 'environment', 'place')

    def __init__(self, store: Store, place: Place) -> None:
        self._store = store
        self.place = place
        self.environment = Environment()
        self.read()

    def read(self) -> None:
        for stamped in deliveries.facts(self._store, self.place.id, self.environment.seq):
            self.environment.take(stamped)

    def write(self, *facts: Fact) -> bool:
        """False, and nothing is written, if there is news that decisions must take in first. It
        is read then."""
        try:
            written = deliveries.append(
                self._store, self.place.id, facts, after=self.environment.seq
            )
        except Behind:
            self.read()
            return False
        for stamped in written:
            self.environment.take(stamped)
        return True
