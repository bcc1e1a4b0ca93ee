"""Which environment somebody names, and which ones the repository here declares."""

from collections.abc import Iterable
from pathlib import Path

from liftlock.engine import declared
from liftlock.errors import UserError
from liftlock.language.nearest import suggestion
from liftlock.runner import repository
from liftlock.store import deliveries
from liftlock.store.database import Store
from liftlock.store.deliveries import Place


def find(store: Store, name: str) -> Place:
    """`production`, or `octo/shop:production` where another repository has one too. UserError."""
    return choose(deliveries.environments(store), name)


def choose(known: list[Place], name: str) -> Place:
    """The same, among these."""
    owner, _, plain = name.rpartition(':')
    found = [
        one for one in known if one.name.lower() == plain.lower() and owner in ('', one.repository)
    ]
    if len(found) > 1:
        here = identity()
        found = [one for one in found if one.repository == here] or found
    if len(found) > 1:
        told = ', '.join(f'{one.repository}:{one.name}' for one in found)
        raise UserError(f'several repositories have an environment "{plain}"', f'say one: {told}')
    if not found:
        names = [one.name for one in known]
        listed = f'there are: {", ".join(names)}' if names else 'begin with: liftlock deploy'
        raise UserError(
            f'nothing was ever deployed to an environment "{name}"',
            suggestion(plain, names, listed),
        )
    return found[0]


def identity() -> str:
    """owner/name of the repository in which somebody stands; '' outside of one."""
    try:
        return '/'.join(repository.identity(repository.look(Path.cwd())))
    except (UserError, OSError):
        return ''


def declared_here(known: Iterable[Place]) -> list[Place]:
    """Environments of the `liftlock.yml` here to which nothing was deployed yet. Their id is 0."""
    try:
        seen = repository.look(Path.cwd())
    except (UserError, OSError):
        return []
    owner = '/'.join(repository.identity(seen))
    there = {(one.repository, one.name.lower()) for one in known}
    return [
        Place(0, owner, name)
        for name in declared.environments(seen.top)
        if (owner, name.lower()) not in there
    ]
