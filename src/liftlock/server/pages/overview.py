"""The start page: what waits, what is red, what runs now, and how everything has gone lately."""

import time
from itertools import groupby
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from liftlock.engine.delivery.standing import word
from liftlock.server import rendering, site, topics
from liftlock.server.pages import why, workflows
from liftlock.server.pages.runs import rows
from liftlock.store import deliveries, intakes, listing, runs

RUNNING: Final = 10


async def show(request: Request) -> Response:
    here, now = site.of(request), time.time()
    store, topic = here.store, topics.begin(here, 'all')
    standings = here.folded(deliveries.environments(store), now)
    flows = [workflows.shown(store, flow) for flow in listing.workflows(store)]
    going = runs.unfinished(store)
    return rendering.page(
        request,
        'overview.html',
        repositories=[
            (name, list(mine)) for name, mine in groupby(flows, lambda one: one.flow.repository)
        ],
        red=[one for one in flows if one.figures.red],
        waiting=[(one, each) for one in standings for each in one.environment.waiting],
        standings=standings,
        word=word,
        held=[why.answer(here, one) for one in intakes.held(store)],
        running=rows(store, going[-RUNNING:][::-1]),
        more=max(0, len(going) - RUNNING),
        address=workflows.address,
        topic=topic,
    )
