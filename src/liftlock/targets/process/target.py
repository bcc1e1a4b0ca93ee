"""The embedded default of delivery: programs on this machine, behind the traffic router.

    <directory>/releases/    versions, prepared once                    (releases.py)
                instances/   a record for each instance                 (record.py)
                logs/        what instances and `prepare` say           (lines.py)
                home/        HOME of the applications: there they may write
                ports.json   of the entrances, where the user chose none
                lock         held by the one process that looks after all this

Nothing here ends with that process: instances log to files, and are found again by whoever takes
the lock next, by pid and start time, or by the mark in their environment (ownership.py).
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path

from liftlock.language.settings.model import HealthCheck, Process
from liftlock.plan.masking import Masker
from liftlock.rollout.sight import Capabilities, Instance, Routes, Sight, Window
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision
from liftlock.targets.envoy.router import Router
from liftlock.targets.process import (
    command,
    looking,
    ownership,
    preparing,
    reading,
    releases,
)
from liftlock.targets.process.entrance import Endpoints, Entrance
from liftlock.targets.process.fleet import Fleet
from liftlock.targets.process.ground import Ground, places
from liftlock.targets.process.life import Life
from liftlock.targets.process.record import Record
from liftlock.targets.process.releases import Lay
from liftlock.targets.process.traffic import drained
from liftlock.targets.process.upkeep import keep_small
from liftlock.targets.process.usage import Meter


class ProcessTarget:
    """Made within a running event loop, and used by one task at a time or by many."""

    capabilities = Capabilities(
        weights=True, headers=True, mirrors=True, preview=True, metrics=True
    )

    def __init__(
        self,
        settings: Process,
        slug: str,
        directory: Path,
        router: Router,
        health: HealthCheck | None,
        lay: Lay,
    ) -> None:
        if not sys.platform.startswith('linux'):
            raise Trouble(
                'the process target needs Linux: it finds its instances again by /proc and pidfd',
                'Use `compose`, `kubernetes`, `ecs` or `command` as `target` on this machine',
            )
        self._settings = settings
        self._slug = slug
        self._router = router
        self._lay = lay
        self._places = places(directory)
        self._revisions: dict[str, Revision] = {}
        self._masker = Masker()
        self._meter = Meter()
        self._entrance = Entrance(
            slug, settings, self._places.ports, router, health, self._endpoints
        )
        self._fleet = Fleet(
            Ground(
                self._places,
                settings.grace,
                self._environment,
                self._drain,
                self._entrance.changed,
            )
        )
        self._owning = asyncio.Lock()
        self._preparing = asyncio.Lock()
        self._closed = False
        self._lock: int | None = None
        self._tasks: list[asyncio.Task[None]] = []

    # --- what the engine asks for

    async def look(self) -> Sight:
        await self._own()
        now = time.monotonic()
        seen = [looking.instance(life, self._meter, now) for life in self._fleet.all()]
        return Sight(
            instances=tuple(self._hidden(one) for one in seen),
            routes=await self._router.confirmed(self._slug),
        )

    async def prepare(self, revision: Revision) -> str:
        await self._own()
        self._know(revision)
        env = self._variables(revision, {})
        text = self._settings_of(revision).prepare
        recipe = preparing.Recipe(self._lay, text, env, self._masker.mask)
        async with self._preparing:
            done = await preparing.prepare(self._places, revision.version, recipe)
        used = {life.record.release for life in self._fleet.all()}
        await asyncio.to_thread(preparing.prune, self._places, used)
        return done

    async def scale(self, revision: Revision, instances: int) -> None:
        await self._own()
        if instances:
            self._know(revision)
        pattern = self._pattern(revision)
        if instances and not releases.is_complete(self._places.releases, pattern.release):
            raise Trouble(
                f'{revision.name} cannot be started: {revision.version.name} is not prepared here',
                'Deploy it anew',
            )
        await self._fleet.scale(revision, instances, pattern)
        if not self._fleet.of(revision.name):
            self._revisions.pop(revision.name, None)

    async def route(self, routes: Routes) -> None:
        await self._own()
        await self._entrance.route(routes)

    async def apply(self, revision: Revision, *, back: bool) -> str:
        raise Trouble('instances are scaled and routed to; nothing is updated as a whole')

    async def counted(self, revision: str, reader: str) -> Window:
        return await self._router.counted(self._slug, revision, reader)

    def address(self, *, preview: bool = False) -> str:
        return self._entrance.address(preview=preview)

    async def logs(self, revision: str, *, follow: bool, previous: bool) -> AsyncIterator[str]:
        """Of all revisions where none is named."""
        places = self._places
        found = reading.read(
            places.records, places.logs, revision, follow=follow, previous=previous
        )
        async for line in found:
            yield self._masker.mask(line)

    async def close(self) -> None:
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await self._fleet.release()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def stop(self) -> None:
        """End everything of this environment: entrances first, then all instances."""
        await self._own()
        await self._router.remove(self._slug)
        await self._fleet.stop()
        await asyncio.to_thread(ownership.clear, self._places.marks)
        await self.close()

    # --- what the parts ask for

    async def _own(self) -> None:
        """Take the lock, and adopt whatever is there. Once."""
        async with self._owning:
            if self._closed:
                raise Trouble(f'{self._slug} is looked after by somebody else now', again=True)
            if self._lock is not None:
                _fly(self._tasks)
                return
            self._lock = await ownership.lock(self._places.lock)
            try:
                self._fleet.adopt(await asyncio.to_thread(ownership.take_over, self._places))
            except BaseException:
                os.close(self._lock)
                self._lock = None
                raise
            self._tasks = [
                asyncio.create_task(self._entrance.keep_told()),
                asyncio.create_task(keep_small(self._places, self._fleet)),
            ]

    def _settings_of(self, revision: Revision) -> Process:
        """What was said when it was deployed, whatever is said now."""
        return revision.target if isinstance(revision.target, Process) else self._settings

    def _know(self, revision: Revision) -> None:
        self._revisions[revision.name] = revision
        for name in revision.secrets:
            self._masker.add(revision.env.get(name, ''))

    def _pattern(self, revision: Revision) -> Record:
        settings = self._settings_of(revision)
        release = releases.name(revision.version, settings.prepare)
        return Record('', revision.name, release, settings.command)

    def _environment(self, kept: Record) -> Mapping[str, str] | None:
        """None after an adoption, until `scale` has told the revision's variables again."""
        revision = self._revisions.get(kept.revision)
        return revision and self._variables(revision, command.told(kept))

    def _variables(self, revision: Revision, told: Mapping[str, str]) -> dict[str, str]:
        return command.environment(
            os.environ,
            str(self._places.home),
            {**self._settings_of(revision).env, **revision.env},
            {**command.names(self._slug, revision), **told},
        )

    def _endpoints(self) -> Endpoints:
        found: dict[str, list[str]] = {}
        for life in self._fleet.all():
            found.setdefault(life.record.revision, [])
            if life.routable:
                found[life.record.revision].append(life.address)
        return {revision: tuple(addresses) for revision, addresses in found.items()}

    async def _drain(self, life: Life) -> None:
        """For at most the grace: what is not answered by then never may be."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.grace):
                await self._entrance.settled()
                await drained(life.record.port)

    def _hidden(self, one: Instance) -> Instance:
        return one._replace(message=self._masker.mask(one.message)) if one.message else one


def _fly(tasks: list[asyncio.Task[None]]) -> None:
    """These never end: one that has did so by a bug, which is raised here."""
    for task in tasks:
        if task.done():
            task.result()
