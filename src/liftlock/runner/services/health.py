"""Whether a service is well, by the command of its `options:`.

Docker's rules, but for one: the first look is taken as soon as the server is ready, and not after
a whole interval. So a service that is well holds its job up for as long as it takes to start.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.services.asked import Health

TIMED_OUT: Final = -1


class Look(NamedTuple):
    """What one look has brought: the exit status of the command, and what it printed."""

    status: int
    said: str


async def find_wrong(health: Health, look: Callable[[], Awaitable[Look]]) -> str:
    """Wait until it is well; '' then, else in a few words what is wrong.

    `look` runs the command once and ends it after `health.timeout`. Failures of the start period
    do not count.
    """
    begun, failures = time.monotonic(), 0
    while True:
        found = await look()
        if found.status == 0:
            return ''
        if time.monotonic() - begun >= health.start_period:
            failures += 1
        if failures >= health.retries:
            return _told(health, found)
        await asyncio.sleep(health.interval)


def _told(health: Health, found: Look) -> str:
    how = (
        f'took longer than {health.timeout:g} seconds'
        if found.status == TIMED_OUT
        else f'ended with exit code {found.status}'
    )
    said = f', and said: {found.said.splitlines()[-1]}' if found.said.strip() else ''
    return f'`{health.command}` {how}, {health.retries} times in a row{said}'
