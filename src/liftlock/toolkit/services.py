"""The services as the runner sees them: those of a process, those of a run, those of a job."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

from liftlock.plan.event import Event
from liftlock.plan.facts import ArtifactStored
from liftlock.plan.plan import JobPlan
from liftlock.plan.trust import scopes
from liftlock.toolkit import claims
from liftlock.toolkit.grants import Job
from liftlock.toolkit.ports import Shelves
from liftlock.toolkit.serving import Serving, origin_of

MINUTE: Final = 60.0
LONGER: Final = 3600.0  # seconds that tokens outlive the job's time, which begins after them


class Services:
    """Those of one process, for all its runs. Started by the first job that needs them."""

    def __init__(self, open_shelves: Callable[[], Shelves], keys: Path, issuer: str = '') -> None:
        self._serve = partial(Serving, open_shelves, keys, issuer)
        self._serving: Serving | None = None

    async def start(self) -> Serving:
        """Raises OSError and UserError where they cannot serve."""
        if self._serving is None:
            self._serving = self._serve()
        await asyncio.shield(asyncio.wrap_future(self._serving.ready))
        return self._serving

    def close(self) -> None:
        if self._serving is not None:
            self._serving.close()
            self._serving = None


class RunServices:
    """Those of one run. Satisfies the runner's `Services`."""

    def __init__(self, services: Services, run: int, event: Event) -> None:
        self._services = services
        self._run = run
        self._event = event

    @asynccontextmanager
    async def serve(
        self,
        job: JobPlan,
        report: Callable[[ArtifactStored], None],
        listener: socket.socket | None,
    ) -> AsyncIterator[Mapping[str, str]]:
        """The job's ACTIONS_… variables, whose tokens are good while this is open."""
        loop = asyncio.get_running_loop()

        def hear(fact: ArtifactStored) -> None:
            loop.call_soon_threadsafe(report, fact)

        try:
            serving = await self._services.start()
        except BaseException:
            if listener is not None:
                listener.close()
            raise
        origin = origin_of(listener) if listener is not None else serving.ready.result()
        begin = serving.begin(self._describe(job, origin), listener, hear)
        grant, runtime, identity = await asyncio.wrap_future(serving.call(begin))
        try:
            yield variables(origin, runtime, identity, writable=bool(grant.job.scopes.writes))
        finally:
            await asyncio.wrap_future(serving.call(serving.end(grant)))

    def _describe(self, job: JobPlan, origin: str) -> Job:
        lasts = (job.timeout_minutes + job.cancel_timeout_minutes) * MINUTE + LONGER
        return Job(
            run=self._run,
            key=job.key,
            repository=self._event.repository,
            origin=origin,
            scopes=scopes(self._event),
            claims=claims.of(job, self._event),
            expires=time.time() + lasts,
        )


def variables(origin: str, runtime: str, identity: str, *, writable: bool) -> dict[str, str]:
    """Addresses end with a slash, as clients append to them; some cut off all but the origin."""
    found = {
        'ACTIONS_RUNTIME_URL': f'{origin}/',
        'ACTIONS_RUNTIME_TOKEN': runtime,
        'ACTIONS_CACHE_URL': f'{origin}/',
        'ACTIONS_RESULTS_URL': f'{origin}/',
        'ACTIONS_CACHE_MODE': 'write' if writable else 'read',
    }
    if identity:
        found['ACTIONS_ID_TOKEN_REQUEST_URL'] = f'{origin}/idtoken?api-version=2.0'
        found['ACTIONS_ID_TOKEN_REQUEST_TOKEN'] = identity
    return found
