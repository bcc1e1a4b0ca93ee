"""What git says shall run in an environment: the newest head or tag of its `on:`, if it is green.

For the supervisor, which asks every few seconds: refs and runs are compared first, and only what
has changed is looked at again.
"""

import asyncio
from pathlib import Path
from typing import Any, Final

from liftlock.cli import heads, wiring
from liftlock.cli.heads import Head
from liftlock.engine.delivery import blueprint as blueprints
from liftlock.engine.delivery import builds, variables
from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.engine.delivery.builds import Made
from liftlock.errors import UserError
from liftlock.language.settings.model import Trigger
from liftlock.rollout.environment import Environment, fold
from liftlock.rollout.sync import Desired, same
from liftlock.rollout.version import Version
from liftlock.store import deliveries
from liftlock.store.database import Store
from liftlock.store.deliveries import Place
from liftlock.store.secrets import VARIABLE, Safe

NOTHING: Final = Desired()


class Desires:
    """`common` is the git directory that is asked; None: that from which was deployed last."""

    def __init__(self, where: wiring.Place, store: Store, common: Path | None = None) -> None:
        self._where = where
        self._store = store
        self._common = common
        self._heads: dict[int, tuple[Any, Head | None]] = {}
        self._known: dict[int, tuple[Any, Desired]] = {}

    async def __call__(self, place: Place, blueprint: Blueprint) -> Desired:
        """Git is asked beside other work; the store may only be asked by its own thread."""
        trigger = _trigger(blueprint)
        if trigger is None:
            return NOTHING
        try:
            common = self._repository(place)
            head = await asyncio.to_thread(self._newest, place, common, trigger)
            return self._of(place, trigger, head)
        except UserError as error:
            return Desired(lacking=_told(error))

    def find(self, place: Place, blueprint: Blueprint) -> Desired:
        """`blueprint` is the present one, whose `on:` counts. Never raises for what a person has
        to know: that is what `lacking` says."""
        trigger = _trigger(blueprint)
        if trigger is None:
            return NOTHING
        try:
            head = self._newest(place, self._repository(place), trigger)
            return self._of(place, trigger, head)
        except UserError as error:
            return Desired(lacking=_told(error))

    def _repository(self, place: Place) -> Path:
        return self._common or heads.common_of(_sources(self._store, place))

    def _newest(self, place: Place, common: Path, trigger: Trigger) -> Head | None:
        state = common, trigger, heads.fingerprint(common)
        before, head = self._heads.get(place.id, (None, None))
        if before != state:
            head = heads.newest(common, trigger)
            self._heads[place.id] = state, head
        return head

    def _of(self, place: Place, trigger: Trigger, head: Head | None) -> Desired:
        if head is None:
            return Desired(lacking=_no_ref(trigger))
        found = builds.latest(self._store, place.repository, head.commit)
        key = wiring.key_file(self._where)
        known = Safe(self._store, key, VARIABLE).of(place.repository, place.name)
        secrets = Safe(self._store, key).of(place.repository, place.name)
        state = head, found, known, sorted(secrets)
        before, desired = self._known.get(place.id, (None, NOTHING))
        if before == state:
            return desired
        if not found:
            short = head.commit[:7]
            return Desired(lacking=f'{short} of {head.name} has no green run yet: liftlock run')
        made = Made(head.commit, _kept(self._store, found), _name(head), head.ref, found)
        builds.refuse_red(made)
        desired = self._made(place, made, head, known, secrets)
        self._known[place.id] = state, desired
        return desired

    def _made(
        self, place: Place, made: Made, head: Head, known: dict[str, str], secrets: dict[str, str]
    ) -> Desired:
        draft = Version(made.name, made.commit, made.ref, sources=made.sources)
        blueprint = builds.blueprint(place.repository, place.name, draft, known)
        environment = blueprints.environment(blueprint)
        if environment.target is None:
            raise UserError(f'{place.name} has no target in the liftlock.yml of {made.name}')
        variables.refuse_missing(blueprint, environment, secrets)
        version = builds.version(self._store, made, environment.target)
        there = fold(deliveries.facts(self._store, place.id))
        settings = _same_text(self._store, there, version, blueprint)
        since = max(head.since, *(run.finished for run in made.runs))
        return Desired(version, settings, since=since)


def _trigger(blueprint: Blueprint) -> Trigger | None:
    """None where nothing is deployed by itself."""
    found = blueprints.environment(blueprint).on
    return found if found.branches or found.tags else None


def _sources(store: Store, place: Place) -> str:
    """Where the snapshot was kept that was deployed last."""
    for one in deliveries.listed(store, environment=place.id):
        if one.sources:
            return one.sources
    return ''


def _kept(store: Store, found: tuple[Any, ...]) -> str:
    return str(builds.kept(store, found[0])['sources'])


def _name(head: Head) -> str:
    return head.name if head.ref.startswith(heads.TAGS) else head.commit[:7]


def _no_ref(trigger: Trigger) -> str:
    wanted = ', '.join((*trigger.branches, *trigger.tags))
    return f'no branch and no tag is called {wanted}'


def _told(error: UserError) -> str:
    return f'{error}; {error.hint}' if error.hint else str(error)


def _same_text(store: Store, there: Environment, version: Version, blueprint: Blueprint) -> str:
    """The digest of the blueprint: that of an equal one by which the version was deployed here
    before, though it may be written otherwise, by an older Liftlock."""
    for one in reversed(there.deployments.values()):
        if same(version, one.version) and one.request.settings:
            try:
                text = deliveries.text(store, one.request.settings)
                if blueprints.load(text) == blueprint:
                    return one.request.settings
            except (KeyError, ValueError):
                continue
    return deliveries.keep(store, blueprints.dump(blueprint))
