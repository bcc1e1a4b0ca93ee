"""Whether the server is well, for whatever watches it.

`/health` and `/health/ready` are answered by `front`. `/health/overall` looks at each part; 503
where one is down. What ails a part is told to those who are logged in alone, whether it is well to
everybody.
"""

import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from liftlock.errors import UserError
from liftlock.server import parts, site
from liftlock.server.parts import DOWN, OK


async def overall(request: Request) -> Response:
    here = site.of(request)
    found = await parts.look(here, time.time())
    states = [one.state for one in found.values()]
    worst = max(states, key=parts.STATES.index, default=OK)
    known = request.scope['state'].get('person') is not None
    told = {name: one.told(known) for name, one in found.items()}
    body = {'status': worst, 'version': here.ground.version, 'parts': told}
    return JSONResponse(body, 503 if worst == DOWN else 200)


async def database(request: Request) -> Response:
    """Writes and reads, as whatever is asked of the server does."""
    store, begun = site.of(request).store, time.perf_counter()
    try:
        with store.transaction() as sql:
            sql.execute('SELECT COUNT(*) FROM served').fetchone()
    except UserError as error:
        return JSONResponse({'status': 'down', 'error': str(error)}, 503)
    took = time.perf_counter() - begun
    told = {'status': 'ok', 'driver': parts.driver(store), 'seconds': round(took, 6)}
    return JSONResponse(told)


async def pool(request: Request) -> Response:
    """What connections there are. One request is answered at a time, so each store needs one."""
    try:
        return JSONResponse({'status': 'ok', **parts.pool(site.of(request).store)})
    except UserError as error:
        return JSONResponse({'status': 'down', 'error': str(error)}, 503)
