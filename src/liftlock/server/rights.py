"""Who may do what: one table, and the rule by which it is read. No clock, no store.

Everybody has one role that counts everywhere; each role may what those before it may. Beside it
somebody can have *grants*: a higher role in some repositories, or being a deployer of some
environments, which lets him move what is deployed there and nowhere else.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.store.access import ROLES
from liftlock.store.people import DEPLOYER, Grant
from liftlock.store.scopes import READ, WRITE, covers


class Person(NamedTuple):
    """Who asks: `role` is one of `ROLES`, `address` where from. `scopes` are what his token is
    confined to."""

    name: str
    role: str
    address: str = ''
    grants: tuple[Grant, ...] = ()
    scopes: tuple[str, ...] = ()


class Forbidden(UserError):
    """Whoever asks may not do this."""


NEEDED: Mapping[str, str] = {
    'run.cancel': 'developer',
    'run.dispatch': 'developer',
    'run.rerun': 'developer',
    'environment.approve': 'viewer',  # reviewers are named by the environment itself
    'environment.reject': 'viewer',
    'environment.deploy': 'maintainer',
    'environment.bypass': 'admin',
    'environment.promote': 'maintainer',
    'environment.abort': 'maintainer',
    'environment.rollback': 'maintainer',
    'environment.down': 'maintainer',
    'token.create': 'admin',
    'token.revoke': 'admin',
    'user.manage': 'admin',
    'workflow.enable': 'maintainer',
    'repository.read': 'maintainer',
    'repository.manage': 'maintainer',
    'repository.trust': 'admin',  # its jobs on the host, and paths of the server's machine
    'repository.approve': 'maintainer',  # pull requests of forks
    'delivery.read': 'maintainer',
    'delivery.replay': 'maintainer',
    'secret.read': 'maintainer',  # names, never values
    'secret.set': 'maintainer',
    'server.secret': 'admin',  # what all repositories get
    'worker.drain': 'admin',
    'settings.read': 'admin',
    'audit.read': 'maintainer',
}
DEPLOYERS: Final = frozenset(
    {'environment.deploy', 'environment.promote', 'environment.abort', 'environment.rollback'}
    | {'environment.down'}
)


SCOPES_OF: Final[Mapping[str, str]] = {
    'run': 'runs',
    'workflow': 'runs',
    'environment': 'deployments',
    'secret': 'secrets',
    'repository': 'hooks',
    'delivery': 'hooks',
}


def may(person: Person, what: str, repository: str = '', environment: str = '') -> bool:
    """`repository` and `environment` are those it is done to, where it is done to one."""
    needed = NEEDED[what]
    if not covers(person.scopes, scope_of(what)):
        return False
    if _reaches(person.role, needed):
        return True
    return any(_gives(grant, what, needed, repository, environment) for grant in person.grants)


def refuse(person: Person, what: str, repository: str = '', environment: str = '') -> None:
    """Forbidden unless he may."""
    if may(person, what, repository, environment):
        return
    if not covers(person.scopes, scope_of(what)):
        raise Forbidden(f'the token has no scope {scope_of(what)}', 'use another token')
    asked = f'{NEEDED[what]}, or a deployer of {environment}' if what in DEPLOYERS else NEEDED[what]
    raise Forbidden(
        f'{person.name} is a {person.role} and may not do this', f'ask a {asked}'.rstrip()
    )


def scope_of(what: str) -> str:
    """Which a token needs that has scopes."""
    noun, _, verb = what.partition('.')
    if noun not in SCOPES_OF:
        return 'admin'
    return SCOPES_OF[noun] + (READ if verb == 'read' else WRITE)


def _gives(grant: Grant, what: str, needed: str, repository: str, environment: str) -> bool:
    if not repository or not _matches(repository, grant.repository):
        return False
    if grant.role == DEPLOYER:
        return what in DEPLOYERS and _matches(environment, grant.environment)
    return needed != 'admin' and _reaches(grant.role, needed)


def _reaches(role: str, needed: str) -> bool:
    return ROLES.index(role) >= ROLES.index(needed)


def _matches(name: str, pattern: str) -> bool:
    return bool(name) and fnmatchcase(name.lower(), pattern.lower())
