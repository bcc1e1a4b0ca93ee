"""Workflows: how each one does, and the form by which somebody starts it."""

import asyncio
import time
from collections.abc import Mapping
from itertools import islice
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from liftlock.engine import tested, trend
from liftlock.engine.intake.outcome import Dispatch, Offer
from liftlock.engine.trend import Trend
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.plan import slots
from liftlock.server import rendering, site, topics
from liftlock.server.pages.runs import Row, rows
from liftlock.server.rights import Person
from liftlock.server.site import Site
from liftlock.store import listing, repositories, schedules
from liftlock.store.database import Store
from liftlock.store.listing import Flow
from liftlock.store.repositories import Repository

STRIP: Final = 30
JUDGED: Final = 100  # runs from which figures are made
SLOTS: Final = 5  # of a schedule, to come and past
FIELD: Final = 'input:'


class Shown(NamedTuple):
    flow: Flow
    rows: list[Row]
    figures: Trend


class Planned(NamedTuple):
    """A schedule: when it fires next, and what became of its last slots."""

    schedule: schedules.Schedule
    coming: tuple[float, ...]
    past: list[schedules.Past]


async def index(request: Request) -> Response:
    """Those that have run. Of one repository also the others, for which git is asked."""
    here, name = site.of(request), request.query_params.get('repository', '')
    topic = topics.begin(here, 'runs')
    flows = listing.workflows(here.store, name)
    registered = {one.name: one for one in repositories.listed(here.store)}
    offers, problem = await _offers(here, registered.get(name), '')
    ran = {one.workflow for one in flows}
    names = listing.repositories(here.store)
    return rendering.page(
        request,
        'workflows.html',
        shown=[shown(here.store, flow) for flow in flows],
        repositories=[one for one in names if name in ('', one)],
        registered=registered,
        others=[one for one in offers if one.path not in ran],
        problem=problem,
        name=name,
        address=address,
        topic=topic,
    )


async def show(request: Request) -> Response:
    here, given = site.of(request), request.query_params
    name, path, ref = (given.get(key, '') for key in ('repository', 'workflow', 'ref'))
    repository = repositories.find(here.store, name)
    flow = next((one for one in listing.workflows(here.store, name) if one.workflow == path), None)
    offer, problem = await _offer(here, repository, path, ref)
    if flow is None and offer is None:
        raise UserError(f'{name} has no workflow "{path}"', problem)
    flow = flow or Flow(name, path, offer.name if offer else path, 0, 0)
    kept = tested.kept(here.store, name, path)
    reports = await asyncio.to_thread(tested.told, here.tests, kept)
    off = schedules.disabled(here.store, repository.id) if repository else {}
    return rendering.page(
        request,
        'workflow.html',
        one=shown(here.store, flow),
        repository=repository,
        offer=offer,
        problem=problem,
        ref=ref or (repository.default_branch if repository else ''),
        refs=_refs(here.store, name),
        disabled=off.get(path, ''),
        schedules=_schedules(here, repository, path),
        reports=len(reports),
        flaky=tested.flaky(reports),
        url=here.ground.url,
        field=FIELD,
        interval=trend.wilson,
        address=address,
    )


def address(repository: str, workflow: str, **more: str) -> str:
    query = {'repository': repository, 'workflow': workflow, **more}
    return f'/workflows/of?{urlencode(query)}'


def shown(store: Store, flow: Flow) -> Shown:
    mine = listing.of_workflow(store, flow.repository, flow.workflow, JUDGED)
    return Shown(flow, rows(store, mine[:STRIP]), trend.measure(mine))


async def _offer(
    here: Site, repository: Repository | None, path: str, ref: str
) -> tuple[Offer | None, str]:
    """What can be started at the ref; why it cannot be told."""
    offers, problem = await _offers(here, repository, ref)
    found = next((one for one in offers if one.path == path), None)
    if found or problem or repository is None:
        return found, problem
    return None, f'there is no {path} at this ref'


async def _offers(here: Site, repository: Repository | None, ref: str) -> tuple[list[Offer], str]:
    if repository is None:
        return [], ''
    try:
        return await here.intake.offers(repository, ref), ''
    except UserError as error:
        return [], str(error)


def _refs(store: Store, repository: str) -> list[str]:
    return [rendering.branch(ref) for ref in listing.choices(store, repository)['ref']]


def _schedules(here: Site, repository: Repository | None, path: str) -> list[Planned]:
    if repository is None:
        return []
    found = schedules.of_repository(here.store, repository.id)
    return [_planned(here.store, one) for one in found if one.workflow == path]


def _planned(store: Store, one: schedules.Schedule) -> Planned:
    try:
        coming = tuple(islice(slots.following(one.cron, one.timezone, time.time()), SLOTS))
    except ValueError:  # a file that nobody has checked
        coming = ()
    return Planned(one, coming, schedules.past(store, one.id, SLOTS))


# --- what is done here


async def dispatch(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    repository = repositories.named(here.store, given.get('repository', ''))
    inputs = {
        name.removeprefix(FIELD): value for name, value in given.items() if name.startswith(FIELD)
    }
    asked = Dispatch(given.get('workflow', ''), given.get('ref', ''), inputs)
    outcome = await here.register.dispatch(person, repository, asked)
    if not outcome.runs:
        raise UserError(outcome.said or 'nothing has started')
    return f'/runs/{outcome.runs[0]}', f'Run {outcome.runs[0]} begins.'


async def turn(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    """Disable or enable a workflow."""
    repository = repositories.named(here.store, given.get('repository', ''))
    path, off = given.get('workflow', ''), given.get('off') == '1'
    here.register.turn(person, repository, path, off=off)
    word = 'disabled' if off else 'enabled'
    return address(repository.name, path), f'{path} is {word}.'
