"""What is where, and one environment: its history, what goes on there, and what people may do."""

import time
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from liftlock.engine.delivery import approvals
from liftlock.engine.delivery.standing import Standing, word
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.phases import Phase
from liftlock.server import rendering, site, story, topics
from liftlock.server.doing import Person
from liftlock.server.site import Site
from liftlock.store import deliveries
from liftlock.store.deliveries import Place

HISTORY = 50


class Waiting(NamedTuple):
    """A deployment that waits, and which texts would change. `why_not` is why whoever looks may not
    approve it."""

    one: Deployment
    asked: bool  # whether whoever looks may approve it
    why_not: str
    changes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    before: Deployment | None = None


async def index(request: Request) -> Response:
    here, now = site.of(request), time.time()
    topic = topics.begin(here, 'deployments')
    standings = await here.standings(deliveries.environments(here.store), now)
    repositories = list(dict.fromkeys(one.place.repository for one in standings))
    return rendering.page(
        request,
        'deployments.html',
        standings=standings,
        repositories=repositories,
        word=word,
        recent=deliveries.listed(here.store, limit=25),
        places={one.place.id: one.place for one in standings},
        topic=topic,
    )


async def show(request: Request) -> Response:
    here, now, who = site.of(request), time.time(), site.person(request)
    place = here.place(request.path_params['environment'])
    topic = topics.begin(here, 'environment', id=place.id)
    (standing,) = await here.standings([place], now)
    environment = standing.environment
    return rendering.page(
        request,
        'environment.html',
        place=place,
        standing=standing,
        state=word(standing),
        environment=environment,
        active=environment.active,
        waiting=[_waiting(here, place, one, who) for one in environment.waiting],
        history=deliveries.listed(here.store, environment=place.id, limit=HISTORY),
        returnable=returnable(standing),
        story=story.told(standing.facts, _shown(standing)),
        paused=Phase.PAUSED,
        returning=Phase.RETURNING,
        topic=topic,
    )


def returnable(standing: Standing) -> frozenset[int]:
    """Numbers of the deployments that one can go back to: the last success of each version, but
    for the present one."""
    environment = standing.environment
    last: dict[str, int] = {}
    for number in environment.successes:
        last[environment.deployments[number].version.id] = number
    current = environment.current
    return frozenset(n for version, n in last.items() if not current or version != current.id)


def _shown(standing: Standing) -> int:
    """The deployment whose story is told: the one that goes on, or the last that began."""
    environment = standing.environment
    if environment.active is not None:
        return environment.active.number
    begun = [one.number for one in environment.deployments.values() if one.started_at]
    return begun[-1] if begun else 0


def _waiting(here: Site, place: Place, one: Deployment, who: Person) -> Waiting:
    try:
        wanted = approvals.find(here.store, place, one.number)
        changes = tuple(approvals.changes(wanted))
    except (UserError, KeyError, ValueError) as error:
        return Waiting(one, False, str(error))
    try:
        approvals.refuse_approval(wanted, who.name, here.ground.teams)
    except UserError as error:
        return Waiting(one, False, str(error), changes, wanted.before)
    return Waiting(one, True, '', changes, wanted.before)


# --- what is done here


async def approve(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    place = _place(request, here)
    number = here.doing.approve(person, place, _number(given), given.get('comment', ''))
    return _page(place), f'Deployment #{number} is approved.'


async def reject(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    place = _place(request, here)
    number = here.doing.reject(person, place, _number(given), given.get('comment', ''))
    return _page(place), f'Deployment #{number} is rejected.'


async def promote(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    place = _place(request, here)
    number = here.doing.promote(person, place, full=given.get('full') == '1')
    return _page(place), f'Deployment #{number} goes on.'


async def abort(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    place = _place(request, here)
    number = here.doing.abort(person, place, _number(given), given.get('reason', ''))
    return _page(place), f'Deployment #{number} is taken back, or called off.'


async def rollback(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    place = _place(request, here)
    number = here.doing.rollback(person, place, given.get('to', ''), given.get('reason', ''))
    return _page(place), f'Going back is asked for, as deployment #{number}.'


def _place(request: Request, here: Site) -> Place:
    return here.place(request.path_params['environment'])


def _page(place: Place) -> str:
    return f'/environments/{place.id}'


def _number(given: Mapping[str, str]) -> int:
    text = given.get('number', '')
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
