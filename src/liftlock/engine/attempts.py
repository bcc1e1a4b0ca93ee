"""The attempts of one run that are under way in this process, and which of them have a place."""

from collections.abc import Iterator

from liftlock.engine.attempt import Attempt
from liftlock.engine.places import Places


class Attempts:
    """By the keys of their jobs. Whoever begins one has taken a place for it."""

    __slots__ = ('_begun', '_places', '_waiting')

    def __init__(self, places: Places) -> None:
        self._places = places
        self._begun: dict[str, Attempt] = {}
        self._waiting: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._begun)

    def __iter__(self) -> Iterator[Attempt]:
        return iter(tuple(self._begun.values()))

    def find(self, key: str) -> Attempt | None:
        return self._begun.get(key)

    def begin(self, attempt: Attempt) -> None:
        self._begun[attempt.request.plan.key] = attempt

    def let_wait(self, key: str) -> None:
        """A job that waits for something of this machine leaves its place to others meanwhile."""
        if key not in self._waiting:
            self._waiting.add(key)
            self._places.give()

    def let_go_on(self, key: str) -> None:
        if key in self._waiting:
            self._waiting.remove(key)
            self._places.squeeze_in()

    def remove(self, key: str) -> None:
        """It is over."""
        del self._begun[key]
        if key in self._waiting:
            self._waiting.remove(key)
        else:
            self._places.give()

    async def end(self) -> None:
        """All of them at once. Those that did not get to say that they are over have a place that
        other runs of this process want."""
        for attempt in self:
            await attempt.end()
        for key in tuple(self._begun):
            self.remove(key)
