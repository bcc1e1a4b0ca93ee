"""What a server is made of, and how each part is: well, degraded (it works, but somebody should
look), or down.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from liftlock.errors import UserError
from liftlock.language.figures import size, span
from liftlock.language.records import NamedTuple
from liftlock.server.site import Site
from liftlock.store import backlogs, blobs, deliveries, schema
from liftlock.store.backlogs import Backlog
from liftlock.store.database import Store

OK: Final = 'ok'
DEGRADED: Final = 'degraded'
DOWN: Final = 'down'
STATES: Final = (OK, DEGRADED, DOWN)
SCARCE: Final = 1024**3, 0.05  # bytes, or share, of free space that are little
FULL: Final = 100 * 1024**2, 0.01  # with which nothing can be promised
LATE: Final = 300.0  # seconds that something may wait which is done at once


class Part(NamedTuple):
    """`figures` are told to everybody who is told the reason."""

    state: str
    reason: str = ''
    figures: tuple[tuple[str, float], ...] = ()

    def told(self, known: bool) -> dict[str, Any]:
        if not known:
            return {'state': self.state}
        return {'state': self.state, 'reason': self.reason, **dict(self.figures)}


async def look(here: Site, now: float) -> dict[str, Part]:
    found = {name: _look(part, here, now) for name, part in PARTS.items()}
    if here.store.bucket:
        found['bucket'] = await _bucket(here)
    return {**found, 'supervisor': await _supervisor(here)}


def _look(part: 'Look', here: Site, now: float) -> Part:
    try:
        return part(here, now)
    except UserError as error:
        return Part(DOWN, str(error))


def _server(here: Site, now: float) -> Part:
    if here.draining:
        return Part(DOWN, 'it ends, and takes nothing new')
    return Part(OK, '', (('runs', here.crew.busy), ('streams', here.streams)))


def _database(here: Site, now: float) -> Part:
    with here.store.transaction() as sql:
        sql.execute('SELECT COUNT(*) FROM served').fetchone()
    return Part(OK)


def _disk(here: Site, now: float) -> Part:
    found = os.statvfs(here.store.directory)
    return space(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


def space(free: int, whole: int) -> Part:
    """Whether so many free bytes of so many are enough."""
    share = free / whole if whole else 1.0
    figures = (('free', free), ('share', round(share, 4)))
    for state, (least, least_share) in ((DOWN, FULL), (DEGRADED, SCARCE)):
        if free < least or (share < least_share and free < 20 * least):
            return Part(state, f'{size(free)} are free', figures)
    return Part(OK, '', figures)


def _lock(here: Site, now: float) -> Part:
    if (here.store.directory / schema.WANTED).exists():
        return Part(DEGRADED, 'another liftlock waits to bring the store to a newer schema')
    return Part(OK)


def _workers(here: Site, now: float) -> Part:
    return staffed(backlogs.workers(here.store), backlogs.tasks(here.store), now)


def staffed(workers: Mapping[str, int], waiting: Backlog, now: float) -> Part:
    """Whether jobs that wait have somebody to wait for."""
    figures = (
        *((state, count) for state, count in sorted(workers.items())),
        ('waiting', waiting.number),
    )
    if waiting.late(now) < LATE:
        return Part(OK, '', figures)
    told = f'{waiting.number} jobs wait, the first for {span(waiting.late(now))}'
    if not workers.get('ready'):
        return Part(DOWN, f'{told}; no worker is ready', figures)
    return Part(DEGRADED, told, figures)


def _deliveries(here: Site, now: float) -> Part:
    found = [backlogs.hooks(here.store), backlogs.intakes(here.store)]
    return _punctual(max(found, key=lambda one: one.late(now)), 'events', now)


def _outbox(here: Site, now: float) -> Part:
    part = _punctual(backlogs.letters(here.store), 'commit statuses', now)
    lost = backlogs.given_up(here.store)
    if lost and part.state == OK:
        return part._replace(state=DEGRADED, reason=f'{lost} commit statuses were given up')
    return part


def _schedules(here: Site, now: float) -> Part:
    return _punctual(backlogs.slots(here.store), 'slots of schedules', now)


def _punctual(waiting: Backlog, what: str, now: float) -> Part:
    figures = (('waiting', waiting.number), ('late', round(waiting.late(now), 1)))
    if waiting.late(now) < LATE:
        return Part(OK, '', figures)
    told = f'{waiting.number} {what} wait, the first for {span(waiting.late(now))}'
    return Part(DEGRADED, told, figures)


async def _bucket(here: Site) -> Part:
    bucket = blobs.bucket_of(here.store.directory)
    wrong = await asyncio.to_thread(bucket.look) if bucket is not None else ''
    return Part(DOWN, wrong) if wrong else Part(OK)


async def _supervisor(here: Site) -> Part:
    """On a database that many share, any of the servers may have the role."""
    if not deliveries.environments(here.store):
        return Part(OK, 'nothing is deployed')
    if here.store.database or await here.supervised():
        return Part(OK)
    return Part(DEGRADED, 'nobody watches over what is deployed')


def driver(store: Store) -> str:
    return 'postgresql' if store.database else 'sqlite'


def pool(store: Store) -> dict[str, Any]:
    """What connections there are."""
    engine = store.engine
    told: dict[str, Any] = {
        'driver': driver(store),
        'connections': {'this server': 1, 'made': engine.made},
    }
    if store.database:
        with store.reading() as sql:
            rows = sql.execute(CONNECTIONS).fetchall()
            most, waiting = sql.execute(LIMITS).fetchone()
        told['database'] = {'connections': dict(rows), 'most': most, 'waiting_for_locks': waiting}
        return told
    with store.reading() as sql:
        (mode,) = sql.execute('PRAGMA journal_mode').fetchone()
    log = store.directory / 'liftlock.db-wal'
    told['database'] = {
        'journal': mode,
        'bytes': (store.directory / 'liftlock.db').stat().st_size,
        'log_bytes': log.stat().st_size if log.exists() else 0,
    }
    return told


CONNECTIONS: Final = """
SELECT COALESCE(state, 'none'), COUNT(*) FROM pg_stat_activity
WHERE datname = current_database() GROUP BY COALESCE(state, 'none')"""
LIMITS: Final = """
SELECT current_setting('max_connections')::int,
       (SELECT COUNT(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock')"""
Look = Callable[[Site, float], Part]
PARTS: Final[dict[str, Look]] = {
    'server': _server,
    'database': _database,
    'disk': _disk,
    'store': _lock,
    'workers': _workers,
    'deliveries': _deliveries,
    'outbox': _outbox,
    'schedules': _schedules,
}
