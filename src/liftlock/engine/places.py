"""How many jobs may run at a time in this process."""

import os
from collections.abc import Callable


class Places:
    __slots__ = ('_free', '_waiting', 'count')

    def __init__(self, count: int) -> None:
        """`count` 0 means as many as there are cores that this process may use."""
        self.count = self._free = count or len(os.sched_getaffinity(0))
        self._waiting: list[Callable[[], None]] = []

    def take(self, when_free: Callable[[], None]) -> bool:
        """Take a place; if there is none, call `when_free` once there may be one."""
        if self._free > 0:
            self._free -= 1
            return True
        if when_free not in self._waiting:
            self._waiting.append(when_free)
        return False

    def squeeze_in(self) -> None:
        """Take a place even if there is none: who has waited elsewhere does not wait again."""
        self._free -= 1

    def give(self) -> None:
        self._free += 1
        waiting, self._waiting = self._waiting, []
        for tell in waiting:
            tell()
