"""What was done by people here, and the tokens with which they may."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from liftlock.errors import UserError
from liftlock.server import doing, rendering, site
from liftlock.server.doing import Forbidden, Person
from liftlock.server.site import Site
from liftlock.store import access
from liftlock.store import audit as audits

PAGE = 100


async def audit(request: Request) -> Response:
    here, who = site.of(request), site.person(request)
    if not doing.may(who, 'audit.read'):
        raise Forbidden('the audit is for maintainers')
    before = request.query_params.get('before', '')
    last = int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else 0
    found = audits.listed(here.store, last, PAGE)
    return rendering.page(
        request,
        'audit.html',
        entries=found,
        older=f'/audit?before={found[-1].seq}' if len(found) == PAGE else '',
        broken=audits.broken(here.store),
    )


async def tokens(request: Request) -> Response:
    here, who = site.of(request), site.person(request)
    if not doing.may(who, 'token.create'):
        raise Forbidden('tokens are for admins')
    return rendering.page(
        request,
        'tokens.html',
        tokens=access.listed(here.store),
        roles=access.ROLES,
    )


async def create(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    days = given.get('days', '')
    if days and not (days.isascii() and days.isdecimal() and len(days) < 6):
        raise UserError('the days are to be a number')
    name, role, label = (given.get(key, '').strip() for key in ('person', 'role', 'label'))
    text = here.doing.create_token(person, name, role, label, float(days or 0))
    return '/tokens', f'The token of {name}, shown this once: {text}'


async def revoke(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    here.doing.revoke_token(person, request.path_params['token'])
    return '/tokens', 'The token is revoked, and whoever was logged in with it is out.'
