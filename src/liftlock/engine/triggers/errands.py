"""What is done beside one another: each by its key one at a time, so that a forge that hangs holds
up nobody but itself."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable

from liftlock.engine import trail


class Errands:
    """`name` is what they are for, in the log."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._tasks: dict[Hashable, asyncio.Task[None]] = {}

    def begin(self, key: Hashable, act: Callable[[], Awaitable[object]]) -> bool:
        """False if the one with this key goes on still."""
        if key in self._tasks:
            return False
        self._tasks[key] = asyncio.create_task(self._run(key, act))
        return True

    async def _run(self, key: Hashable, act: Callable[[], Awaitable[object]]) -> None:
        try:
            await act()
        except Exception as error:  # a task boundary: the others go on, and this one begins again
            trail.tell(self._name, error)
        finally:
            self._tasks.pop(key, None)

    async def rest(self) -> None:
        """Until all that have begun have ended."""
        while self._tasks:
            await asyncio.wait([*self._tasks.values()])

    async def end(self) -> None:
        tasks = [*self._tasks.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
