"""The containers of an environment: seen, started again, taken away."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from liftlock.rollout.trouble import Trouble
from liftlock.targets.compose import commands, containers, said
from liftlock.targets.compose.containers import Container
from liftlock.targets.compose.engine import Engine
from liftlock.targets.compose.listening import listens
from liftlock.targets.compose.names import Names

_AGAIN: Final = 5.0  # seconds after which everything is inspected, whether it has changed or not
_TRIES: Final = 5


class Fleet:
    def __init__(
        self,
        engine: Callable[[], Awaitable[Engine]],
        names: Names,
        logs: Path,
        changed: Callable[[], None],
        drained: Callable[[Container], Awaitable[None]],
    ) -> None:
        self._engine = engine
        self._names = names
        self._logs = logs
        self._changed = changed
        self._drained = drained
        self._seen: tuple[Container, ...] = ()
        self._listed: Mapping[str, tuple[str, ...]] = {}
        self._inspected = self._looked = 0.0
        self._one = asyncio.Lock()
        self._listening: set[tuple[str, str]] = set()  # who was once found to, by id and start
        self._leaving: set[str] = set()

    @property
    def age(self) -> float:
        """Seconds since the last look."""
        return time.monotonic() - self._looked

    def is_ready(self, one: Container) -> bool:
        """By its own health check; without one, since somebody listens in it."""
        if not one.running:
            return False
        return one.health == 'healthy' if one.health else (one.id, one.started) in self._listening

    def endpoints(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for one in self._seen:
            addresses = found.setdefault(one.revision, [])
            if one.routable and self.is_ready(one) and one.id not in self._leaving:
                addresses.append(one.address)
        return {revision: tuple(addresses) for revision, addresses in found.items()}

    async def look(self) -> tuple[Container, ...]:
        async with self._one:
            return await self._look()

    async def _look(self) -> tuple[Container, ...]:
        before = self.endpoints()
        engine = await self._engine()
        for _ in range(_TRIES):
            listed = containers.listed(await engine.ask(*commands.containers(self._names)))
            now = time.monotonic()
            if listed == self._listed and now - self._inspected < _AGAIN:
                break
            if await self._inspect(engine, tuple(listed)):
                self._listed, self._inspected = listed, now
                break
        self._looked = time.monotonic()
        await self._listen()
        if self.endpoints() != before:
            self._changed()
        return self._seen

    async def _inspect(self, engine: Engine, ids: tuple[str, ...]) -> bool:
        """False where one has gone since it was listed."""
        try:
            text = await engine.ask(*commands.inspect(ids)) if ids else '[]'
        except Trouble:
            return False
        self._seen = containers.parse(text)
        return True

    async def _listen(self) -> None:
        known = {(one.id, one.started) for one in self._seen}
        self._listening &= known
        asked = [
            one
            for one in self._seen
            if one.running and not one.health and (one.id, one.started) not in self._listening
        ]
        found = await asyncio.gather(*(listens(one.address) for one in asked))
        self._listening |= {
            (one.id, one.started) for one, there in zip(asked, found, strict=True) if there
        }

    async def of(self, revision: str) -> tuple[Container, ...]:
        self._listed = {}
        return tuple(one for one in await self.look() if one.revision == revision)

    async def start(self, some: tuple[Container, ...]) -> None:
        """Those that the engine has given up; others it starts again by itself."""
        engine = await self._engine()
        for one in some:
            if not one.running and not one.restarting:
                await engine.ask(*commands.start(one.id))

    async def end(self, some: tuple[Container, ...], grace: float) -> None:
        """Nobody sends them requests any more, what is in flight is finished, then they go."""
        self._leaving |= {one.id for one in some}
        self._changed()
        try:
            await asyncio.gather(*(self._end(one, grace) for one in some))
        finally:
            self._leaving -= {one.id for one in some}
            with contextlib.suppress(Trouble):
                await self.look()
            self._changed()

    async def _end(self, one: Container, grace: float) -> None:
        if one.running:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace):
                    await self._drained(one)
        engine = await self._engine()
        await engine.has(*commands.stop(one.id, grace))
        await said.keep(engine, one, self._logs)
        await engine.has(*commands.remove(one.id))
