"""What the server was started with, and how it stands."""

import time

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from liftlock.server import parts, rights
from liftlock.server.rest import refusals
from liftlock.server.rest.asking import Admin
from liftlock.server.rest.shapes import settings as shapes
from liftlock.store import runs, schema

router = APIRouter(tags=['server'], responses=refusals.described())


@router.get('/settings', response_model=shapes.Settings)
async def show_settings(call: Admin) -> Response:
    """What it was started with, and how each part of it is. For others there is `/health`."""
    rights.refuse(call.person, 'settings.read')
    here = call.here
    ground, store = here.ground, here.store
    health = await parts.look(here, time.time())
    told = {
        'version': ground.version,
        'since': here.since,
        'address': ground.url,
        'store': str(store.directory),
        'database': parts.driver(store),
        'schema_version': len(schema.MIGRATIONS),
        'workers': bool(ground.engine.shared),
        'secure': ground.secure,
        'kept': runs.KEPT,
        'proxies': list(map(str, ground.proxies)),
        'open_metrics': ground.open_metrics,
        'teams': {name: list(members) for name, members in ground.teams.items()},
        'health': {name: part.told(known=True) for name, part in health.items()},
    }
    return JSONResponse(told)
