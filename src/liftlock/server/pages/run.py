"""One run: what all its pages share, its summary, and what people do with it."""

import asyncio
import time
from collections.abc import Mapping
from itertools import groupby
from typing import Any, Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from liftlock.engine.telling import condition
from liftlock.engine.tested import Read
from liftlock.language.records import NamedTuple
from liftlock.plan.board import Job
from liftlock.plan.facts import Annotated
from liftlock.server import graph, picture, rendering, site, topics
from liftlock.server.pages.acting import local
from liftlock.server.picture import Picture
from liftlock.server.rights import Person
from liftlock.server.site import Site
from liftlock.store import artifacts, deliveries, intakes
from liftlock.store.artifacts import Artifact

ORDER: Final = {'error': 0, 'warning': 1, 'notice': 2}
FEW: Final = 8  # of annotations and failed tests, on the first page
FOLDED: Final = 6  # legs of one job; more that went well are one line


class Legs(NamedTuple):
    """Jobs that are listed together: one, or the legs of a matrix that went well."""

    name: str
    jobs: tuple[Job, ...]


async def show(request: Request) -> Response:
    now = time.time()
    shared = await frame(request, 'summary')
    drawn: Picture = shared['drawn']
    nodes = picture.nodes(drawn, now)
    return rendering.page(
        request,
        'run.html',
        **shared,
        graph=Markup(graph.svg(nodes, 'Jobs and what they need')),  # noqa: S704 - escaped there
        nodes=nodes,
        groups=legs(drawn),
        needs={node.id: node.needs for node in nodes},
        bars=picture.bars(drawn, now),
        root=picture.root,
        few=FEW,
    )


async def frame(request: Request, tab: str) -> dict[str, Any]:
    """What the head and the tabs of every page of a run need."""
    here, run = site.of(request), request.path_params['run']
    topic = topics.begin(here, 'run', run=run)
    drawn = of(request)
    kept = artifacts.listed(here.store, run)
    read = await tested(here, drawn, kept)
    return {
        'tab': tab,
        'drawn': drawn,
        'run': drawn.run,
        'board': drawn.board,
        'state': _state(here, drawn),
        'address': lambda key: picture.address(drawn, key),
        'annotations': ordered(drawn),
        'artifacts': kept,
        'read': read,
        'failed': [one for one in read.cases if one.state == 'failed'],
        'older': f'?attempt={drawn.attempt}' if drawn.attempt != drawn.run.attempt else '',
        'intake': intakes.behind(here.store, run),
        'held': [
            (here.place(one.environment).name, one)
            for one in deliveries.underway(here.store, run)
            if one.status == 'waiting'
        ],
        'topic': topic,
    }


def of(request: Request) -> Picture:
    here = site.of(request)
    attempt = request.query_params.get('attempt', '')
    chosen = int(attempt) if attempt.isdecimal() and len(attempt) < 9 else 0
    return picture.draw(here.store, request.app.state.plans, request.path_params['run'], chosen)


async def tested(here: Site, drawn: Picture, kept: list[Artifact]) -> Read:
    """What this attempt has reported of its tests; read beside other work."""
    mine = [one for one in kept if one.attempt <= drawn.attempt]
    newest: dict[str, int] = {}
    for one in mine:
        newest[one.name] = max(one.attempt, newest.get(one.name, 0))
    current = [one for one in mine if one.attempt == newest[one.name]]
    reports = [(one.name, one.digest) for one in drawn.board.reports]
    return await asyncio.to_thread(here.tests.of, current, reports)


def ordered(drawn: Picture) -> list[tuple[int, Annotated]]:
    """Annotations, the worst first, each with its place among all."""
    found = list(enumerate(drawn.board.annotations))
    return sorted(found, key=lambda one: ORDER.get(one[1].level, 3))


def legs(drawn: Picture) -> list[Legs]:
    """Jobs in order; of a large matrix those that went well stand together, behind the others."""
    found = []
    for root, jobs in groupby(drawn.board.jobs.values(), lambda job: picture.root(job.key)):
        mine = tuple(jobs)
        well = tuple(job for job in mine if job.state in ('success', 'skipped'))
        if len(mine) <= FOLDED or not well:
            found += [Legs(job.name, (job,)) for job in mine]
            continue
        found += [Legs(job.name, (job,)) for job in mine if job not in well]
        found.append(Legs(root, well))
    return found


def _state(here: Site, drawn: Picture) -> str:
    if drawn.attempt != drawn.run.attempt:
        return drawn.board.conclusion or 'cancelled'
    found = condition(here.store, drawn.run)
    return 'cancelling' if found == 'in_progress' and picture.stopping(drawn) else found


# --- what is done here


async def cancel(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    run, force = request.path_params['run'], given.get('force') == '1'
    here.doing.cancel(person, run, force=force)
    return local(given.get('back', f'/runs/{run}')), f'Run {run} is asked to stop.'


async def rerun(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    """`which` is `failed`, or nothing; `job` and `from_step` say more closely what."""
    run, job, step = request.path_params['run'], given.get('job', ''), given.get('from_step', '')
    failed, debug = given.get('which') == 'failed', given.get('debug') == '1'
    here.doing.rerun(person, run, failed=failed, job=job, from_step=step, debug=debug)
    what = f'Job {job}' if job else 'The failed jobs' if failed else 'All jobs'
    return f'/runs/{run}', f'{what} of run {run} start again.'
