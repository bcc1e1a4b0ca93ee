"""A place of instances behind a router, as the contract suite needs it.

Add a target: write `places/<name>.py` with a function `open_<name>(root: Path)` that returns an
asynchronous context manager of Replicas, and name it in `PLACES` of
`tests/contract/test_targets_replicas.py`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

from liftlock.engine.delivery.ports import Meter, Target
from liftlock.rollout.sight import Instance, Sight
from liftlock.rollout.version import Revision, Version

T = TypeVar('T')


class Replica(Target, Meter, Protocol):
    """A target of instances whose router counts."""


class Replicas(Protocol):
    """One environment, with `places/application.py` in it."""

    def open(self) -> AbstractAsyncContextManager[Replica]:
        """A target for it, as a new process has it: it knows what is written down, and no more.
        It is closed afterwards; what is deployed goes on."""
        ...

    def version(self, name: str) -> Version: ...

    async def kill(self, instance: Instance) -> None:
        """Have one instance end, as by a mistake of its own."""
        ...

    async def running(self) -> int:
        """How many run, as the place itself counts them."""
        ...


def revision(number: int, version: Version, env: Mapping[str, str] = {}) -> Revision:
    return Revision(f'r{number}', version, env)


async def until(found: Callable[[], Awaitable[T]], what: str, seconds: float = 60.0) -> T:
    """What is found, once it is something."""
    try:
        async with asyncio.timeout(seconds):
            while not (one := await found()):  # noqa: ASYNC110 - nobody tells us
                await asyncio.sleep(0.03)
            return one
    except TimeoutError:
        raise AssertionError(f'not within {seconds:.0f} s: {what}') from None


async def ready(target: Target, revision: str, count: int) -> Sight:
    """Until exactly so many of it are there, and ready."""

    async def look() -> Sight | None:
        seen = await target.look()
        mine = [one for one in seen.instances if one.revision == revision]
        return seen if len(mine) == count and all(one.ready for one in mine) else None

    return await until(look, f'{count} instances of {revision} are ready')
