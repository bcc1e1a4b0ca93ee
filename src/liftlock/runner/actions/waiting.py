"""Waiting for something at AWS to become what it should be."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.workbench import StepFailed, Workbench

_MOST_MINUTES: Final = 360
_MINUTES: Final = 30
_PAUSE: Final = 15.0  # seconds


class Patience(NamedTuple):
    """How long to wait in all, and how many seconds between two questions."""

    minutes: int
    pause: float

    @classmethod
    def read(cls, bench: Workbench, more: int = 0) -> 'Patience':
        """From `wait-for-minutes` and `wait-max-delay-seconds`; `more` are minutes on top."""
        said, longest = (
            bench.inputs[name].strip() for name in ('wait-for-minutes', 'wait-max-delay-seconds')
        )
        minutes = int(said) if said.isdecimal() and int(said) else _MINUTES
        pause = min(_PAUSE, float(longest)) if longest.isdecimal() else _PAUSE
        return cls(min(min(minutes, _MOST_MINUTES) + more, _MOST_MINUTES), pause)


async def wait(patience: Patience, done: Callable[[], Awaitable[bool]], what: str) -> None:
    """StepFailed when it takes too long; `what` says what is not so."""
    end = time.monotonic() + patience.minutes * 60
    while not await done():
        if time.monotonic() + patience.pause > end:
            raise StepFailed(f'After {patience.minutes} minutes {what}')
        await asyncio.sleep(patience.pause)
