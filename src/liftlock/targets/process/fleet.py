"""All instances of an environment: as many of each revision as are wanted."""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from itertools import count, islice

from liftlock.rollout.version import Revision
from liftlock.targets.process.ground import Ground
from liftlock.targets.process.life import Life
from liftlock.targets.process.record import Record


class Fleet:
    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._lives: dict[str, Life] = {}

    def adopt(self, records: Collection[Record]) -> None:
        for kept in records:
            self._lives[kept.id] = Life(kept, self._ground)

    def all(self) -> list[Life]:
        """Those that are there; who has ended for good is forgotten."""
        self._lives = {name: life for name, life in self._lives.items() if not life.gone}
        return list(self._lives.values())

    def of(self, revision: str) -> list[Life]:
        return [life for life in self.all() if life.record.revision == revision]

    async def scale(self, revision: Revision, wanted: int, pattern: Record) -> None:
        """`pattern` is the record of an instance that is to be made."""
        staying = [life for life in self.of(revision.name) if not life.leaving]
        ending = leaving(staying, len(staying) - wanted)
        for number in islice(self._numbers(revision.name), max(0, wanted - len(staying))):
            kept = pattern._replace(id=f'{revision.name}-{number}')
            self._lives[kept.id] = Life(kept, self._ground)
        for life in self.of(revision.name):
            life.wake()
        ending += [life for life in self.of(revision.name) if life.leaving]
        starting = [life.started for life in self.of(revision.name) if life.is_new]
        await asyncio.gather(*map(asyncio.shield, starting), *(life.stop() for life in ending))

    async def stop(self) -> None:
        await asyncio.gather(*(life.stop() for life in self.all()))

    async def release(self) -> None:
        await asyncio.gather(*(life.release() for life in self._lives.values()))
        self._lives.clear()

    def _numbers(self, revision: str) -> Iterator[int]:
        taken = {life.record.number for life in self.of(revision)}
        return (number for number in count(1) if number not in taken)


def leaving(lives: Sequence[Life], surplus: int) -> list[Life]:
    """Who is to go first: who does not run, then who is not ready, then the latest."""
    ranked = sorted(lives, key=lambda one: (one.alive, bool(one.ready), -one.record.number))
    return ranked[: max(0, surplus)]
