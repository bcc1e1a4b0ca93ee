"""What a controller has under way: tasks by name, each at most once, with pauses after troubles."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from time import monotonic
from typing import Any, Final

from liftlock.language.records import NamedTuple

FIRST: Final = 1.0  # seconds until something is tried again
LONGEST: Final = 60.0


class Again(NamedTuple):
    """Not before `at`; the pause before that was `pause`."""

    at: float
    pause: float


class Work:
    """`ended` is told the name, what it was asked with, and the error if there was one."""

    def __init__(self, ended: Callable[[str, BaseException | None], None]) -> None:
        self._ended = ended
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._asked: dict[str, object] = {}
        self._again: dict[str, Again] = {}

    @property
    def underway(self) -> frozenset[str]:
        return frozenset(self._tasks)

    def start(
        self, name: str, task: Callable[[], Coroutine[Any, Any, None]], asked: object = None
    ) -> bool:
        """Unless it is under way already, or has failed a moment ago. A task that was asked for
        something else is broken off for the new one."""
        if name in self._tasks:
            if self._asked[name] != asked:
                self._tasks[name].cancel()
            return False
        again = self._again.get(name)
        if again is not None and monotonic() < again.at:
            return False
        self._asked[name] = asked
        self._tasks[name] = asyncio.create_task(self._run(name, task))
        return True

    async def _run(self, name: str, task: Callable[[], Coroutine[Any, Any, None]]) -> None:
        error: BaseException | None = None
        try:
            await task()
            self._again.pop(name, None)
        except asyncio.CancelledError:
            pass
        except Exception as caught:
            error = caught
            before = self._again.get(name, Again(0.0, FIRST / 2))
            pause = min(before.pause * 2, LONGEST)
            self._again[name] = Again(monotonic() + pause, pause)
        finally:
            del self._tasks[name]
        self._ended(name, error)

    def forget_troubles(self) -> None:
        self._again.clear()

    async def end(self) -> None:
        """Break everything off, and wait until it is."""
        tasks: Mapping[str, asyncio.Task[None]] = dict(self._tasks)
        for task in tasks.values():
            task.cancel()
        if tasks:
            await asyncio.wait(tasks.values())
