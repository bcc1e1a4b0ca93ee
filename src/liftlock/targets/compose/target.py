"""Services of a compose file, behind the traffic router. Each revision is a compose project of its
own, so nothing is ever recreated in place.

    <directory>/releases/   the commits' files, laid once for a version
                images/     which image a version has
                work/       project files, as long as compose reads them
                logs/       what containers said that are gone
                ports.json  of the entrances, where the user chose none

What runs is known by the engine alone, which starts again whoever dies; labels say what is ours.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Final

from liftlock.language.settings.model import Compose, HealthCheck
from liftlock.plan.masking import Masker
from liftlock.rollout.sight import Capabilities, Instance, Routes, Sight, Window
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision
from liftlock.targets.compose import commands, containers, said, workshop
from liftlock.targets.compose.containers import Container
from liftlock.targets.compose.fleet import Fleet
from liftlock.targets.compose.names import names
from liftlock.targets.compose.workshop import Preparation
from liftlock.targets.envoy.router import Router
from liftlock.targets.process.entrance import Entrance
from liftlock.targets.process.releases import Lay
from liftlock.targets.process.traffic import drained
from liftlock.targets.process.usage import Meter

_WATCH: Final = 1.0  # seconds between looks, where nobody else looks


class ComposeTarget:
    """Made within a running event loop."""

    capabilities = Capabilities(
        weights=True, headers=True, mirrors=True, preview=True, metrics=True
    )

    def __init__(
        self,
        settings: Compose,
        slug: str,
        directory: Path,
        router: Router,
        health: HealthCheck | None,
        lay: Lay,
    ) -> None:
        self._settings = settings
        self._slug = slug
        self._router = router
        self._logs = directory / 'logs'
        self._names = names(slug, directory)
        self._preparation = Preparation(settings, slug, self._names, directory, lay)
        self._fleet = Fleet(
            self._preparation.engine, self._names, self._logs, self._changed, self._drain
        )
        kept = directory / 'ports.json'
        self._entrance = Entrance(slug, settings, kept, router, health, self._fleet.endpoints)
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._meter = Meter()
        self._pids: set[int] = set()  # that were measured
        self._masker = Masker()
        self._tasks: list[asyncio.Task[None]] = []

    async def look(self) -> Sight:
        self._tend()
        seen = await self._fleet.look()
        pids = {one.pid for one in seen} - {0}
        for gone in self._pids - pids:
            self._meter.forget(gone)
        self._pids = pids
        return Sight(
            instances=tuple(map(self._instance, seen)),
            routes=await self._router.confirmed(self._slug),
        )

    async def prepare(self, revision: Revision) -> str:
        self._know(revision)
        used = frozenset(one.release for one in await self._fleet.look())
        return await self._preparation.prepare(revision, used)

    async def scale(self, revision: Revision, instances: int) -> None:
        self._tend()
        self._know(revision)
        async with self._turns[revision.name]:
            mine = await self._fleet.of(revision.name)
            stay = set(mine) - set(containers.superfluous(mine, instances))
            await self._fleet.start(tuple(stay))
            if len(mine) < instances:
                await self._preparation.grow(revision, instances)
            elif len(mine) > instances:
                gone = tuple(one for one in mine if one not in stay)
                await self._fleet.end(gone, self._preparation.settings(revision).grace)
            await self._fleet.of(revision.name)
        if not instances:
            self._turns.pop(revision.name, None)

    async def route(self, routes: Routes) -> None:
        self._tend()
        await self._fleet.look()
        await self._entrance.route(routes)

    async def apply(self, revision: Revision, *, back: bool) -> str:
        raise Trouble('instances are scaled and routed to; nothing is updated as a whole')

    async def counted(self, revision: str, reader: str) -> Window:
        return await self._router.counted(self._slug, revision, reader)

    def address(self, *, preview: bool = False) -> str:
        return self._entrance.address(preview=preview)

    async def logs(self, revision: str, *, follow: bool, previous: bool) -> AsyncIterator[str]:
        """Of all revisions where none is named."""
        engine = await self._preparation.engine()
        if follow and not previous:
            async for line in said.follow(engine, lambda: self._of(revision)):
                yield self._masker.mask(line)
        some = [one async for one in self._of(revision)]
        found = (
            await said.past(engine, some, self._logs, revision)
            if previous
            else await said.present(engine, some)
        )
        for line in found:
            yield self._masker.mask(line)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def stop(self) -> None:
        """End everything of this environment but its volumes: what is in them is the user's."""
        await self._router.remove(self._slug)
        await self.close()
        engine = await self._preparation.engine()
        await self._fleet.end(await self._fleet.look(), self._settings.grace)
        shared = await workshop.shared_containers(engine, self._names)
        await asyncio.gather(
            *(engine.has(*commands.stop(one.id, self._settings.grace)) for one in shared)
        )
        for one in shared:
            await engine.has('rm', '--force', one.id)
        await engine.has(*commands.prune_networks(self._names))

    # --- what the parts ask for

    def _tend(self) -> None:
        """Instances come and go, whether somebody looks or not: the router is told."""
        for task in self._tasks:
            if task.done():
                task.result()  # it never ends but by a bug
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._entrance.keep_told()),
                asyncio.create_task(self._watch()),
            ]

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_WATCH)
            if self._fleet.age > _WATCH:
                with suppress(Trouble, OSError):
                    await self._fleet.look()

    def _know(self, revision: Revision) -> None:
        for name in revision.secrets:
            self._masker.add(revision.env.get(name, ''))

    def _changed(self) -> None:
        self._entrance.changed()

    async def _drain(self, one: Container) -> None:
        await self._entrance.settled()
        await drained(int(one.address.rpartition(':')[2] or 0))

    async def _of(self, revision: str) -> AsyncIterator[Container]:
        for one in await self._fleet.look():
            if revision in ('', one.revision):
                yield one

    def _instance(self, one: Container) -> Instance:
        use = self._meter.measure(one.pid, monotonic()) if one.pid else None
        hidden = one._replace(message=self._masker.mask(one.message)) if one.message else one
        ready = self._fleet.is_ready(one)
        return containers.instance(hidden, ready, (use.cpu, use.memory) if use else (0.0, 0))
