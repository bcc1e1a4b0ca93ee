"""All of it as one application: which address leads where."""

import time
from collections.abc import Awaitable, Callable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from liftlock.errors import UserError
from liftlock.server import api, events, health, rendering, static
from liftlock.server.doing import Forbidden
from liftlock.server.guard import Guard
from liftlock.server.pages import deployments, door, log, office, run, runs
from liftlock.server.pages.acting import Act, acting
from liftlock.server.pages.door import Door
from liftlock.server.picture import Plans
from liftlock.server.site import Site

Handler = Callable[[Request], Awaitable[Response]]


def make(
    site: Site, entrance: Door, more: Sequence[BaseRoute] = (), public: Sequence[str] = ()
) -> ASGIApp:
    """`more` are addresses of other rooms: webhooks, say. What begins with one of `public` asks by
    itself who comes."""
    app = Starlette(
        routes=[*more, *_open(entrance), *_pages(), *_acts(), *api.routes()],
        exception_handlers={UserError: _refused, HTTPException: _missing, Exception: _broken},
    )
    app.state.site = site
    app.state.plans = Plans(site.ground.engine)
    app.state.since = time.time()
    return Guard(app, site.store, public)


def _open(entrance: Door) -> list[Route]:
    return [
        Route('/login', entrance.show, methods=['GET']),
        Route('/login', entrance.enter, methods=['POST']),
        Route('/login/{code}', entrance.show, methods=['GET']),
        Route('/logout', entrance.leave, methods=['POST']),
        Route('/theme', door.theme, methods=['POST']),
        Route('/static/{digest}/{name:path}', static.serve),
        Route('/health', health.alive),
        Route('/health/database', health.database),
        Route('/metrics', health.metrics),
    ]


def _pages() -> list[Route]:
    table: list[tuple[str, Handler]] = [
        ('/', runs.overview),
        ('/runs', runs.index),
        ('/runs/{run:int}', run.show),
        ('/runs/{run:int}/artifacts/{number:int}', run.artifact),
        ('/runs/{run:int}/reports/{digest}', run.report),
        ('/runs/{run:int}/jobs/{key:path}', log.show),
        ('/runs/{run:int}/lines/{key:path}', log.lines),
        ('/runs/{run:int}/search/{key:path}', log.search),
        ('/runs/{run:int}/raw/{key:path}', log.raw),
        ('/deployments', deployments.index),
        ('/environments/{environment:int}', deployments.show),
        ('/audit', office.audit),
        ('/tokens', office.tokens),
        ('/events', events.stream),
    ]
    return [Route(path, handler, methods=['GET']) for path, handler in table]


def _acts() -> list[Route]:
    table: list[tuple[str, Act]] = [
        ('/runs/{run:int}/cancel', run.cancel),
        ('/runs/{run:int}/rerun', run.rerun),
        ('/environments/{environment:int}/approve', deployments.approve),
        ('/environments/{environment:int}/reject', deployments.reject),
        ('/environments/{environment:int}/promote', deployments.promote),
        ('/environments/{environment:int}/abort', deployments.abort),
        ('/environments/{environment:int}/rollback', deployments.rollback),
        ('/tokens', office.create),
        ('/tokens/{token:int}/revoke', office.revoke),
    ]
    return [Route(path, acting(act), methods=['POST']) for path, act in table]


# --- what went wrong


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, UserError)
    status = 403 if isinstance(error, Forbidden) else 404
    return _told(request, status, str(error), error.hint)


async def _missing(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _told(request, error.status_code, 'there is no such page', '')


async def _broken(request: Request, error: Exception) -> Response:
    return _told(request, 500, 'this is a bug in liftlock', 'the log of the server tells more')


def _told(request: Request, status: int, message: str, hint: str) -> Response:
    person = request.scope.get('state', {}).get('person')
    if request.url.path.startswith('/api/') or person is None:
        return JSONResponse({'error': message, 'hint': hint}, status)
    return rendering.page(
        request, 'error.html', status, status=status, message=message, hint=hint, topic=''
    )
