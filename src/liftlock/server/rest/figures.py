"""How well it goes: DORA's figures, and those of workflows."""

import time
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, Response

from liftlock.engine import performance, trend
from liftlock.server.rest import refusals
from liftlock.server.rest.asking import RunsRead, Wanted
from liftlock.server.rest.shapes import figures as shapes
from liftlock.store import listing

router = APIRouter(tags=['figures'], responses=refusals.described())
DAY = 86400.0
Days = Annotated[float, Query(gt=0, le=3660, description='So many days back.')]


@router.get('/metrics', response_model=shapes.Performance)
async def read_metrics(call: RunsRead, repository: Wanted = '', days: Days = 30.0) -> Response:
    """Of all repositories, or of one: as `liftlock metrics --json`."""
    now = time.time()
    found = performance.look(call.store, now - days * DAY, now, repository)
    return JSONResponse(performance.record(found))


@router.get('/metrics/days', response_model=shapes.Days)
async def count_by_day(call: RunsRead, repository: Wanted = '', days: Days = 30.0) -> Response:
    """How runs have ended, day by day; days without runs, too."""
    now = time.time()
    since = now - days * DAY
    found = trend.days(listing.since(call.store, since, repository), since, now)
    return JSONResponse({'days': [one._asdict() for one in found]})
