"""Looks cost a program or two each. Where nothing has changed for a while, fewer are taken."""

import time
from collections.abc import Awaitable, Callable
from typing import Final

from liftlock.rollout.sight import Sight

QUIET: Final = 30.0  # seconds without a change, after which
PAUSE: Final = 5.0  # one look is good for so long


class Calm:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: Sight | None = None
        self._key: Sight | None = None
        self._since = self._next = 0.0

    async def look(self, take: Callable[[], Awaitable[Sight]]) -> Sight:
        """The latest look, or a new one. One that fails counts for nothing."""
        now = self._clock()
        if self._seen is not None and now < self._next:
            return self._seen
        seen = await take()
        key = _without_usage(seen)
        if key != self._key:
            self._key, self._since = key, now
        quiet = now - self._since >= QUIET
        self._seen, self._next = seen, now + PAUSE if quiet else now
        return seen

    def wake(self) -> None:
        """Something is about to change."""
        self._key, self._next = None, 0.0


def _without_usage(seen: Sight) -> Sight:
    """CPU and memory change all the time, and mean nothing."""
    return seen._replace(instances=tuple(one._replace(cpu=0.0, memory=0) for one in seen.instances))
