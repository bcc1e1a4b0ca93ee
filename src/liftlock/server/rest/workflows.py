"""Workflows that have run, how they do, and which of their tests cannot be trusted."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, Response

from liftlock.engine import tested
from liftlock.server.pages import workflows as pages
from liftlock.server.pages.workflows import Shown
from liftlock.server.rest import refusals
from liftlock.server.rest.asking import RunsRead, Wanted
from liftlock.server.rest.sections import outcome
from liftlock.server.rest.shapes import sections as shapes
from liftlock.server.rest.shapes.base import WITHOUT_NUL
from liftlock.store import listing

router = APIRouter(tags=['workflows'], responses=refusals.described())
Named = Annotated[str, Query(min_length=1, max_length=512, pattern=WITHOUT_NUL)]


@router.get('/workflows', response_model=shapes.Flows)
async def list_flows(call: RunsRead, repository: Wanted = '') -> Response:
    """Those that have run, with how their newest runs went. What can be started is told by
    repository."""
    found = listing.workflows(call.store, repository)
    return JSONResponse({'workflows': [_flow(pages.shown(call.store, one)) for one in found]})


@router.get('/flaky', response_model=shapes.Flaky)
async def list_flaky_tests(call: RunsRead, repository: Named, workflow: Named) -> Response:
    """Tests that on one commit have both passed and failed. `workflow` is the path."""
    kept = tested.kept(call.store, repository, workflow)
    reports = await asyncio.to_thread(tested.told, call.here.tests, kept)
    tests = [
        {
            'key': one.key,
            'failures': one.failures,
            'ran': one.ran,
            'history': [outcome(each) for each in one.outcomes],
        }
        for one in tested.flaky(reports)
    ]
    return JSONResponse({'reports': len(reports), 'tests': tests})


@router.get('/choices', response_model=shapes.Choices)
async def list_choices(call: RunsRead, repository: Wanted = '') -> Response:
    """What the filters of runs could be set to."""
    found = listing.choices(call.store, repository)
    return JSONResponse({'repositories': listing.repositories(call.store), **found})


def _flow(one: Shown) -> dict[str, Any]:
    last = [{'run': row.run.id, 'state': row.state} for row in one.rows]
    return {**one.flow._asdict(), 'figures': one.figures._asdict(), 'last': last}
