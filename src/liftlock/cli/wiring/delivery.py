"""What controllers work with: names the concrete classes of targets and of what observes them."""

import asyncio
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from liftlock.cli import wiring
from liftlock.cli.desires import Desires
from liftlock.engine.delivery import variables
from liftlock.engine.delivery.bench import Bench
from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.engine.delivery.controller import Controller
from liftlock.engine.delivery.hooks import Hooks
from liftlock.engine.delivery.ports import Target
from liftlock.engine.delivery.proof import Eyes
from liftlock.engine.delivery.ward import Make
from liftlock.errors import UserError
from liftlock.language.settings import model
from liftlock.observe import probes
from liftlock.observe.measuring import Measuring
from liftlock.observe.notify import channels
from liftlock.plan import digest
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Version
from liftlock.runner import tree
from liftlock.store import archive, blobs, deliveries
from liftlock.store.database import Store
from liftlock.store.secrets import Safe
from liftlock.targets.envoy.router import Router


def controllers(where: wiring.Place, store: Store) -> Make:
    """Makes the controllers of a supervisor."""
    works = Works(where, store)
    bench = Bench(
        store=store,
        target=works.target,
        secrets=works.secrets,
        hooks=Hooks(works.lay_commit),
        probe=probes.probe,
        measure=Measuring(),
        directory=where.state / 'delivery',
        teams=where.config.teams,
        desire=Desires(where, store),
        notify=channels.send,
    )
    return partial(Controller, bench)


def eyes(where: wiring.Place, store: Store) -> Eyes:
    """What looks at what jobs have deployed."""
    works = Works(where, store, holds=False)
    directory = where.state / 'delivery' / 'jobs'
    return Eyes(probes.probe, Measuring(), Hooks(works.lay_commit), directory)


class Works:
    """What all environments of a store share: one router, one safe, the store's files.

    Who only reads does not hold the router: that is for the one who stays."""

    def __init__(self, where: wiring.Place, store: Store, *, holds: bool = True) -> None:
        self._holds = holds
        self._where = where
        self._store = store
        self._router: Router | None = None
        self._opening = asyncio.Lock()

    def secrets(self, place: deliveries.Place) -> Mapping[str, str]:
        safe = Safe(self._store, wiring.key_file(self._where))
        return safe.of(place.repository, place.name)

    async def target(
        self,
        place: deliveries.Place,
        blueprint: Blueprint,
        environment: model.Environment,
        directory: Path,
    ) -> Target:
        """The place of an environment, as its settings want it."""
        match environment.target:
            case model.Process() | model.Compose() as settings:
                return await self._routed(settings, slug(place), environment, directory)
            case model.Ecs() as settings:
                return self._ecs(settings, place, blueprint, environment.strategy, directory)
            case model.Command() as settings:
                return self._command(settings, place, blueprint, environment, directory)
            case model.Kubernetes() as settings:
                return self._kubernetes(settings, place, blueprint, environment.strategy, directory)
        raise UserError(
            f'{place.name} has no target in liftlock.yml, so nothing can be deployed to it',
            'add target:, or let a workflow job with this environment deploy',
        )

    async def _routed(
        self,
        settings: model.Process | model.Compose,
        name: str,
        environment: model.Environment,
        directory: Path,
    ) -> Target:
        from liftlock.targets.compose.target import ComposeTarget
        from liftlock.targets.process.target import ProcessTarget

        health = next((one for one in environment.health_checks if one.endpoint), None)
        router = await self._open_router()
        if isinstance(settings, model.Process):
            return ProcessTarget(settings, name, directory, router, health, self.lay)
        return ComposeTarget(settings, name, directory, router, health, self.lay_commit)

    def _ecs(
        self,
        settings: model.Ecs,
        place: deliveries.Place,
        blueprint: Blueprint,
        strategy: model.Strategy,
        directory: Path,
    ) -> Target:
        from liftlock.targets.ecs.target import Ecs

        env, _ = self._variables(place, blueprint)
        return Ecs(
            settings,
            directory,
            environment=f'{place.repository}:{place.name}',  # in an account of many stores
            read=self.read,
            env={key: value for key, value in env.items() if key.startswith('AWS_')},
            strategy=strategy,
        )

    def _command(
        self,
        settings: model.Command,
        place: deliveries.Place,
        blueprint: Blueprint,
        environment: model.Environment,
        directory: Path,
    ) -> Target:
        from liftlock.targets.command.target import Command

        env, hidden = self._variables(place, blueprint)
        return Command(
            settings,
            directory,
            environment=place.name,
            lay=self.lay_commit,
            env=env,
            secrets=hidden,
            strategy=environment.strategy,
            deadline=float(environment.progress_deadline_seconds),
        )

    def _kubernetes(
        self,
        settings: model.Kubernetes,
        place: deliveries.Place,
        blueprint: Blueprint,
        strategy: model.Strategy,
        directory: Path,
    ) -> Target:
        from liftlock.targets.kubernetes import target as kubernetes

        return kubernetes.make(
            settings,
            strategy,
            # In a namespace there may be environments of other stores: numbers would meet.
            name=f'{place.name}-{digest.of(place.repository)[:6]}',
            directory=directory,
            lay=self.lay_commit,
            kubeconfig=variables.kubeconfig(blueprint, self.secrets(place)),
        )

    def _variables(
        self, place: deliveries.Place, blueprint: Blueprint
    ) -> tuple[Mapping[str, str], tuple[str, ...]]:
        """What a target finds that is asked before there is a version, and which are secret."""
        found = variables.revision('', Version(''), blueprint, self.secrets(place))
        return found.env, found.secrets

    async def _open_router(self) -> Router:
        async with self._opening:
            if self._router is None:
                router = Router(self._where.state / 'delivery' / 'router')
                if self._holds:
                    await router.open()
                self._router = router
        return self._router

    async def lay(self, version: Version, directory: Path) -> None:
        """Put the files of a version there, after a look at whether they are what they were."""
        await asyncio.to_thread(self._lay, version, directory)

    async def lay_commit(self, version: Version, directory: Path) -> None:
        """The same, but always the commit's: tests and migrations are not in every artifact."""
        await asyncio.to_thread(self._lay, version._replace(artifact=''), directory)

    async def read(self, version: Version, path: str) -> str:
        """One file of the version's commit."""
        return await asyncio.to_thread(tree.read, version.sources, version.commit, path)

    def _lay(self, version: Version, directory: Path) -> None:
        if not version.artifact:
            tree.lay(version.sources, version.commit, directory)
            return
        kept = blobs.path(self._store.directory, version.artifact)
        if not kept.exists():
            raise Trouble(
                f'the artifact of {version.name} is no longer kept',
                'deploy another version, or run its workflow again',
            )
        found = blobs.digest(kept)
        if found != version.artifact:
            raise Trouble(
                f'the artifact of {version.name} is not what it was: its SHA-256 is {found[:12]}, '
                f'not {version.artifact[:12]}',
                'somebody has changed the store; run the workflow again',
            )
        archive.unpack(kept, directory)


def slug(place: deliveries.Place) -> str:
    """A name for files, projects and clusters that no other environment of the store has."""
    return re.sub(r'[^a-z0-9]+', '-', place.name.lower()).strip('-')[:24] + f'-{place.id}'
