"""An environment as its controller holds it: the fold of its facts, and the right to add some."""

from collections.abc import Sequence

from liftlock.engine.delivery import blueprint as blueprints
from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.rollout import facts as f
from liftlock.rollout.decide import governing
from liftlock.rollout.environment import Environment
from liftlock.rollout.phases import Phase
from liftlock.store import deliveries
from liftlock.store.database import Store
from liftlock.store.deliveries import Behind, Place


class Holding:
    """`place.token` is the claim under which facts are written."""

    def __init__(self, store: Store, place: Place) -> None:
        self.store = store
        self.place = place
        self.environment = Environment()

    @property
    def number(self) -> int:
        """The deployment by whose terms everything is done now."""
        return governing(self.environment)

    @property
    def returning(self) -> bool:
        active = self.environment.active
        return active is not None and active.phase is Phase.RETURNING

    def read(self) -> None:
        """Take in what others have written."""
        for stamped in deliveries.facts(self.store, self.place.id, self.environment.seq):
            self.environment.take(stamped)

    def refuse_stale(self) -> None:
        """Who was stopped for a while, and followed by another, must not bring about anything."""
        token = self.place.token
        if token and deliveries.place(self.store, self.place.id).token != token:
            raise deliveries.StaleToken(f'{self.place.name} is held by somebody else now')

    def append(self, facts: Sequence[f.Fact], *, decided: bool = False) -> bool:
        """False if somebody has written since the facts were `decided`."""
        after = self.environment.seq if decided else None
        try:
            stamped = deliveries.append(self.store, self.place.id, facts, self.place.token, after)
        except Behind:
            return False
        if stamped and stamped[0].seq == self.environment.seq + 1:
            for each in stamped:
                self.environment.take(each)
        else:
            self.read()  # with what others have written in between
        return True

    def blueprint(self, digest: str) -> Blueprint:
        return blueprints.load(deliveries.text(self.store, digest))
