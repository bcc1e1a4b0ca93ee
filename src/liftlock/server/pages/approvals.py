"""The inbox: what waits for people, what it would change, and what they say."""

import asyncio
import time
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from liftlock.engine.delivery import approvals
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.rollout.deployment import Deployment
from liftlock.runner import ancestry
from liftlock.server import rendering, site, topics
from liftlock.server.pages import why
from liftlock.server.rights import Person
from liftlock.server.site import Site
from liftlock.store import deliveries, intakes
from liftlock.store.deliveries import Place
from liftlock.store.intakes import Intake
from liftlock.store.repositories import Repository

COMMITS = 20


class Waiting(NamedTuple):
    """A deployment that waits, and what it would change. `why_not` is why whoever looks may not
    approve it, `reviewers` who may."""

    place: Place
    one: Deployment
    asked: bool
    why_not: str
    changes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    before: Deployment | None = None
    reviewers: tuple[str, ...] = ()
    required: int = 0
    expires: float = 0.0
    commits: tuple[str, ...] = ()
    total: int = 0


class Held(NamedTuple):
    """A pull request from outside whose runs wait. `warning` is what to look at first."""

    intake: Intake
    repository: Repository
    decisions: tuple[intakes.Decision, ...]
    warning: str


async def index(request: Request) -> Response:
    here, now, who = site.of(request), time.time(), site.person(request)
    topic = topics.begin(here, 'all')
    standings = here.folded(deliveries.environments(here.store), now)
    pairs = [(one.place, each) for one in standings for each in one.environment.waiting]
    found = [await told(here, place, one, who) for place, one in pairs]
    return rendering.page(
        request,
        'approvals.html',
        waiting=sorted(found, key=lambda one: (not one.asked, one.one.requested_at)),
        held=list(_held(here)),
        topic=topic,
    )


async def told(here: Site, place: Place, one: Deployment, who: Person) -> Waiting:
    """As `who` is shown it; git is asked beside other work."""
    found = waiting(here, place, one, who)
    since = found.before.version.commit if found.before else ''
    version = one.version
    commits, total = await asyncio.to_thread(
        ancestry.between, version.sources, since, version.commit, COMMITS
    )
    return found._replace(commits=tuple(commits), total=total)


def waiting(here: Site, place: Place, one: Deployment, who: Person) -> Waiting:
    try:
        wanted = approvals.find(here.store, place, one.number)
        changes = tuple(approvals.changes(wanted))
        protection = wanted.settings.protection
    except (UserError, KeyError, ValueError) as error:
        return Waiting(place, one, False, str(error))
    expires = one.requested_at + protection.expires if protection.reviewers else 0.0
    shown = Waiting(
        place,
        one,
        True,
        '',
        changes,
        wanted.before,
        tuple(map(str, protection.reviewers)),
        protection.required,
        expires,
    )
    try:
        approvals.refuse_approval(wanted, who.name, here.ground.teams)
    except UserError as error:
        return shown._replace(asked=False, why_not=str(error))
    return shown


def _held(here: Site) -> list[Held]:
    found = (why.answer(here, one) for one in intakes.held(here.store))
    return [Held(one, of, tuple(decisions), warning) for one, of, decisions, warning in found]


# --- what is done here


async def approve(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    number, always = request.path_params['number'], given.get('always') == '1'
    outcome = await here.register.approve(person, number, always=always)
    started = ', '.join(f'run {run}' for run in outcome.runs) or outcome.said or 'nothing starts'
    return '/approvals', f'The pull request is approved: {started}.'


async def reject(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    here.register.reject(person, request.path_params['number'])
    return '/approvals', 'The pull request is rejected: nothing of it runs.'
