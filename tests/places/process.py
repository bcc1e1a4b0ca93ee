"""Programs on this machine, for the contract suite and others."""

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from containers import lack
from liftlock.language.settings.model import HealthCheck, Process
from liftlock.plan import digest
from liftlock.rollout.sight import Instance
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Version
from liftlock.targets.envoy import process as envoy
from liftlock.targets.envoy.router import Router
from liftlock.targets.process import ProcessTarget, ground, ownership, procfs

APPLICATION = Path(__file__).with_name('application.py')
COMMAND = f'{sys.executable} app.py'


async def lay(version: Version, place: Path) -> None:
    """Every version is the same program; what it is called is in its environment."""
    shutil.copy(APPLICATION, place / 'app.py')


class Programs:
    """`root` is the store's; the router is of the store, and open."""

    def __init__(self, root: Path, router: Router, name: str = 'shop') -> None:
        self.name = name
        self.root = root
        self.directory = root / name
        self.router = router

    def target(self, health: HealthCheck | None = None, lay: Any = lay, **settings: Any) -> Any:
        told = Process(**{'command': COMMAND, 'grace': 5.0, **settings})
        return ProcessTarget(told, self.name, self.directory, self.router, health, lay)

    @contextlib.asynccontextmanager
    async def open(self, **settings: Any) -> AsyncIterator[ProcessTarget]:
        opened = self.target(**settings)
        try:
            yield opened
        finally:
            await opened.close()

    def version(self, name: str) -> Version:
        return Version(name, commit=digest.of(name)[:40])

    async def kill(self, instance: Instance) -> None:
        os.kill(instance.pid, signal.SIGKILL)

    async def running(self) -> int:
        return len(set(self.marked().values()))

    def marked(self) -> Mapping[int, str]:
        """All processes that belong to this environment, also those that nobody knows of."""
        marks = ground.places(self.directory).marks
        return procfs.marked(lambda mark: mark.startswith(marks))

    def end(self) -> None:
        ownership.clear(ground.places(self.directory).marks)


@contextlib.asynccontextmanager
async def open_process(root: Path) -> AsyncIterator[Programs]:
    """Everything that it starts is ended."""
    try:
        envoy.program()
    except Trouble as trouble:
        lack(f'{trouble}. To run this: {trouble.hint}')
    router = Router(root / 'router')
    programs = Programs(root, router)
    try:
        await router.open()
        yield programs
    finally:
        programs.end()
        await router.close()
        await envoy.stop(root / 'router')
