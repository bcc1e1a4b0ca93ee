"""One attempt at one job, as the engine sees it: a task, its log, and a way to stop it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from liftlock.engine.past import Past
from liftlock.engine.submission import Hands, Watch
from liftlock.errors import UserError
from liftlock.plan.facts import Fact, JobFinished, StepFinished
from liftlock.plan.plan import JobPlan
from liftlock.runner.ports import JobRequest, Log, Stop, World
from liftlock.store.logs import LogWriter
from liftlock.store.paths import RunPaths

Prove = Callable[[JobRequest, JobFinished, Log, Stop], Awaitable[JobFinished]]


class Heard:
    """A job's log, with somebody listening. Satisfies the runner's `Log`."""

    __slots__ = ('_hear', '_job', '_log')

    def __init__(self, job: str, log: LogWriter, watch: Watch) -> None:
        self._job = job
        self._log = log
        self._hear = watch.hear

    def write(self, number: int, line: str) -> None:
        self._log.write(number, line)
        self._hear(self._job, number, f'{line}\n')

    def write_many(self, number: int, lines: str) -> None:
        self._log.write_many(number, lines)
        self._hear(self._job, number, lines)


class Attempt:
    """`tell` takes the facts of the job; `abort` an error that ends the whole carrying-out; `prove`
    looks whether what a job has deployed is well; `fence` guards the log, see `LogWriter`."""

    __slots__ = ('_abort', '_prove', '_tell', 'log', 'request', 'stop', 'task')

    def __init__(
        self,
        request: JobRequest,
        log: Path,
        tell: Callable[[Fact], None],
        abort: Callable[[BaseException], None],
        prove: Prove,
        fence: Callable[[], None] | None = None,
    ) -> None:
        self.request = request
        self.log = LogWriter(log, fence)
        self.stop = Stop()
        self.task: asyncio.Task[None] | None = None
        self._tell = tell
        self._abort = abort
        self._prove = prove

    def start(self, hands: Hands, world: World, watch: Watch) -> None:
        self.task = asyncio.create_task(self._run(hands, world, watch))

    async def end(self) -> None:
        """Stop at once, and wait until nothing of it runs any more."""
        self.stop.request('the engine ends', force=True)
        if self.task is not None:
            await asyncio.wait([self.task])

    async def _run(self, hands: Hands, world: World, watch: Watch) -> None:
        key = self.request.plan.key
        heard = Heard(key, self.log, watch)
        try:
            self.request.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            finished = await hands.run_job(self.request, world, self._report, heard, self.stop)
            finished = await self._prove(self.request, finished, heard, self.stop)
        except UserError as error:
            self._abort(error)
            return
        except OSError as error:  # our own disk: the job can do nothing about it
            self._abort(_unusable(error, self.request.directory))
            return
        except Exception as error:
            finished = self._bug(error)
        try:
            self.log.close()
        except UserError as error:
            self._abort(error)
            return
        self._tell(finished)

    def _report(self, fact: Fact) -> None:
        if type(fact) is StepFinished:
            self.log.flush()  # whoever hears that a step is over may read all it said
        self._tell(fact)

    def _bug(self, error: Exception) -> JobFinished:
        """The single task boundary: a bug in the runner fails this job, and the others go on."""
        import traceback

        from liftlock.plan.masking import Masker

        masker = Masker()
        for secret in self.request.secrets.values():
            masker.add(secret)
        for line in ''.join(traceback.format_exception(error)).splitlines():
            self.log.write(0, masker.mask(line))
        message = masker.mask(f'this is a bug in liftlock: {error!r}')
        return JobFinished(self.request.plan.key, 'failure', {}, message)


def asked(paths: RunPaths, past: Past, job: JobPlan, attempt: int) -> JobRequest:
    """A directory of its own for every attempt, unless it goes on from what one left."""
    return JobRequest(
        plan=job,
        secrets={},
        directory=paths.work(job.key, past.work(job.key)),
        tracking_id=paths.tracking_id(job.key, attempt),
        attempt=attempt,
        from_step=past.from_steps.get(job.key, ''),
    )


def _unusable(error: OSError, directory: Path) -> UserError:
    return UserError(
        f'jobs cannot use {error.filename or directory}: {error.strerror}',
        'when that is put right, `liftlock resume` goes on',
    )
