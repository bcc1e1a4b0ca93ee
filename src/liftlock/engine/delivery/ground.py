"""What an environment stands on: its target as one blueprint makes it, and its revisions."""

from collections.abc import Awaitable, Callable

from liftlock.engine.delivery import blueprint as blueprints
from liftlock.engine.delivery import variables
from liftlock.engine.delivery.bench import Bench
from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.engine.delivery.holding import Holding
from liftlock.engine.delivery.ports import Target
from liftlock.language.records import NamedTuple
from liftlock.language.settings import model
from liftlock.rollout.course import Terms
from liftlock.rollout.environment import BEFORE
from liftlock.rollout.version import Revision, Version


class Stand(NamedTuple):
    """The place as one blueprint makes it. `settings` is its digest."""

    settings: str
    blueprint: Blueprint
    environment: model.Environment
    target: Target
    terms: Terms


class Ground:
    def __init__(self, bench: Bench, holding: Holding) -> None:
        self._bench = bench
        self._holding = holding
        self._revisions: dict[str, Revision] = {}
        self.stand: Stand | None = None

    async def stand_for(self, number: int, let_go: Callable[[], Awaitable[None]]) -> Stand:
        """The one of this deployment. Before a target is closed for another, whatever uses it has
        to `let_go`; what is still wanted is asked for again."""
        holding, bench = self._holding, self._bench
        digest = holding.environment.deployments[number].request.settings
        if self.stand is not None and self.stand.settings == digest:
            return self.stand
        blueprint = holding.blueprint(digest)
        environment = blueprints.environment(blueprint)
        if self.stand is not None:
            await let_go()
            await self.close()
        room = bench.room(holding.place)
        target = await bench.target(holding.place, blueprint, environment, room)
        terms = blueprints.terms(blueprint, target.capabilities)
        self.stand = Stand(digest, blueprint, environment, target, terms)
        return self.stand

    async def close(self) -> None:
        if self.stand is not None:
            await self.stand.target.close()
            self.stand = None

    def revision(self, name: str) -> Revision:
        """With its own settings and variables, and the secrets of today."""
        if name == BEFORE:
            return self.bare(name)
        known = self._revisions.get(name)
        if known is None:
            environment = self._holding.environment
            one = next(each for each in environment.deployments.values() if each.revision == name)
            secrets = self._bench.secrets(self._holding.place)
            blueprint = self._holding.blueprint(one.request.settings)
            version = environment.versions[name]
            known = variables.revision(name, version, blueprint, secrets, self.addresses())
            self._revisions[name] = known
        return known

    def bare(self, name: str) -> Revision:
        """To end a revision, nothing of what it was started with is needed."""
        return Revision(name, self._holding.environment.versions.get(name, Version('')))

    def addresses(self) -> dict[str, str]:
        if self.stand is None:
            return {}
        target = self.stand.target
        return {'public': target.address(), 'preview': target.address(preview=True)}

    def entrances(self, stand: Stand) -> dict[str, str]:
        """Where a test finds the version: without a preview, where everybody does."""
        found = self.addresses()
        if not self._holding.environment.routes.preview:
            found['preview'] = found['public'] or stand.environment.url
        return found
