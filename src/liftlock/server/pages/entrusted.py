"""Secrets and variables of the server, of repositories and of their environments. What a secret is
is never shown again: only who set it, and when."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.server import rendering, rights, site
from liftlock.server.rights import Forbidden, Person
from liftlock.server.site import Site
from liftlock.store import deliveries, listing
from liftlock.store.secrets import SECRET, VARIABLE, Entry, Safe, Scope

KINDS: Final = (SECRET, VARIABLE)
PARTED: Final = '|'  # between repository and environment, neither of which can have it


class Kept(NamedTuple):
    """Those of one scope. `value` by name, of variables alone."""

    scope: Scope
    name: str
    secrets: list[Entry]
    variables: list[Entry]
    values: Mapping[str, str]
    changes: bool  # whether whoever looks may change them


async def index(request: Request) -> Response:
    here, who = site.of(request), site.person(request)
    chosen = request.query_params.get('repository', '')
    known = [
        name for name in listing.repositories(here.store) if rights.may(who, 'secret.read', name)
    ]
    if not known and not rights.may(who, 'server.secret'):
        raise Forbidden('secrets are for maintainers')
    chosen = chosen if chosen in known else (known[0] if known else '')
    scopes = [Scope('')] if rights.may(who, 'server.secret') else []
    if chosen:
        scopes += [Scope(chosen, name) for name in ('', *_environments(here, chosen))]
    kept, problem = _all(here, who, scopes)
    return rendering.page(
        request,
        'secrets.html',
        kept=kept,
        problem=problem,
        repositories=known,
        chosen=chosen,
        text=text,
    )


def text(scope: Scope) -> str:
    return f'{scope.repository}{PARTED}{scope.environment}'


def _all(here: Site, who: Person, scopes: list[Scope]) -> tuple[list[Kept], str]:
    """And what is wrong, where the key is not there."""
    problem = ''
    values: dict[str, dict[str, dict[str, str]]] = {}
    safes = {kind: Safe(here.store, here.ground.key, kind) for kind in KINDS}
    for repository in {scope.repository for scope in scopes}:
        try:
            values[repository] = safes[VARIABLE].values(repository)
        except UserError as error:
            problem = str(error)
    found = []
    for scope in scopes:
        mine = values.get(scope.repository, {}).get(scope.environment.lower(), {})
        secrets, variables = (safes[kind].listed(*scope) for kind in KINDS)
        what = 'secret.set' if scope.repository else 'server.secret'
        changes = rights.may(who, what, *scope)
        found.append(Kept(scope, _named(scope), secrets, variables, mine, changes))
    return found, problem


def _named(scope: Scope) -> str:
    return scope.environment or scope.repository or 'The whole server'


def _environments(here: Site, repository: str) -> list[str]:
    """Those that are there, and those for which something is kept already."""
    names = [
        one.name for one in deliveries.environments(here.store) if one.repository == repository
    ]
    for kind in KINDS:
        names += [
            one.environment
            for one in Safe(here.store, here.ground.key, kind).listed(repository)
            if one.environment
        ]
    return sorted({name.lower(): name for name in reversed(names)}.values())


# --- what is done here


async def put(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    kind, name = given.get('kind', ''), given.get('name', '').strip()
    if kind not in KINDS:
        raise UserError('it is to be a secret or a variable')
    scope = _scope(given)
    here.doing.entrust(person, kind, scope, name, given.get('value', '').replace('\r\n', '\n'))
    return _back(scope), f'The {kind} {name.upper()} of {_named(scope)} is stored.'


async def remove(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    scope, kind, name = _scope(given), given.get('kind', SECRET), given.get('name', '')
    here.doing.forget(person, kind if kind in KINDS else SECRET, scope, name)
    return _back(scope), f'The {kind} {name.upper()} of {_named(scope)} is removed.'


def _scope(given: Mapping[str, str]) -> Scope:
    repository, _, environment = given.get('scope', '').partition(PARTED)
    return Scope(repository, given.get('environment', '').strip() or environment)


def _back(scope: Scope) -> str:
    return '/secrets' + (f'?repository={rendering.quoted(scope.repository)}' if scope[0] else '')
