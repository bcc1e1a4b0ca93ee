"""What a run's tests said, and how each has gone in the runs before."""

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from liftlock.engine import tested
from liftlock.gates import flakes
from liftlock.server import rendering, site
from liftlock.server.pages import run as pages

SLOWEST: Final = 10
LISTED: Final = 500
HEAT: Final = 20  # outcomes of a test at a glance


async def show(request: Request) -> Response:
    here = site.of(request)
    shared = await pages.frame(request, 'tests')
    run, cases = shared['run'], shared['read'].cases
    kept = tested.kept(here.store, run.repository, run.workflow) if cases else []
    told = await asyncio.to_thread(tested.told, here.tests, kept)
    history = flakes.fold(told)
    mine = flakes.worst(cases)
    by_state = {
        state: [case for case in mine.values() if case.state == state]
        for state in ('failed', 'skipped', 'passed')
    }
    return rendering.page(
        request,
        'run_tests.html',
        **shared,
        counts={state: len(found) for state, found in by_state.items()},
        by_state=by_state,
        slowest=sorted(mine.values(), key=lambda case: -case.seconds)[:SLOWEST],
        flaky=[test for test in tested.flaky(told) if test.key in mine],
        history={key: test.outcomes[-HEAT:] for key, test in history.items()},
        seconds=sum(case.seconds for case in cases),
        listed=LISTED,
    )
