"""How this server stands: its health part by part, and what it was started with."""

import time

from starlette.requests import Request
from starlette.responses import Response

from liftlock.server import parts, rendering, rights, site
from liftlock.server.site import Site
from liftlock.store import runs, schema

WORDS = {'ok': 'healthy', 'degraded': 'waiting', 'down': 'unhealthy'}


async def index(request: Request) -> Response:
    here, who = site.of(request), site.person(request)
    rights.refuse(who, 'settings.read')
    health = await parts.look(here, time.time())
    return rendering.page(
        request,
        'settings.html',
        health=health,
        words=WORDS,
        told=told(here),
        since=here.since,
        teams=here.ground.teams,
    )


def told(here: Site) -> list[tuple[str, str]]:
    """What it was started with, and where that is said."""
    ground, store = here.ground, here.store
    days = f'{runs.KEPT / 86400:.0f} days'
    return [
        ('Version', ground.version),
        ('Address', ground.url or 'as it is asked for (--url says where people reach it)'),
        ('Store', str(store.directory)),
        ('Database', 'PostgreSQL' if store.database else 'SQLite, in the store'),
        ('Schema', str(len(schema.MIGRATIONS))),
        ('Jobs', 'by workers' if ground.engine.shared else 'by this process'),
        ('Cookies', 'by TLS alone' if ground.secure else 'also without TLS'),
        ('Artifacts and logs are kept', f'{days}, unless liftlock.yml or a step says otherwise'),
        ('Trusted proxies', ', '.join(map(str, ground.proxies)) or 'none'),
        ('/metrics', 'for everybody' if ground.open_metrics else 'with a token'),
    ]
