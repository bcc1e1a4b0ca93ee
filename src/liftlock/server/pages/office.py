"""What was done by people here, and the tokens with which they may."""

import time
from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from liftlock.errors import UserError
from liftlock.server import doing, rendering, site
from liftlock.server.doing import Forbidden, Person
from liftlock.server.site import Site
from liftlock.store import access
from liftlock.store import audit as audits
from liftlock.store.audit import Wanted
from liftlock.store.scopes import SCOPES

PAGE = 100


async def audit(request: Request) -> Response:
    """Whether the chain holds is looked at when somebody asks for it: it reads everything."""
    here, who, given = site.of(request), site.person(request), request.query_params
    if not doing.may(who, 'audit.read'):
        raise Forbidden('the audit is for maintainers')
    last = _number(given.get('before', ''))
    wanted = _wanted(given)
    found = audits.listed(here.store, last, PAGE, wanted)
    asked = {name: given[name] for name in ('who', 'what', 'text', 'days') if given.get(name)}
    older = urlencode({**asked, 'before': found[-1].seq}) if len(found) == PAGE else ''
    verified = given.get('verify') == '1'
    return rendering.page(
        request,
        'audit.html',
        entries=found,
        older=f'/audit?{older}' if older else '',
        given={name: given.get(name, '') for name in ('who', 'what', 'text', 'days')},
        kinds=audits.kinds(here.store),
        verified=verified,
        broken=audits.broken(here.store) if verified else 0,
        newest=next(iter(audits.listed(here.store, limit=1)), None) if verified else None,
    )


def _wanted(given: Mapping[str, str]) -> Wanted:
    days = _number(given.get('days', ''))
    return Wanted(
        given.get('who', '').strip(),
        given.get('what', ''),
        given.get('text', '').strip(),
        time.time() - days * 86400 if days else 0.0,
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0


async def tokens(request: Request) -> Response:
    here, who = site.of(request), site.person(request)
    if not doing.may(who, 'token.create'):
        raise Forbidden('tokens are for admins')
    return rendering.page(
        request,
        'tokens.html',
        tokens=access.listed(here.store),
        roles=access.ROLES,
        scopes=SCOPES,
    )


async def create(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    days = given.get('days', '')
    if days and not (days.isascii() and days.isdecimal() and len(days) < 6):
        raise UserError('the days are to be a number')
    name, role, label = (given.get(key, '').strip() for key in ('person', 'role', 'label'))
    scopes = [scope for scope in SCOPES if given.get(f'scope {scope}')]
    text = here.doing.create_token(person, name, role, label, float(days or 0), scopes)
    return '/tokens', f'The token of {name}, shown this once: {text}'


async def revoke(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    here.doing.revoke_token(person, request.path_params['token'])
    return '/tokens', 'The token is revoked, and whoever was logged in with it is out.'
