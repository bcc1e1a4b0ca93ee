"""The repository that a delivery command stands in, and the environment that it names."""

from pathlib import Path

from liftlock.cli import person, standing, wiring
from liftlock.engine import declared
from liftlock.engine.delivery import alive
from liftlock.engine.delivery.lodge import ROLE
from liftlock.errors import UserError
from liftlock.language.nearest import suggestion
from liftlock.language.records import NamedTuple
from liftlock.runner import repository
from liftlock.runner.repository import Repository
from liftlock.store import deliveries, workers
from liftlock.store.database import Store
from liftlock.store.deliveries import Place


class Here(NamedTuple):
    """`name` is owner/name of the repository; `by` who asks."""

    where: wiring.Place
    store: Store
    seen: Repository
    name: str
    by: str


def look(state: str | None) -> Here:
    """UserError outside of a repository."""
    where = wiring.place(state)
    seen = repository.look(Path.cwd())
    return Here(
        where,
        wiring.opened(where),
        seen,
        '/'.join(repository.identity(seen)),
        person.name(seen),
    )


def ensure(here: Here) -> None:
    """See to it that somebody carries out what was written down: a server does that shares the
    database, or the supervisor here."""
    if here.store.database:
        from liftlock.cli.wiring import spread

        if workers.holder(here.store, ROLE, spread.limits().grace):
            return
    alive.ensure(here.where.state)


def place(here: Here, environment: str) -> Place:
    """An environment to which something was deployed before. With '' the only one;
    `octo/shop:production` is another repository's, or this one's as a server calls it."""
    if ':' in environment:
        return standing.find(here.store, environment)
    known = [one for one in deliveries.environments(here.store) if one.repository == here.name]
    names = [one.name for one in known]
    if not environment:
        if len(known) == 1:
            return known[0]
        told = f'there are: {", ".join(names)}' if names else 'nothing was deployed yet'
        raise UserError('which environment?', told)
    for one in known:
        if one.name == environment:
            return one
    listed = f'there are: {", ".join(names)}' if names else 'begin with: liftlock deploy'
    raise UserError(
        f'nothing was ever deployed to an environment "{environment}" of {here.name}',
        suggestion(environment, names, listed),
    )


def declared_environment(here: Here, environment: str) -> str:
    """A name in `liftlock.yml`. With '' the only one."""
    names = declared.environments(here.seen.top)
    if environment in names:
        return environment
    if not environment and len(names) == 1:
        return names[0]
    listed = f'there are: {", ".join(names)}' if names else 'add it to liftlock.yml'
    if not environment:
        raise UserError('which environment?', listed)
    raise UserError(
        f'liftlock.yml has no environment "{environment}"',
        suggestion(environment, names, listed),
    )
