"""Who carries jobs out, and what waits for whom: with the reason, in words."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from liftlock.engine.spread import showing
from liftlock.engine.telling import board
from liftlock.language.records import NamedTuple
from liftlock.server import rendering, site, topics
from liftlock.server.rights import Person
from liftlock.server.site import Site
from liftlock.store import runs, served
from liftlock.store.database import Store
from liftlock.store.runs import Run

MOST: Final = 50  # runs that are looked into


class Waiting(NamedTuple):
    run: Run
    key: str
    name: str
    state: str
    since: float
    reason: str


async def index(request: Request) -> Response:
    here = site.of(request)
    topic = topics.begin(here, 'runs')
    found = jobs(here.store)
    machines = showing.machines(here.store) if here.ground.engine.shared else []
    return rendering.page(
        request,
        'runners.html',
        shared=here.ground.engine.shared,
        machines=machines,
        running=[one for one in found if one.state == 'running'],
        waiting=[one for one in found if one.state != 'running'],
        served=len(served.left(here.store)),
        carried=here.crew.busy,
        slots=here.ground.engine.slots,
        topic=topic,
    )


def jobs(store: Store) -> list[Waiting]:
    """Those that run or wait, the oldest first; why, as their runs' facts say."""
    reasons = {(one['run'], one['job']): str(one['reason']) for one in showing.queue(store)}
    found = []
    for run in list(reversed(runs.unfinished(store)))[:MOST]:
        for job in board(store.facts(run.id)).jobs.values():
            if job.state not in ('running', 'queued'):
                continue
            reason = reasons.get((run.id, job.key), '') or job.message
            since = job.started or run.created
            found.append(Waiting(run, job.key, job.name, job.state, since, reason))
    return found


# --- what is done here


async def turn(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    """Give a worker no more jobs, or again some."""
    worker, off = given.get('worker', ''), given.get('off') == '1'
    here.doing.turn(person, worker, off=off)
    word = 'drained' if off else 'put to work again'
    return '/runners', f'The worker {worker} is {word}.'
