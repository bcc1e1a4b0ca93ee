"""Registered repositories: the list, one of them, and what maintainers change."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from liftlock.errors import UserError
from liftlock.server import rendering, rights, site
from liftlock.server.rights import Person
from liftlock.server.site import Site
from liftlock.store import intakes, repositories
from liftlock.store.repositories import FORGES, FORKS, Draft

FORKS_TOLD: Final[Mapping[str, str]] = {
    'never': 'never run',
    'outsiders': 'wait, but for members',
    'first-time': 'wait the first time',
    'always': 'simply run',
}
FORGES_TOLD: Final[Mapping[str, str]] = {
    '': 'none (polled, or told)',
    'github': 'GitHub',
    'gitea': 'Gitea',
    'forgejo': 'Forgejo',
    'gitlab': 'GitLab',
}


async def index(request: Request) -> Response:
    here, who = site.of(request), site.person(request)
    rights.refuse(who, 'repository.read')
    return rendering.page(
        request,
        'repositories.html',
        repositories=repositories.listed(here.store),
        draft=Draft('', ''),
        forges={name: FORGES_TOLD[name] for name in FORGES},
        forks={name: FORKS_TOLD[name] for name in FORKS},
    )


async def show(request: Request) -> Response:
    here, who = site.of(request), site.person(request)
    one = repositories.of(here.store, request.path_params['repository'])
    rights.refuse(who, 'repository.read', one.name)
    scheme = 'https' if here.ground.secure else request.url.scheme
    return rendering.page(
        request,
        'repository.html',
        one=one,
        draft=one,
        address=f'{scheme}://{request.headers.get("host", "")}/hooks/{one.id}',
        authors=intakes.trusted(here.store, one.id),
        taken=intakes.listed(here.store, one.id, limit=10),
        forges={name: FORGES_TOLD[name] for name in FORGES},
        forks={name: FORKS_TOLD[name] for name in FORKS},
    )


# --- what is done here


async def add(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    draft = _draft(given)
    secret = draft.secret
    if draft.forge and not secret:
        secret = repositories.make_secret(draft.forge)
    made = here.register.add(person, draft._replace(secret=secret))
    return f'/repositories/{made.id}', _told(secret if not draft.secret else None, 'registered')


async def change(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    number = request.path_params['repository']
    here.register.change(person, number, _draft(given))
    return f'/repositories/{number}', 'It is changed.'


async def renew(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    """Another secret for its webhook: the old one is good for nothing from now on."""
    number = request.path_params['repository']
    was = repositories.of(here.store, number)
    values = {field: getattr(was, field) for field in Draft._fields if field in was._fields}
    secret = repositories.make_secret(was.forge)
    here.register.change(person, number, Draft(**values, secret=secret))
    return f'/repositories/{number}', _told(secret, 'changed')


async def remove(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    was = here.register.remove(person, request.path_params['repository'])
    return '/repositories', f'{was.name} is registered no more; its runs are still here.'


async def distrust(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    number, author = request.path_params['repository'], given.get('author', '')
    here.register.distrust(person, number, author)
    return f'/repositories/{number}', f'{author} has to be approved again.'


def _draft(given: Mapping[str, str]) -> Draft:
    """The fields of the form. An empty secret or token leaves what is there; a dash removes it."""
    interval = given.get('interval', '').strip() or '0'
    try:
        seconds = float(interval)
    except ValueError:
        raise UserError('the seconds between two looks are to be a number') from None
    if not 0 <= seconds < 10**9:
        raise UserError('the seconds between two looks are to be a number')
    words = {name: given.get(name, '').strip() for name in ('name', 'url', 'web', 'branch')}
    return Draft(
        **words,
        forge=given.get('forge', ''),
        forks=given.get('forks', 'first-time'),
        interval=seconds,
        trusted=given.get('trusted') == '1',
        active=given.get('active') == '1',
        secret=_hidden(given.get('secret', '')),
        token=_hidden(given.get('token', '')),
    )


def _hidden(given: str) -> str | None:
    return {'': None, '-': ''}.get(given.strip(), given.strip())


def _told(secret: str | None, what: str) -> str:
    if not secret:
        return f'It is {what}.'
    return f'It is {what}. The secret of its webhook, shown this once: {secret}'
