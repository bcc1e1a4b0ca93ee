"""The ports of this machine that a job's containers map: jobs with the same take turns."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from liftlock.language.expressions.values import to_text
from liftlock.plan.facts import JobBlocked
from liftlock.runner import surroundings
from liftlock.runner.containers import Wanted
from liftlock.runner.executors.base import CannotPrepare
from liftlock.runner.state import CANCELLED, Job


def _has_own_ports(job: Job, wanted: Wanted) -> bool:
    """A sandbox without this machine's network has one to itself, and so has a pod."""
    if job.request.place.startswith('kubernetes'):
        return True
    confined = job.request.place.startswith('sandbox') and not wanted.container
    return confined and not surroundings.declared(job).network


@asynccontextmanager
async def hold_ports(job: Job, wanted: Wanted) -> AsyncIterator[None]:
    """Wait until no other job has them, and keep them. Raises CannotPrepare, OSError."""
    containers = [*wanted.services.values(), *filter(None, [wanted.container])]
    if not containers or _has_own_ports(job, wanted):
        yield
        return
    from liftlock.runner.services import asked, holding

    waited = ''

    def blocked(port: str) -> None:
        nonlocal waited
        if job.status == CANCELLED:
            raise CannotPrepare(job.message)
        if port != waited:
            waited = port
            job.report(JobBlocked(job.key, f'waits for {port}'))

    who = f'job "{job.request.plan.name}" of run {to_text(job.github.get("run_id"))}'
    ports = [port for container in containers for port in asked.read(container).ports]
    began = time.monotonic()
    async with holding.hold(ports, who, blocked):
        if waited:
            job.say(f'Waited {time.monotonic() - began:.0f} seconds for {waited}')
        yield
