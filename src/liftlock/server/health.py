"""Whether the server is well, for whatever watches it, and figures for Prometheus."""

import time
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from liftlock.engine.delivery.standing import word
from liftlock.errors import UserError
from liftlock.server import site
from liftlock.store import deliveries, listing


async def alive(request: Request) -> Response:
    return JSONResponse({'status': 'ok', 'version': site.of(request).ground.version})


async def database(request: Request) -> Response:
    """Writes and reads, as whatever is asked of the server does."""
    store, begun = site.of(request).store, time.perf_counter()
    try:
        with store.transaction() as sql:
            sql.execute('SELECT COUNT(*) FROM served').fetchone()
    except UserError as error:
        return JSONResponse({'status': 'down', 'error': str(error)}, 503)
    took = time.perf_counter() - begun
    return JSONResponse({'status': 'ok', 'driver': 'sqlite', 'seconds': round(took, 6)})


async def metrics(request: Request) -> Response:
    here = site.of(request)
    text = '\n'.join(_lines(request, here)) + '\n'
    return PlainTextResponse(text, media_type='text/plain; version=0.0.4; charset=utf-8')


def _lines(request: Request, here: site.Site) -> Iterator[str]:
    yield '# HELP liftlock_runs Runs in the store, by status and conclusion.'
    yield '# TYPE liftlock_runs gauge'
    for (status, conclusion), number in sorted(listing.counts(here.store).items()):
        yield f'liftlock_runs{{status="{status}",conclusion="{conclusion}"}} {number}'
    yield '# HELP liftlock_runs_carried_out Runs that this process carries out now.'
    yield '# TYPE liftlock_runs_carried_out gauge'
    yield f'liftlock_runs_carried_out {here.crew.busy}'
    yield '# HELP liftlock_event_streams Open streams of live updates.'
    yield '# TYPE liftlock_event_streams gauge'
    yield f'liftlock_event_streams {here.streams}'
    yield '# HELP liftlock_environment_up Whether what is deployed there is well.'
    yield '# TYPE liftlock_environment_up gauge'
    for one in here.folded(deliveries.environments(here.store), time.time()):
        names = (
            f'repository="{_quoted(one.place.repository)}",environment="{_quoted(one.place.name)}"'
        )
        up = int(word(one) in ('healthy', 'deploying', 'paused', 'running'))
        yield f'liftlock_environment_up{{{names}}} {up}'
    yield '# HELP liftlock_deployments_waiting Deployments that wait for their protection.'
    yield '# TYPE liftlock_deployments_waiting gauge'
    waiting = len(deliveries.listed(here.store, status='waiting', limit=10_000))
    yield f'liftlock_deployments_waiting {waiting}'
    yield '# HELP liftlock_start_time_seconds When this process began to serve.'
    yield '# TYPE liftlock_start_time_seconds gauge'
    yield f'liftlock_start_time_seconds {request.app.state.since:.3f}'


def _quoted(text: str) -> str:
    return text.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n')
