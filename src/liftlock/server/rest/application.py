"""The API as one FastAPI application, and its description."""

from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from liftlock.server.picture import Plans
from liftlock.server.rest import (
    approvals,
    artifacts,
    deployments,
    description,
    environments,
    events,
    figures,
    logs,
    members,
    people,
    reading,
    refusals,
    repositories,
    runs,
    secrets,
    sections,
    settings,
    triggers,
    workers,
    workflows,
)
from liftlock.server.rest.bodies import Bodies
from liftlock.server.rest.methods import Methods
from liftlock.server.site import Site

ROUTERS: Final[tuple[APIRouter, ...]] = (
    people.router,
    runs.router,
    sections.router,
    logs.router,
    artifacts.router,
    workflows.router,
    environments.router,
    approvals.router,
    deployments.router,
    workers.router,
    figures.router,
    secrets.router,
    events.router,
    triggers.router,
    repositories.router,
    members.router,
    settings.router,
)


def make(site: Site, plans: Plans) -> ASGIApp:
    app = FastAPI(
        title='Liftlock',
        version=site.ground.version or '0',
        description=description.TEXT,
        servers=[{'url': '/api/v1'}],
        root_path_in_servers=False,
        docs_url=None,
        redoc_url=None,
        openapi_url='/openapi.json',
        redirect_slashes=False,
        generate_unique_id_function=_name,
        separate_input_output_schemas=False,
    )
    for router in ROUTERS:
        app.include_router(router)
    refusals.install(app)
    app.state.site = site
    app.state.plans = plans

    async def docs(request: Request) -> Response:
        return reading.page(request, app.openapi())

    app.add_api_route('/docs', docs, include_in_schema=False)
    description.complete(app, ROUTERS)
    return Methods(Bodies(app), ROUTERS)


def _name(route: APIRoute) -> str:
    return route.name
