"""A place that is updated as a whole, as the contract suite needs it.

Add a target: write `places/<name>.py` with a context manager `open_<name>(root: Path)` that yields
a Place, and name it in `PLACES` of `tests/contract/test_targets_in_place.py`.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from liftlock.engine.delivery.ports import Target
from liftlock.rollout.sight import Sight
from liftlock.rollout.version import Revision, Version


class Place(Protocol):
    """One environment, with something in it that Liftlock has not deployed, or nothing yet."""

    env: Mapping[str, str]  # variables that its revisions have

    def open(self) -> Target:
        """A target for it, as a new process has it: it knows what is written down, and no more."""
        ...

    def version(self, name: str, *, bad: bool = False) -> Version:
        """One that can be deployed; if it is bad, its deployment comes to nothing."""
        ...

    def changes(self) -> int:
        """How often the place was made to change anything, as the place itself counts it."""
        ...

    def running(self) -> str:
        """The name of the version that runs, asked of the place itself."""
        ...


async def settle(target: Target) -> Sight:
    """Until a look says that it has settled, or never will."""
    return await look_until(target, lambda seen: seen.settled or bool(seen.failed))


async def look_until(
    target: Target, wanted: Callable[[Sight], bool], seconds: float = 30.0
) -> Sight:
    for _ in range(int(seconds / 0.05)):
        seen = await target.look()
        if wanted(seen):
            return seen
        await asyncio.sleep(0.05)
    raise AssertionError(f'what was waited for was never seen: {seen}')


def revision(number: int, version: Version, env: Mapping[str, str] = {}) -> Revision:
    return Revision(f'r{number}', version, env)
