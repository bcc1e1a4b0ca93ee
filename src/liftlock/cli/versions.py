"""Which version a person means who stands in a repository."""

from liftlock.cli.here import Here
from liftlock.engine.delivery import builds, candidates
from liftlock.engine.delivery.builds import Made
from liftlock.errors import UserError
from liftlock.runner import git, snapshot


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
    return candidates.made(taken.commit, str(taken.store), found, _tags(here, taken.commit))


def of_run(here: Here, number: int) -> Made:
    found = candidates.of_run(here.store, here.name, number)
    if found.ref.startswith(candidates.TAGS):
        return found
    name = next(iter(_tags(here, found.commit)), found.name)
    return found._replace(name=name)


def _tags(here: Here, commit: str) -> list[str]:
    return git.ask('tag', '--points-at', commit, cwd=here.seen.top).text.split()
