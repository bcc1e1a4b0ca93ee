"""The environment's part in the traffic router: who may get requests, and where they come in."""

import asyncio
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final, TypeAlias

from liftlock.language.settings.model import Compose, HealthCheck, Process
from liftlock.rollout.sight import Routes
from liftlock.rollout.trouble import Trouble
from liftlock.targets.envoy.part import Health, Part
from liftlock.targets.envoy.router import Router
from liftlock.targets.process import ports

Endpoints: TypeAlias = Mapping[str, tuple[str, ...]]  # by revision

_AGAIN: Final = 1.0  # seconds after which a router that could not be told is told again
_OFTEN: Final = 2.0  # seconds between questions of the router at the most: it needs to know soon


class Entrance:
    def __init__(
        self,
        slug: str,
        settings: Process | Compose,
        kept: Path,
        router: Router,
        health: HealthCheck | None,
        endpoints: Callable[[], Endpoints],
    ) -> None:
        self._slug = slug
        self._settings = settings
        self._kept = kept
        self._router = router
        self._health = health_of(health)
        self._endpoints = endpoints
        self._told: dict[str, tuple[str, ...]] = {}
        self._all = True  # what was told before does not count
        self._news = asyncio.Event()
        self._told_all = asyncio.Event()

    @cached_property
    def _ports(self) -> tuple[int, int]:
        return ports.entrances(self._kept, self._settings)

    def address(self, *, preview: bool) -> str:
        listen, beside = self._ports
        return f'http://{ports.LOOPBACK}:{beside if preview else listen}'

    async def route(self, routes: Routes) -> None:
        listen, preview = self._ports
        endpoints = dict(self._endpoints())
        part = Part(
            environment=self._slug,
            listen=listen,
            preview=preview,
            routes=routes,
            endpoints=endpoints,
            health=self._health,
            grace=self._settings.grace,
            public=self._settings.listen is not None,
            public_preview=self._settings.preview is not None,
        )
        again = asyncio.create_task(self._tell_again())
        try:
            await self._router.put(part)
        finally:
            again.cancel()
            self._tell_all()

    def changed(self) -> None:
        """Instances have come or gone, perhaps."""
        self._told_all.clear()
        self._news.set()

    def _tell_all(self) -> None:
        self._all = True
        self.changed()

    async def _tell_again(self) -> None:
        """Of what is told while a part is put, nobody knows whether it came before or after."""
        while True:
            await asyncio.sleep(_AGAIN)
            self._tell_all()

    async def settled(self) -> None:
        """The router knows of all that has changed."""
        await self._told_all.wait()

    async def keep_told(self) -> None:
        """Tell the router whenever instances have come or gone. For ever."""
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._tell()
            except (Trouble, OSError):
                await asyncio.sleep(_AGAIN)
                self._tell_all()
            else:
                if not self._news.is_set():
                    self._told_all.set()

    async def _tell(self) -> None:
        now = dict(self._endpoints())
        gone = {revision: () for revision in self._told if revision not in now}
        before = {} if self._all else self._told
        changed = {
            revision: addresses
            for revision, addresses in {**now, **gone}.items()
            if before.get(revision) != addresses
        }
        self._all = False
        if changed:
            await self._router.endpoints(self._slug, changed)
        self._told = now


def health_of(check: HealthCheck | None) -> Health:
    """How the router asks by itself: as the user says, but often, since it is the one that has to
    notice soon. Where there is nothing to ask for, it connects to the port."""
    if check is None or not check.endpoint.startswith('/'):
        return Health()
    return Health(
        path=check.endpoint,
        interval=min(check.interval, _OFTEN),
        timeout=check.timeout,
        unhealthy=check.unhealthy_threshold,
    )
