"""All of it as one application: which address leads where."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from liftlock.errors import UserError
from liftlock.server import badges, events, front, health, metrics, rendering, static
from liftlock.server.doing import Forbidden
from liftlock.server.guard import Guard
from liftlock.server.pages import account, door, office, people, triggers
from liftlock.server.pages import table as tables
from liftlock.server.pages.acting import Act, acting
from liftlock.server.pages.door import Door
from liftlock.server.picture import Plans
from liftlock.server.rest import Rest
from liftlock.server.site import Site
from liftlock.server.tracing import Tracing
from liftlock.store.sql import Unreachable

Handler = Callable[[Request], Awaitable[Response]]


def make(
    site: Site, entrance: Door, more: Sequence[BaseRoute] = (), public: Sequence[str] = ()
) -> ASGIApp:
    """`more` are addresses of other rooms: webhooks, say. What begins with one of `public` asks by
    itself who comes."""
    app = Starlette(
        routes=[*more, *routes(entrance)],
        exception_handlers={UserError: _refused, HTTPException: _missing, Exception: _broken},
    )
    app.state.site = site
    app.state.plans = Plans(site.ground.engine)
    # First: what programs ask for should not be looked for among all pages.
    app.router.routes.insert(0, Mount('/api/v1', Rest(site, app.state.plans)))
    guard = Guard(app, site.ground, (*public, tables.SHOWN, badges.PREFIX))
    return Tracing(guard, site.requests)


def routes(entrance: Door) -> list[Route]:
    """For people: pages, and what is done by their forms."""
    return [*_open(entrance), *_pages(), *_acts()]


def _open(entrance: Door) -> list[Route]:
    return [
        Route('/login', entrance.show, methods=['GET']),
        Route('/login', entrance.enter, methods=['POST']),
        *entrance.ways,
        Route('/login/{code}', entrance.show, methods=['GET']),
        Route('/login/new/{code}', entrance.invitation, methods=['GET']),
        Route('/login/new/{code}', entrance.accept, methods=['POST']),
        Route('/account/password', account.password(entrance), methods=['POST']),
        Route('/logout', entrance.leave, methods=['POST']),
        Route('/theme', door.theme, methods=['POST']),
        Route('/static/{digest}/{name:path}', static.serve),
        Route('/health/overall', health.overall),
        Route('/health/database', health.database),
        Route('/health/database/pool', health.pool),
        Route('/metrics', metrics.show),
    ]


def _pages() -> list[Route]:
    table: list[tuple[str, Handler]] = [
        *tables.PAGES,
        *tables.OPEN,
        ('/schedules', triggers.index),
        ('/statuses', triggers.told),
        ('/repositories/{repository:int}/triggers', triggers.show),
        (badges.PREFIX + '{path:path}', badges.show),
        ('/audit', office.audit),
        ('/tokens', office.tokens),
        ('/users', people.index),
        ('/users/{name}', people.show),
        ('/account', account.show),
        ('/events', events.stream),
    ]
    return [Route(path, handler, methods=['GET']) for path, handler in table]


def _acts() -> list[Route]:
    table: list[tuple[str, Act]] = [
        *tables.ACTS,
        ('/repositories/{repository:int}/triggers', triggers.change),
        ('/repositories/{repository:int}/statuses', triggers.again),
        ('/users', people.add),
        ('/users/{name}/role', people.role),
        ('/users/{name}/disable', people.disable),
        ('/users/{name}/enable', people.enable),
        ('/users/{name}/invite', people.invite),
        ('/users/{name}/grant', people.grant),
        ('/users/{name}/ungrant', people.ungrant),
        ('/sessions/{session}/end', people.end_session),
        ('/tokens', office.create),
        ('/tokens/{token:int}/revoke', office.revoke),
    ]
    return [Route(path, acting(act), methods=['POST']) for path, act in table]


# --- what went wrong


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, UserError)
    if isinstance(error, Unreachable):
        return front.excuse(request.scope)
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
