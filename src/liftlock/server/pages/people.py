"""Accounts, as admins see and change them, and everybody who is logged in."""

from collections.abc import Mapping
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from liftlock.server import members, rendering, rights, site
from liftlock.server.rights import Person
from liftlock.server.site import Site
from liftlock.store import access, people

GRANTS = ('deployer', 'developer', 'maintainer')


async def index(request: Request) -> Response:
    here, who = site.of(request), site.person(request)
    rights.refuse(who, 'user.manage')
    return rendering.page(
        request,
        'people.html',
        people=people.listed(here.store),
        visits=access.visits(here.store),
        own=_own(request),
        roles=access.ROLES,
    )


async def show(request: Request) -> Response:
    here, who = site.of(request), site.person(request)
    rights.refuse(who, 'user.manage')
    user = people.named(here.store, request.path_params['name'])
    grants = people.grants(here.store, user.name)
    return rendering.page(
        request,
        'user.html',
        user=user,
        grants=[(one, members.told(one)) for one in grants],
        kinds=GRANTS,
        visits=access.visits(here.store, user.name),
        own=_own(request),
        roles=access.ROLES,
    )


async def add(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    name, role, email = (given.get(key, '').strip() for key in ('name', 'role', 'email'))
    user, code = here.members.add(person, name, role, email)
    return _page(user.name), f'{user.name} sets a password here, within three days: ' + _link(
        request, code
    )


async def role(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    user = here.members.set_role(person, _name(request), given.get('role', ''))
    return _page(user.name), f'{user.name} has the role, and has to log in again.'


async def disable(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    user = here.members.disable(person, _name(request))
    return _page(user.name), f'{user.name} is logged out everywhere, and stays out.'


async def enable(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    user = here.members.enable(person, _name(request))
    return _page(user.name), f'{user.name} may log in again.'


async def invite(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    code = here.members.invite(person, _name(request))
    return _page(_name(request)), 'A new password is set here, within three days: ' + _link(
        request, code
    )


async def grant(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    name = people.named(here.store, _name(request)).name
    asked = members.parse(given.get('role', ''), given.get('where', ''))
    here.members.grant(person, name, asked)
    return _page(name), f'{name} is {members.told(asked)} now.'


async def ungrant(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    name = people.named(here.store, _name(request)).name
    asked = members.parse(given.get('role', ''), given.get('where', ''))
    here.members.ungrant(person, name, asked)
    return _page(name), f'{name} is no longer {members.told(asked)}.'


async def end_session(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    whose = here.members.end_session(person, request.path_params['session'])
    return given.get('back', '/account'), f'That session of {whose} has ended.'


def _own(request: Request) -> str:
    session = site.session(request)
    return access.visit(session) if session else ''


def _name(request: Request) -> str:
    return str(request.path_params['name'])


def _page(name: str) -> str:
    return f'/users/{quote(name, safe="")}'


def _link(request: Request, code: str) -> str:
    scheme = 'https' if site.of(request).ground.secure else 'http'
    return f'{scheme}://{request.headers.get("host", "")}/login/new/{code}'
