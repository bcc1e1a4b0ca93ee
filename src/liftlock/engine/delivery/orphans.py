"""Deployments by jobs of runs that nobody carries out any more.

One that waits is passed over, and goes on when its run does. One that had started is ended before
anybody else starts there: what its job left running is killed, and it has failed.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from liftlock.engine.delivery.stream import Stream
from liftlock.language.records import NamedTuple
from liftlock.rollout import facts as f
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.phases import Phase
from liftlock.rollout.version import Version
from liftlock.store import deliveries, runs
from liftlock.store.database import Store
from liftlock.store.paths import RunPaths

CONCLUSIONS: Final = ('success', 'cancelled')  # everything else is a failure
LOST: Final = 'lost: the process that carried out run {} has ended'


class Delivered(NamedTuple):
    """A job has deployed successfully. `settings` is the digest of the blueprint: its health
    checks and tests are whose affair it is to look after it."""

    environment: int
    name: str
    number: int
    version: Version
    settings: str
    url: str


class Around(NamedTuple):
    """What the deployments of jobs need of this process. `gone`: nobody carries that run out."""

    store: Store
    gone: Callable[[int], bool]
    end_leftovers: Callable[[str], None]
    teams: Mapping[str, Sequence[str]] = {}
    delivered: Callable[[Delivered], None] | None = None


def take_over(around: Around, run: int) -> None:
    """End those deployments of a run that its jobs cannot go on with. The others wait, or may
    start: their jobs had not."""
    _conclude_all(around, run, ('lost', 'done'))


def call_off(around: Around, run: int) -> None:
    """End all deployments of a run that was ended without being carried out."""
    _conclude_all(around, run, ('lost', 'done', 'queued', ''))


def _conclude_all(around: Around, run: int, states: Sequence[str]) -> None:
    for row in deliveries.underway(around.store, run):
        stream = Stream(around.store, deliveries.place(around.store, row.environment))
        one = stream.environment.deployments[row.number]
        if _state(around.store, one) in states:
            conclude(around, stream, one)


def conclude(around: Around, stream: Stream, one: Deployment) -> None:
    """End a deployment that nobody carries out any more, as far as its job has come."""
    run, key = one.request.run, one.request.job
    job = _job(around.store, one)
    if job is not None and job.state == 'running':
        around.end_leftovers(RunPaths(around.store.directory, run).tracking_id(key, job.attempt))
    conclusion, message = 'failure', LOST.format(run)
    if job is not None and job.state == 'done':
        conclusion = job.conclusion if job.conclusion in CONCLUSIONS else 'failure'
        message = ''
    elif job is None or job.state == 'queued':
        conclusion, message = 'cancelled', f'its job had not begun when run {run} ended'
    fact = f.DeploymentFinished(one.number, conclusion, message)
    while stream.environment.deployments[one.number].phase is not Phase.ENDED:
        stream.write(fact)


def _state(store: Store, one: Deployment) -> str:
    job = _job(store, one)
    return job.state if job else ''


def _job(store: Store, one: Deployment) -> runs.Job | None:
    jobs = runs.jobs(store, one.request.run)
    return next((job for job in jobs if job.key == one.request.job), None)
