"""Which version somebody means: what a green run has made, what was deployed before, or what runs
elsewhere; and by what it is delivered.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from liftlock.engine.delivery import blueprint as blueprints
from liftlock.engine.delivery import builds, variables
from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.engine.delivery.builds import Made
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.rollout.environment import fold
from liftlock.rollout.version import Version
from liftlock.store import deliveries, runs
from liftlock.store.database import Store
from liftlock.store.runs import Run
from liftlock.store.secrets import VARIABLE, Safe

TAGS: Final = 'refs/tags/'


class Choice(NamedTuple):
    """One of `name`, `run` and `origin` says what; `image` replaces what is delivered of it."""

    name: str = ''  # of a version that was deployed before
    run: int = 0
    origin: str = ''  # an environment
    image: str = ''


def refuse(choice: Choice) -> None:
    """UserError for a choice that says nothing, or too much."""
    said = [word for word in (choice.name, choice.run, choice.origin) if word]
    if len(said) > 1:
        raise UserError('a version, a run and an environment each say what to deploy', 'keep one')
    if choice.image and '@sha256:' not in choice.image:
        raise UserError(
            f'"{choice.image}" may mean something else tomorrow: an image is deployed by its '
            'digest',
            'as in registry.example/app@sha256:…',
        )


def find(store: Store, repository: str, environment: str, choice: Choice) -> Version:
    """UserError if there is none, or it is not green."""
    refuse(choice)
    if choice.name:
        found = named(store, repository, choice.name)
    elif choice.origin:
        found = elsewhere(store, repository, choice.origin)
    elif choice.run:
        found = built(store, repository, environment, of_run(store, repository, choice.run))
    else:
        raise UserError('which version?', 'say a version, a run, or an environment')
    return found._replace(image=choice.image) if choice.image else found


def built(store: Store, repository: str, environment: str, made: Made) -> Version:
    """What was made of a commit, as the environment's target wants it."""
    builds.refuse_red(made)
    draft = Version(made.name, made.commit, made.ref, sources=made.sources)
    settings = blueprints.environment(builds.blueprint(repository, environment, draft, {}))
    return builds.version(store, made, settings.target)


def of_run(store: Store, repository: str, number: int, tags: Iterable[str] = ()) -> Made:
    """`tags` are those of its commit, as far as they are known."""
    run = runs.find(store, str(number))
    if run.repository != repository:
        raise UserError(f'run {number} is of another repository: {run.repository}')
    sources = builds.kept(store, run)['sources']
    return made(run.sha, sources, builds.latest(store, repository, run.sha), tags)


def made(commit: str, sources: str, found: tuple[Run, ...], tags: Iterable[str]) -> Made:
    """It is called by its tag, if it has one."""
    ref = next((run.ref for run in found if run.ref.startswith(TAGS)), found[0].ref)
    known = ref.removeprefix(TAGS) if ref.startswith(TAGS) else next(iter(tags), '')
    return Made(commit, sources, known or commit[:7], ref, found)


def elsewhere(store: Store, repository: str, name: str) -> Version:
    """What has succeeded last in another environment."""
    known = {one.name: one for one in deliveries.environments(store)
             if one.repository == repository}  # fmt: skip
    found = fold(deliveries.facts(store, known[name].id)).current if name in known else None
    if found is None:
        raise UserError(f'nothing has succeeded in {name} yet', 'see: liftlock status')
    return found


def named(store: Store, repository: str, text: str) -> Version:
    """A version that was deployed before, to whichever environment of the repository."""
    for place in deliveries.environments(store):
        if place.repository != repository:
            continue
        found = fold(deliveries.facts(store, place.id))
        for one in reversed(found.deployments.values()):
            known = (one.version.name, one.version.id)
            if text in known or (len(text) >= 6 and one.version.commit.startswith(text)):
                return one.version
    raise UserError(
        f'no version "{text}" of {repository} was ever deployed',
        'deploy what a run has made: --run N',
    )


def blueprint(
    store: Store, key: Path, repository: str, environment: str, version: Version
) -> Blueprint:
    """By what the version is delivered. UserError where that could not succeed. `key` is the file
    of that of the stored secrets."""
    known = Safe(store, key, VARIABLE).of(repository, environment)
    found = builds.blueprint(repository, environment, version, known)
    secrets = Safe(store, key).of(repository, environment)
    variables.refuse_missing(found, blueprints.environment(found), secrets)
    return found
