"""Pages of one run beside its summary: where time went, annotations, the workflow file."""

import asyncio
import time
from urllib.parse import quote

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from liftlock.plan.facts import Annotated
from liftlock.server import picture, rendering, site, waterfall
from liftlock.server.pages import log as logs
from liftlock.server.pages import run as pages
from liftlock.server.picture import Picture
from liftlock.server.waterfall import Row
from liftlock.server.window import Steps
from liftlock.store.database import Store


async def timeline(request: Request) -> Response:
    shared = await pages.frame(request, 'timeline')
    drawn: Picture = shared['drawn']
    queued = waterfall.queued(drawn.facts)
    made = waterfall.make(
        drawn.board.jobs.values(), queued, picture.needs(drawn), drawn.board.finished or time.time()
    )

    def shown(row: Row) -> Markup:
        address = picture.address(drawn, row.key) if row.key in drawn.claims else ''
        return Markup(waterfall.svg(row, address))  # noqa: S704 - escaped there

    return rendering.page(request, 'run_timeline.html', **shared, timeline=made, bar=shown)


async def annotations(request: Request) -> Response:
    shared = await pages.frame(request, 'annotations')
    return rendering.page(request, 'run_annotations.html', **shared)


async def workflow(request: Request) -> Response:
    shared = await pages.frame(request, 'workflow')
    plan = shared['drawn'].plan
    text = plan.request.files.get(plan.request.workflow, '') if plan else ''
    return rendering.page(request, 'run_workflow.html', **shared, workflow=text)


async def annotated(request: Request) -> Response:
    """To the line of the log on which an annotation was said: looked for when somebody asks."""
    here, number = site.of(request), request.path_params['number']
    drawn = pages.of(request)
    found = drawn.board.annotations
    if number >= len(found) or found[number].job not in drawn.claims:
        return RedirectResponse(f'/runs/{drawn.run.id}/annotations', 303)
    one = found[number]
    said = await line(here.store, drawn, one)
    place = f'#s{one.number}-L{said}' if said else f'#s{one.number}' if one.number else ''
    where = f'/runs/{drawn.run.id}/jobs/{quote(one.job, safe="")}'
    old = f'?attempt={drawn.attempt}' if drawn.attempt != drawn.run.attempt else ''
    return RedirectResponse(f'{where}{old}{place}', 303)


async def line(store: Store, drawn: Picture, one: Annotated) -> int:
    """Of the step's log, on which it was said; 0 if it is not found."""
    log = logs.look(store, drawn, one.job)
    first = one.message.strip().split('\n', 1)[0].strip()
    steps = Steps(log.reader)
    return await asyncio.to_thread(steps.said, one.number, one.level, first)
