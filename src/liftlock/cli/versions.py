"""Which version a person means: what a green run has made, or what runs elsewhere."""

from liftlock.cli import builds
from liftlock.cli.builds import Made
from liftlock.cli.here import Here
from liftlock.errors import UserError
from liftlock.rollout.environment import fold
from liftlock.rollout.version import Version
from liftlock.runner import git, snapshot
from liftlock.store import deliveries, runs
from liftlock.store.runs import Run

TAGS = 'refs/tags/'


def of_head(here: Here) -> Made:
    """What stands here now, uncommitted changes included: only what ran can be deployed."""
    taken = snapshot.take(here.seen, here.where.state)
    found = builds.latest(here.store, here.name, taken.commit)
    if not found:
        changed = ' with its uncommitted changes' if taken.dirty else ''
        raise UserError(
            f'nothing has run yet of what stands here ({taken.commit[:7]}{changed})',
            'run it first: liftlock run',
        )
    return _made(here, taken.commit, str(taken.store), found)


def of_run(here: Here, number: int) -> Made:
    run = runs.find(here.store, str(number))
    if run.repository != here.name:
        raise UserError(f'run {number} is of another repository: {run.repository}')
    keep = builds.kept(here.store, run)
    return _made(here, run.sha, keep['sources'], builds.latest(here.store, here.name, run.sha))


def elsewhere(here: Here, name: str) -> Version:
    """What has succeeded last in another environment."""
    known = {one.name: one for one in deliveries.environments(here.store)
             if one.repository == here.name}  # fmt: skip
    found = fold(deliveries.facts(here.store, known[name].id)).current if name in known else None
    if found is None:
        raise UserError(f'nothing has succeeded in {name} yet', 'see: liftlock status')
    return found


def named(here: Here, text: str) -> Version:
    """A version that was deployed before, to whichever environment of this repository."""
    for place in deliveries.environments(here.store):
        if place.repository != here.name:
            continue
        found = fold(deliveries.facts(here.store, place.id))
        for one in reversed(found.deployments.values()):
            known = (one.version.name, one.version.id)
            if text in known or (len(text) >= 6 and one.version.commit.startswith(text)):
                return one.version
    raise UserError(
        f'no version "{text}" was ever deployed here',
        'deploy what stands here (without --version), or a run: --run N',
    )


def _made(here: Here, commit: str, sources: str, found: tuple[Run, ...]) -> Made:
    ref = next((run.ref for run in found if run.ref.startswith(TAGS)), found[0].ref)
    tags = git.ask('tag', '--points-at', commit, cwd=here.seen.top).text.split()
    known = ref.removeprefix(TAGS) if ref.startswith(TAGS) else next(iter(tags), '')
    return Made(commit, sources, known or commit[:7], ref, found)
