"""Why did a workflow run, or not? By repository, and by commit or pull request; and what waits."""

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from liftlock.engine.intake import admission
from liftlock.language.records import NamedTuple
from liftlock.server import rendering, site, topics
from liftlock.server.site import Site
from liftlock.store import intakes, repositories
from liftlock.store.intakes import Decision, Intake
from liftlock.store.repositories import Repository

MARKS: Final = {
    'started': 'success',
    'skipped': 'skipped',
    'refused': 'failure',
    'held': 'waiting',
    'begun': 'running',
    'done': 'success',
    'failed': 'failure',
    'rejected': 'cancelled',
}
FEW: Final = 30
COMMIT: Final = re.compile(r'[0-9a-fA-F]{4,64}')


class Answer(NamedTuple):
    """`warning` is what an approver should see first."""

    intake: Intake
    repository: Repository
    decisions: list[Decision]
    warning: str = ''


async def index(request: Request) -> Response:
    here, given = site.of(request), request.query_params
    known = repositories.listed(here.store)
    asked = given.get('repository', '').strip()
    commit = given.get('sha', '').strip()
    chosen = next((one for one in known if asked.lower() in (one.name.lower(), str(one.id))), None)
    number = chosen.id if chosen else 0
    found: list[Intake] = []
    if asked and chosen is None:
        pass
    elif COMMIT.fullmatch(commit):
        found = intakes.of_commit(here.store, number, commit)
    elif not commit:
        listed = intakes.listed(here.store, number, limit=FEW)
        found = [one for one in listed if one.status != 'held']  # those stand above
    return rendering.page(
        request,
        'why.html',
        repositories=known,
        chosen=chosen,
        asked=asked,
        commit=commit,
        held=[answer(here, one) for one in intakes.held(here.store)],
        answers=[answer(here, one) for one in found],
        marks=MARKS,
        topic=topics.begin(here, 'all'),
    )


async def show(request: Request) -> Response:
    here = site.of(request)
    one = intakes.of(here.store, request.path_params['intake'])
    return rendering.page(
        request,
        'why_one.html',
        answer=answer(here, one),
        hook=_hook(one),
        marks=MARKS,
        topic=topics.begin(here, 'all'),
    )


def answer(here: Site, one: Intake) -> Answer:
    repository = repositories.of(here.store, one.repository)
    decisions = intakes.decisions(here.store, one.id)
    warning = ''
    if one.status == 'held':
        event = here.intake.event(one.id)
        warning = admission.warning(event) if event else ''
    return Answer(one, repository, decisions, warning)


def _hook(one: Intake) -> int:
    """The delivery of a webhook that brought it; 0 for what came otherwise."""
    found = re.fullmatch(r'hook:(\d+):.*', one.delivery)
    return int(found[1]) if found else 0
