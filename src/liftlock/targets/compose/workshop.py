"""What a revision needs before its instances can start: files, image, networks, shared services."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from liftlock.language.settings.model import Compose
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision
from liftlock.targets.compose import commands, containers, engine, images, project
from liftlock.targets.compose.engine import Engine
from liftlock.targets.compose.images import Workshop
from liftlock.targets.compose.names import Names
from liftlock.targets.compose.project import Service
from liftlock.targets.compose.writing import sweep, written
from liftlock.targets.process import command, releases
from liftlock.targets.process.releases import Lay

_PATIENCE: Final = 120.0  # for a database, say, to become healthy
_PAUSE: Final = 0.25


class Preparation:
    def __init__(
        self, settings: Compose, slug: str, names: Names, directory: Path, lay: Lay
    ) -> None:
        self._settings = settings
        self._slug = slug
        self._names = names
        self._releases = directory / 'releases'
        self._work = directory / 'work'
        self._kept = directory / 'images'
        self._lay = lay
        self._engine: Engine | None = None
        self._one = asyncio.Lock()

    async def engine(self) -> Engine:
        if self._engine is None:
            self._engine = await engine.find()
            await asyncio.to_thread(sweep, self._work)
        return self._engine

    def settings(self, revision: Revision) -> Compose:
        """What was said when it was deployed, whatever is said now."""
        return revision.target if isinstance(revision.target, Compose) else self._settings

    async def prepare(self, revision: Revision, used: frozenset[str]) -> str:
        """`used` are the ids of the versions that run: their files and images stay."""
        shop = await self._shop()
        version = revision.version
        async with self._one:
            await releases.make(self._releases, version, '', self._lay, None)
            one = await self._service(revision)
            project.port(one, self.settings(revision).port)
            done = await images.ensure(shop, one, version, self._release(revision))
            gone = await asyncio.to_thread(releases.prune, self._releases, {version.id} | used)
            await images.forget(shop, gone)
        return '; '.join((done, *_notices(one)))

    async def grow(self, revision: Revision, count: int) -> None:
        """Let there be so many containers of it; those that are there stay as they are."""
        shop = await self._shop()
        image = self._names.image(revision.version)
        if not await shop.engine.has(*commands.image_id(image)):
            raise Trouble(
                f'{revision.name} cannot be started: the image of {revision.version.name} is gone',
                'Deploy it anew',
            )
        one = await self._service(revision)
        await self._share(shop.engine, one, revision)
        port = project.port(one, self.settings(revision).port)
        env = {**revision.env, **command.names(self._slug, revision)}
        document = project.of_revision(one, self._names, revision, port, env)
        name = self._names.project(revision.name)
        async with written(self._work, document) as file:
            line = commands.up(name, str(self._release(revision)), file, one.name, count)
            await shop.engine.compose_(line, {})

    async def _shop(self) -> Workshop:
        return Workshop(await self.engine(), self._names, self._kept, self._work)

    def _release(self, revision: Revision) -> Path:
        return self._releases / releases.name(revision.version, '')

    async def _service(self, revision: Revision) -> Service:
        """By the version's own file, with the revision's variables in it."""
        settings, place = self.settings(revision), self._release(revision)
        if not (place / settings.file).is_file():
            raise Trouble(
                f'{revision.version.name} has no {settings.file}', 'Say `file:` in liftlock.yml'
            )
        env = {**revision.env, **command.names(self._slug, revision)}
        line = commands.config(self._names, str(place), settings.file)
        text = await (await self.engine()).compose_(line, env)
        return project.service(await asyncio.to_thread(_parse, text), settings.service)

    async def _share(self, engine: Engine, one: Service, revision: Revision) -> None:
        """Networks, volumes and services of all revisions: made where they are not there yet."""
        async with self._one:
            await _networks(engine, one, self._names)
            await _volumes(engine, one, self._names)
            document = project.of_shared(one, self._names)
            if document is None or await self._shared_runs(engine, one):
                return
            async with written(self._work, document) as file:
                line = commands.up_shared(self._names, str(self._release(revision)), file)
                await engine.compose_(line, {})
        await self._shared_healthy(engine)

    async def _shared_runs(self, engine: Engine, one: Service) -> bool:
        found = await shared_containers(engine, self._names)
        ok = sum(it.running and it.health in ('', 'healthy') for it in found)
        return ok >= len(project.shared(one))

    async def _shared_healthy(self, engine: Engine) -> None:
        until = time.monotonic() + _PATIENCE
        while True:
            found = await shared_containers(engine, self._names)
            sick = [it for it in found if not it.running or it.health not in ('', 'healthy')]
            if not sick:
                return
            if time.monotonic() > until or any(it.health == 'unhealthy' for it in sick):
                why = next((it.message for it in sick if it.message), 'it is not healthy yet')
                raise Trouble(f'what {self._slug} depends on does not run: {why}', again=True)
            await asyncio.sleep(_PAUSE)


async def shared_containers(engine: Engine, names: Names) -> tuple[containers.Container, ...]:
    ids = (await engine.ask(*commands.shared_containers(names))).split()
    if not ids:
        return ()
    return containers.parse(await engine.ask(*commands.inspect(tuple(ids))))


async def _networks(engine: Engine, one: Service, names: Names) -> None:
    for name, real in project.networks(one, names).items():
        document: Mapping[str, Any] = (one.config.get('networks') or {}).get(name) or {}
        if project.is_external(document) or await engine.has('network', 'inspect', real):
            continue
        await engine.ask(*commands.network(real, names, document))


async def _volumes(engine: Engine, one: Service, names: Names) -> None:
    for name, real in project.volumes(one, names).items():
        document: Mapping[str, Any] = (one.config.get('volumes') or {}).get(name) or {}
        if not project.is_external(document):
            await engine.ask(*commands.volume(real, names, document))


def _parse(text: str) -> Mapping[str, Any]:
    import yaml

    found = yaml.safe_load(text)
    if not isinstance(found, dict):
        raise Trouble('compose printed no project')
    return found


def _notices(one: Service) -> list[str]:
    told = []
    if shared := project.shared(one):
        told.append(f'all revisions share {", ".join(shared)}')
    if left := project.left_out(one):
        told.append(f'not started, since {one.name} does not need it: {", ".join(left)}')
    return told
