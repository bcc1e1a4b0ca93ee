"""The jobs of one run that deploy to environments. Nothing is loaded for a run without any."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from liftlock.engine.submission import Hands, Submission
from liftlock.plan.facts import JobFinished
from liftlock.plan.plan import JobPlan
from liftlock.plan.trust import from_outside
from liftlock.runner.ports import JobRequest, Log, Stop
from liftlock.store import runs
from liftlock.store.database import Store

if TYPE_CHECKING:
    from liftlock.engine.delivery.jobs import Deployments
    from liftlock.engine.delivery.orphans import Around


class Refusal(Exception):
    """The job will never be let through; it has failed, with this message."""


class Deploying:
    def __init__(
        self,
        run: int,
        submission: Submission,
        store: Store,
        hands: Hands,
        gone: Callable[[int], bool],
        people: tuple[str, Mapping[str, Sequence[str]]] = ('', {}),
    ) -> None:
        """`people` are who carries the run out, and the teams. `gone`: nobody carries that other
        run out."""
        self._run = run
        self._submission = submission
        self._store = store
        self._hands = hands
        self._gone = gone
        self._by, self._teams = people
        self._deployments: Deployments | None = None

    def take_over(self) -> None:
        """End what jobs of the run had begun to deploy when their engine died."""
        if runs.deploys(self._store, self._run):
            from liftlock.engine.delivery import orphans

            orphans.take_over(self._around(), self._run)

    def call_off(self) -> None:
        """The run was ended without being carried out."""
        if runs.deploys(self._store, self._run):
            from liftlock.engine.delivery import orphans

            orphans.call_off(self._around(), self._run)

    def adopt(self, job: JobPlan) -> None:
        """The job goes on although the process has ended that let it deploy."""
        if job.environment:
            (self._deployments or self._open()).adopt(job)

    def want(self, job: JobPlan) -> str:
        """What the job waits for; '' if its deployment may start. Raises Refusal."""
        return self._ask(job, start=False)

    def start(self, job: JobPlan) -> str:
        """The same; it has started where that is ''."""
        return self._ask(job, start=True)

    def proves(self, fact: JobFinished) -> bool:
        """Whether the job, whose steps have ended well, may have something to be looked at."""
        ended_well = fact.conclusion == 'success'
        return ended_well and self._deployments is not None and self._hands.eyes is not None

    async def prove(
        self, request: JobRequest, fact: JobFinished, log: Log, stop: Stop
    ) -> JobFinished:
        """What becomes of the job when its deployment has been looked at."""
        from liftlock.plan.masking import Masker

        assert self._deployments is not None
        assert self._hands.eyes is not None
        masker = Masker()
        for secret in request.secrets.values():
            masker.add(secret)

        def say(line: str) -> None:
            log.write(0, masker.mask(line))

        looking = asyncio.ensure_future(
            self._deployments.prove(
                request.plan, fact.url, request.secrets, (self._hands.eyes(), say)
            )
        )
        stopped = asyncio.ensure_future(stop.requested.wait())
        await asyncio.wait({looking, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not looking.done():
            looking.cancel()
            await asyncio.wait({looking})
            return fact._replace(conclusion='cancelled', message=stop.reason)
        if why := looking.result():
            why = masker.mask(why)
            say(f'##[error]{why}')
            return fact._replace(conclusion='failure', message=why)
        return fact

    def ended(self, fact: JobFinished) -> None:
        if self._deployments is not None:
            self._deployments.ended(fact)

    def aborted(self) -> Mapping[str, str]:
        """Jobs whose deployments somebody takes back, and why."""
        return self._deployments.aborted() if self._deployments is not None else {}

    def _ask(self, job: JobPlan, *, start: bool) -> str:
        if not job.environment:
            return ''
        if self._submission.cause and from_outside(self._submission.request.event):  # by a server
            raise Refusal(f'{job.environment}: what comes from a fork deploys nowhere')
        from liftlock.engine.delivery.jobs import Unwanted

        deployments = self._deployments or self._open()
        try:
            return deployments.start(job) if start else deployments.want(job)
        except Unwanted as unwanted:
            raise Refusal(f'{job.environment}: {unwanted}') from None

    def _open(self) -> 'Deployments':
        from liftlock.engine.delivery.jobs import Asking, Deployments

        submission = self._submission
        sources = str(submission.keep.get('sources') or '')
        asking = Asking(self._run, submission.request, submission.settings, self._by, sources)
        self._deployments = Deployments(self._around(), asking)
        return self._deployments

    def _around(self) -> 'Around':
        from liftlock.engine.delivery.orphans import Around

        hands = self._hands
        return Around(self._store, self._gone, hands.end_leftovers, self._teams, hands.delivered)
