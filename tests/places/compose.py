"""Services of a compose file on the real engine, for the contract suite and others."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from containers import IMAGE, ask, docker, lack
from liftlock.language.settings.model import Compose, HealthCheck
from liftlock.plan import digest
from liftlock.rollout.sight import Instance
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Version
from liftlock.targets.compose import ComposeTarget
from liftlock.targets.compose import engine as engines
from liftlock.targets.compose.names import ENVIRONMENT, SHARED, Names, names
from liftlock.targets.envoy import process as envoy
from liftlock.targets.envoy.router import Router

APPLICATION: Final = Path(__file__).with_name('application.pl')
DOCKERFILE: Final = f'FROM {IMAGE}\nCOPY app.pl /app.pl\nCMD ["perl", "/app.pl"]\n'
HEALTH: Final = {
    'test': ['CMD', 'perl', '/app.pl', 'health'],
    'interval': '1s',
    'timeout': '5s',
    'retries': 2,
}
SERVICE: Final[dict[str, Any]] = {
    'build': '.',
    'environment': {'PORT': '8080'},
    'ports': ['8080:8080'],
    'healthcheck': HEALTH,
}


class Services:
    """`root` is the store's; the router is of the store, and open."""

    def __init__(self, root: Path, router: Router, name: str = 'shop') -> None:
        self.name = name
        self.directory = root / name
        self.router = router
        self.file: dict[str, Any] = {'services': {'web': dict(SERVICE)}}

    @property
    def names(self) -> Names:
        return names(self.name, self.directory)

    async def lay(self, version: Version, place: Path) -> None:
        """Every version is the same program; what it is called is in its environment."""
        await asyncio.to_thread(shutil.copy, APPLICATION, place / 'app.pl')
        # No other place has the same image: whoever removes one would remove it for all.
        labels = f'LABEL version={version.name} place={self.names.base}\n'
        (place / 'Dockerfile').write_text(DOCKERFILE + labels)
        (place / 'compose.yaml').write_text(json.dumps(self.file))

    def target(self, health: HealthCheck | None = None, **settings: Any) -> ComposeTarget:
        told = Compose(**{'service': 'web', 'grace': 5.0, **settings})
        return ComposeTarget(told, self.name, self.directory, self.router, health, self.lay)

    @contextlib.asynccontextmanager
    async def open(self, **settings: Any) -> AsyncIterator[ComposeTarget]:
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
        return len(self.containers('--filter', 'status=running'))

    def containers(self, *words: str) -> list[str]:
        wanted = f'label={ENVIRONMENT}={self.names.base}'
        return ask(docker(), 'ps', '--quiet', '--all', '--filter', wanted, *words).stdout.split()

    def end(self) -> None:
        engine, shared = docker(), f'label={SHARED}={self.names.base}'
        others = ask(engine, 'ps', '--quiet', '--all', '--filter', shared).stdout.split()
        if found := [*self.containers(), *others]:
            ask(engine, 'rm', '--force', '--volumes', *found)
        for kind in ('network', 'volume'):
            found = ask(engine, kind, 'ls', '--quiet', '--filter', shared).stdout.split()
            if found:
                ask(engine, kind, 'rm', *found)
        reference = f'reference=liftlock/{self.names.base}'
        images = ask(engine, 'images', '--quiet', '--filter', reference).stdout.split()
        if images:
            ask(engine, 'rmi', '--force', *set(images))


@contextlib.asynccontextmanager
async def open_compose(root: Path) -> AsyncIterator[Services]:
    """Everything that it starts is ended."""
    docker()
    try:
        envoy.program()
        await engines.find()
    except Trouble as trouble:
        lack(f'{trouble}. To run this: {trouble.hint}')
    router = Router(root / 'router')
    services = Services(root, router)
    try:
        await router.open()
        yield services
    finally:
        await asyncio.to_thread(services.end)
        await router.close()
        await envoy.stop(root / 'router')
