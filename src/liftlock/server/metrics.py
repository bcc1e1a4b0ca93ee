"""Figures for Prometheus. Counters count what this process has seen; what is counted in the store
is a gauge, since retention takes things away there.
"""

import time
from collections.abc import Iterator, Mapping
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from liftlock.engine.delivery.standing import word
from liftlock.server import counting, site
from liftlock.server.counting import Family, Labels
from liftlock.server.site import Site
from liftlock.store import access, backlogs, deliveries, listing
from liftlock.store.backlogs import Backlog

Key = TypeVar('Key', tuple[str], tuple[str, str])
TYPE = 'text/plain; version=0.0.4; charset=utf-8'


async def show(request: Request) -> Response:
    here = site.of(request)
    since = here.since
    return PlainTextResponse(counting.text(list(_families(here, since))), media_type=TYPE)


def _families(here: Site, since: float) -> Iterator[Family]:
    store, now = here.store, time.time()
    yield _gauge('build_info', 'Which version serves.', {'version': here.ground.version}, 1)
    yield _gauge('start_time_seconds', 'When this process began to serve.', {}, since)
    yield _by('runs', 'Runs in the store.', ('status', 'conclusion'), listing.counts(store))
    yield _gauge('runs_carried_out', 'Runs that this process carries out now.', {}, here.crew.busy)
    yield here.jobs.family()
    yield from _waiting(
        'jobs_queued', 'Jobs that could run and do not yet', backlogs.queued(store), now
    )
    yield from _waiting('tasks_waiting', 'Jobs that wait for a worker', backlogs.tasks(store), now)
    workers = {(state,): count for state, count in backlogs.workers(store).items()}
    yield _by('workers', 'Processes that share the database.', ('state',), workers)
    yield from _waiting('hooks_waiting', 'Webhooks not looked at yet', backlogs.hooks(store), now)
    hooks = {(status,): count for status, count in backlogs.hooks_by_status(store).items()}
    yield _by('hooks', 'Webhooks in the store.', ('status',), hooks)
    yield from _waiting(
        'commit_statuses_waiting', 'Commit statuses to be told', backlogs.letters(store), now
    )
    yield from _waiting('slots_waiting', 'Slots of schedules to start', backlogs.slots(store), now)
    yield from _delivered(here, now)
    yield from _served(here)


def _delivered(here: Site, now: float) -> Iterator[Family]:
    found = backlogs.deployments(here.store)
    yield _by('deployments', 'Deployments in the store.', ('status', 'conclusion'), found)
    waiting = sum(count for (status, _), count in found.items() if status == 'waiting')
    told = 'Deployments that wait for their protection.'
    yield _gauge('deployments_waiting', told, {}, waiting)
    samples: list[tuple[str, Labels, float]] = [
        (
            '',
            {'repository': one.place.repository, 'environment': one.place.name},
            int(word(one) in ('healthy', 'deploying', 'paused', 'running')),
        )
        for one in here.folded(deliveries.environments(here.store), now)
    ]
    told = 'Whether what is deployed there is well.'
    yield Family('liftlock_environment_up', 'gauge', told, samples)


def _served(here: Site) -> Iterator[Family]:
    yield here.requests.family()
    yield _gauge('event_streams', 'Open streams of live updates.', {}, here.streams)
    yield _gauge('sessions', 'People logged in.', {}, len(access.visits(here.store)))
    told = 'Log-ins that were refused by this process.'
    yield Family('liftlock_logins_refused_total', 'counter', told, [('', {}, here.refused)])


def _waiting(name: str, told: str, backlog: Backlog, now: float) -> Iterator[Family]:
    yield _gauge(name, f'{told}.', {}, backlog.number)
    late = round(backlog.late(now), 3)
    yield _gauge(f'{name}_oldest_seconds', f'{told}: since when the first one.', {}, late)


def _by(name: str, told: str, labels: tuple[str, ...], found: Mapping[Key, int]) -> Family:
    samples = [
        ('', dict(zip(labels, key, strict=True)), count) for key, count in sorted(found.items())
    ]
    return Family(f'liftlock_{name}', 'gauge', told, samples)


def _gauge(name: str, told: str, labels: Labels, value: float) -> Family:
    return Family(f'liftlock_{name}', 'gauge', told, [('', labels, value)])
