"""Schedules, what forges are told of commits, and what is set for both."""

import time
from collections.abc import Mapping
from itertools import islice
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.plan import slots
from liftlock.server import rendering, rights, site
from liftlock.server.rights import Person
from liftlock.server.site import Site
from liftlock.store import polls, repositories, schedules, settings, statuses
from liftlock.store.repositories import Repository
from liftlock.store.schedules import Past, Schedule
from liftlock.store.settings import Settings

COMING: Final = 5  # fires that are shown
BAD: Final = 10  # slots that did not start what they should have
HOUR: Final = 3600.0


class Shown(NamedTuple):
    """`last` is the newest slot, `bad` are those that did not start anything."""

    schedule: Schedule
    repository: Repository
    coming: tuple[float, ...]
    last: Past | None
    bad: tuple[Past, ...]
    missed: int


async def index(request: Request) -> Response:
    here = site.of(request)
    known = {one.id: one for one in repositories.listed(here.store)}
    shown = [_shown(here, one, known[one.repository]) for one in schedules.active(here.store)]
    return rendering.page(request, 'schedules.html', shown=shown, repositories=known)


def _shown(here: Site, one: Schedule, repository: Repository) -> Shown:
    coming = islice(slots.following(one.cron, one.timezone, time.time()), COMING)
    newest = schedules.past(here.store, one.id, 1)
    return Shown(
        one,
        repository,
        () if one.disabled else tuple(coming),
        newest[0] if newest else None,
        tuple(schedules.past(here.store, one.id, BAD, bad=True)),
        schedules.count(here.store, one.id, 'missed'),
    )


async def told(request: Request) -> Response:
    """Commit statuses: those that could not be told first."""
    here = site.of(request)
    rights.refuse(site.person(request), 'delivery.read')
    troubled = statuses.listed(here.store, troubled=True)
    return rendering.page(
        request,
        'statuses.html',
        troubled=troubled,
        rows=[row for row in statuses.listed(here.store, limit=50) if row not in troubled],
        names={one.id: one.name for one in repositories.listed(here.store)},
    )


async def show(request: Request) -> Response:
    here = site.of(request)
    one = repositories.of(here.store, request.path_params['repository'])
    rights.refuse(site.person(request), 'repository.read', one.name)
    poll = polls.of(here.store, one.id)
    return rendering.page(
        request,
        'triggers.html',
        one=one,
        settings=settings.of(here.store, one.id),
        poll=poll,
        url=here.ground.url,
    )


# --- what is done here


async def change(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    number = request.path_params['repository']
    wanted = Settings(
        statuses=given.get('statuses') == '1',
        status_name=given.get('status_name', ''),
        badges=given.get('badges') == '1',
        catch_up=_hours(given.get('catch_up', '')) * HOUR,
    )
    here.register.configure(person, number, wanted)
    return f'/repositories/{number}/triggers', 'It is changed.'


async def again(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    """Tell a forge anew what it could not be told."""
    one = repositories.of(here.store, request.path_params['repository'])
    count = here.register.tell_again(person, one.id)
    return '/statuses', f'{count} statuses of {one.name} are told again.'


def _hours(text: str) -> float:
    try:
        found = float(text or 0)
    except ValueError:
        found = -1.0
    if not 0 <= found < 10_000:
        raise UserError(f'"{text}" is no number of hours', '24, or 0 for never')
    return found
