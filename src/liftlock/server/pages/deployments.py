"""What is where, and one environment: its history, what goes on there, and what people may do."""

import time
from collections.abc import Mapping

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from liftlock.engine.delivery import blueprint as blueprints
from liftlock.engine.delivery.jobs import declared
from liftlock.engine.delivery.standing import Standing, word
from liftlock.errors import UserError
from liftlock.language.settings.model import Analysis
from liftlock.rollout import quantities
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.phases import Phase
from liftlock.server import rendering, site, spark, story, topics
from liftlock.server.doing import Person
from liftlock.server.pages import approvals as inbox
from liftlock.server.pages.acting import local
from liftlock.server.site import Site
from liftlock.store import deliveries
from liftlock.store.deliveries import Place

HISTORY = 50


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
        names=list(dict.fromkeys(one.place.name.lower() for one in standings)),
        cells={(one.place.repository, one.place.name.lower()): one for one in standings},
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
        waiting=[await inbox.told(here, place, one, who) for one in environment.waiting],
        history=deliveries.listed(here.store, environment=place.id, limit=HISTORY),
        returnable=returnable(standing),
        story=story.told(standing.facts, _shown(standing)),
        measured=_measured(here, standing),
        retried=_retried(standing),
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


def _measured(here: Site, standing: Standing) -> dict[tuple[str, str], tuple[Markup, str]]:
    """What the analyses of the present deployment have seen: as a line, and last, in words."""
    active = standing.environment.active
    found = spark.series(standing.facts, active.number) if active else {}
    known = _analyses(here, active) if active and found else {}
    return {
        (stage, name): (Markup(spark.svg(one)), _said(one.values[-1], known.get(name)))  # noqa: S704
        for (stage, name), one in found.items()
    }


def _analyses(here: Site, one: Deployment) -> Mapping[str, Analysis]:
    """Those that its settings declare, by name; none where another version wrote them otherwise."""
    try:
        blueprint = blueprints.load(deliveries.text(here.store, one.request.settings))
        settings = declared(blueprint.settings, blueprint.environment)
    except (UserError, KeyError, ValueError):
        return {}
    return settings.analysis if settings else {}


def _said(value: float, analysis: Analysis | None) -> str:
    if analysis is None:
        return f'{value:.4g}'
    condition = analysis.failure or analysis.success
    return quantities.shown(value, quantities.of(analysis), condition.unit if condition else '')


def _retried(standing: Standing) -> int:
    """The newest deployment, if it ended otherwise than well and can be tried again; else 0."""
    environment = standing.environment
    ended = [one for one in environment.deployments.values() if one.finished_at]
    last = max(ended, key=lambda one: one.number, default=None)
    if last is None or last.conclusion == 'success' or environment.active or environment.waiting:
        return 0
    return last.number if last.number == max(environment.deployments) else 0


def _shown(standing: Standing) -> int:
    """The deployment whose story is told: the one that goes on, or the last that began."""
    environment = standing.environment
    if environment.active is not None:
        return environment.active.number
    begun = [one.number for one in environment.deployments.values() if one.started_at]
    return begun[-1] if begun else 0


# --- what is done here


async def approve(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    place = _place(request, here)
    number = here.doing.approve(person, place, _number(given), given.get('comment', ''))
    return _back(place, given), f'Deployment #{number} is approved.'


async def reject(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    place = _place(request, here)
    number = here.doing.reject(person, place, _number(given), given.get('comment', ''))
    return _back(place, given), f'Deployment #{number} is rejected.'


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
    return _back(place, given), f'Deployment #{number} is taken back, or called off.'


async def retry(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    place = _place(request, here)
    number = here.doing.retry(person, place)
    return _page(place), f'It is tried again, as deployment #{number}.'


async def rollback(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    place = _place(request, here)
    number = here.doing.rollback(person, place, given.get('to', ''), given.get('reason', ''))
    return _page(place), f'Going back is asked for, as deployment #{number}.'


async def down(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    place = _place(request, here)
    here.doing.down(person, place, given.get('reason', ''))
    return _page(place), f'{place.name} is being taken down.'


def _place(request: Request, here: Site) -> Place:
    return here.place(request.path_params['environment'])


def _page(place: Place) -> str:
    return f'/environments/{place.id}'


def _back(place: Place, given: Mapping[str, str]) -> str:
    """Where it was said: in the inbox, say."""
    return local(given.get('back', _page(place)))


def _number(given: Mapping[str, str]) -> int:
    text = given.get('number', '')
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
