"""One task that a worker carries out: from its claim to the report that it is over.

The job is made again from the facts of its run, so a task needs to hold nothing of it. What
happens is told under the task's token: the claim with the first fact, then all in order, each once.
A first step does not start before that is known to the database; the rest may wait until it is
back, as long as the worker's lease is good.
"""

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from liftlock.engine import labels, leftovers, trail
from liftlock.engine.attempt import Attempt, asked
from liftlock.engine.past import History
from liftlock.engine.spread.known import Known
from liftlock.engine.spread.lease import Lapsed, Lease
from liftlock.engine.spread.warden import Warden
from liftlock.engine.spread.yard import Yard
from liftlock.engine.submission import Hands, Terms, secrets_of
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.plan import facts as f
from liftlock.plan.event import Event
from liftlock.runner.ports import JobRequest, Log, Stop, World
from liftlock.store import tasks
from liftlock.store.database import StaleToken
from liftlock.store.paths import RunPaths
from liftlock.store.tasks import Task

AGAIN: Final = 0.2  # seconds between two tries to reach the database
ROOM: Final = 64 * 1024  # bytes without which no job can begin


class Seal(NamedTuple):
    """Closes and opens what only servers and workers may read."""

    close: Callable[[str], str]
    open: Callable[[str], str]


class Bay(NamedTuple):
    """What a worker has for all its tasks. `otherwise` says where jobs of a run are that no label
    sends elsewhere; `works` holds their directories."""

    yard: Yard
    hands: Hands
    terms: Callable[[int], Terms]
    otherwise: Callable[[Event, str], str]
    labels: dict[str, str]
    works: Path
    seal: Seal
    watched: Warden | None = None


class Held(NamedTuple):
    """Under which id, and with which lease, a worker has its tasks."""

    worker: str
    lease: Lease


class Nobody:
    """No one watches at a worker; pages read the log."""

    def take(self, stamped: f.Stamped) -> None: ...

    def hear(self, job: str, number: int, lines: str) -> None: ...


class Duty:
    """`failed` hears of what this machine cannot do for any job: its disk is full, say."""

    def __init__(
        self, bay: Bay, task: Task, held: Held, known: Known, failed: Callable[[str], None]
    ) -> None:
        self.task = task
        self.tracking_id = RunPaths(bay.yard.store.directory, task.run).tracking_id(
            task.job, task.attempt
        )
        self._bay = bay
        self._store = bay.yard.store
        self._worker, self._lease = held
        self._known = known
        self._failed = failed
        self._attempt: Attempt | None = None
        self._unsent: list[f.Fact] = []
        self._sent = 0
        self._over = asyncio.Event()
        self._lost = False
        self._begun = False

    async def run(self) -> None:
        """Until the task is over, or somebody else's. UserError if it could not be claimed."""
        trail.follow(run=self.task.run, job=self.task.job)
        try:
            request, world = await self._prepared()
        except Lapsed:
            return
        except UserError as error:  # this version cannot plan it, say, or a key is missing
            told = f'{error} ({error.hint})' if error.hint else str(error)
            self._claim(f.JobFinished(self.task.job, 'failure', {}, f'{self._worker}: {told}'))
            return
        place = labels.executor(request.place, request.plan.job)
        if self._lost or not self._claim(
            f.JobClaimed(self.task.job, self.task.attempt, self.task.id, self._worker, place)
        ):
            return
        self._begin(request, world)
        await self._over.wait()
        if self._lost and self._attempt is not None:
            await self._attempt.end()
        if self._bay.watched is not None:
            self._bay.watched.end(self.tracking_id)
        if self._attempt is not None and self._bay.works != self._store.directory:
            leftovers.remove([self._attempt.request.directory])  # nobody goes on from there

    def stop(self, reason: str, *, force: bool) -> None:
        """May be said again and again: only a person who asks twice wants it at once."""
        if self._attempt is None:
            return
        stop = self._attempt.stop
        if not stop.requested.is_set() or (force and not stop.forced.is_set()):
            stop.request(reason, force=force)

    def look(self) -> None:
        """A few times a second: what was held back goes out."""
        if self._attempt is not None and self._attempt.task is not None and not self._lost:
            try:
                self._attempt.log.flush()
            except UserError as error:
                self._abort(error)
        self._send()

    def let_go(self) -> None:
        """It is no longer ours: end what runs, and say nothing."""
        self._lost = True
        self._over.set()

    # --- begin

    def _claim(self, first: f.Fact) -> bool:
        """Take the task with the first fact of it. False if it is not ours any more."""
        self._lease.check()
        over, yard = isinstance(first, f.JobFinished), self._bay.yard
        with self._store.transaction() as sql:
            if tasks.claim(sql, self.task.id, self._worker) is None:
                return False
            tasks.report(sql, self.task.id, self._worker, 1, [first], over=over)
            yard.post.ring(sql, self.task.run)
            if over:
                yard.dispatch(sql)
        self._sent = 1
        return True

    async def _prepared(self) -> tuple[JobRequest, World]:
        """What the job needs, as soon as the database can be asked. UserError."""
        while not self._lost:
            self._lease.check()
            try:
                history, world = self._known.look(self.task.run)
                return self._request(history), world
            except UserError:
                if self._is_there():
                    raise
            await asyncio.sleep(AGAIN)
        raise Lapsed('the worker ends')

    def _is_there(self) -> bool:
        """Whether it was not the database that was missing."""
        try:
            tasks.has_told(self._store, self.task.run)
        except UserError:
            return False
        return True

    def _begin(self, request: JobRequest, world: World) -> None:
        log = RunPaths(self._store.directory, self.task.run).log(self.task.job, self.task.attempt)
        attempt = Attempt(request, log, self._tell, self._abort, _as_it_is, self._lease.check)
        self._attempt = attempt
        if self._bay.watched is not None:
            self._bay.watched.begin(self.tracking_id)
        attempt.start(self._bay.hands, world, Nobody())

    def _request(self, history: History) -> JobRequest:
        bay, task = self._bay, self.task
        job = history.progress.job(task.job)
        terms = bay.terms(task.run)
        if task.sealed:
            terms = terms._replace(secrets=json.loads(bay.seal.open(task.sealed)))
        event = history.submission.request.event
        otherwise = bay.otherwise(event, history.submission.otherwise)
        place = labels.place(job.labels, bay.labels, otherwise)
        return asked(RunPaths(bay.works, task.run), history.past, job, task.attempt)._replace(
            secrets=secrets_of(job, terms),
            directory=RunPaths(bay.works, task.run).work(task.job, task.work),
            tracking_id=self.tracking_id,
            debug=history.plan.request.debug,
            place=place,
            from_step=task.step,
        )

    # --- tell

    def _tell(self, fact: f.Fact) -> None:
        """Raises Lapsed where a step is about to start of a job that may be somebody else's."""
        starts = isinstance(fact, f.StepStarted)
        if self._is_no_room(fact):
            self._abort(UserError('no job can begin here: No space left on device'))
            return
        if not self._lost:
            self._unsent.append(fact)
            if starts and not self._begun:
                self._begun = True
                self._send(patient=True)
            elif isinstance(fact, f.JobFinished | f.JobLost | f.JobBlocked):
                self._send()
        if self._lost and starts:
            raise Lapsed('the job is no longer that of this worker')

    def _is_no_room(self, fact: f.Fact) -> bool:
        """Whether the job failed before its first step by a full disk: elsewhere it may not."""
        failed = isinstance(fact, f.JobFinished) and fact.conclusion == 'failure'
        if self._begun or not failed or self._attempt is None:
            return False
        with suppress(OSError):
            found = os.statvfs(self._attempt.request.directory)
            return found.f_bavail * found.f_frsize < ROOM
        return False

    def _send(self, *, patient: bool = False) -> None:
        """What was told since; `patient`: not before it is written may anything go on."""
        while self._unsent and not self._lost:
            try:
                self._write()
            except StaleToken:
                self.let_go()
            except UserError as error:
                if isinstance(error, Lapsed) or not self._lease.good:
                    self.let_go()
                elif not patient:
                    return
                else:
                    _wait()

    def _write(self) -> None:
        self._lease.check()
        facts, yard = list(self._unsent), self._bay.yard
        over = isinstance(facts[-1], f.JobFinished | f.JobLost)
        makes_room = over or any(isinstance(fact, f.JobBlocked) for fact in facts)
        with self._store.transaction() as sql:
            run = tasks.report(sql, self.task.id, self._worker, self._sent + 1, facts, over=over)
            yard.post.ring(sql, run)
            if makes_room:
                yard.dispatch(sql)
        self._sent += len(facts)
        del self._unsent[: len(facts)]
        if over:
            self._over.set()

    def _abort(self, error: BaseException) -> None:
        """Our own disk fails, not the job's doing: it is lost, and this worker takes a rest."""
        if self._lost or self._over.is_set():
            return
        if isinstance(error, Lapsed):
            self.let_go()
            return
        self._failed(str(error))
        self._tell(f.JobLost(self.task.job, f'{self._worker}: {error}'))
        if self._attempt is not None:
            self._attempt.stop.request('the worker fails', force=True)


def _wait() -> None:
    import time

    time.sleep(AGAIN)


async def _as_it_is(
    request: JobRequest, finished: f.JobFinished, log: Log, stop: Stop
) -> f.JobFinished:
    """Whoever carries the run out looks at what was deployed."""
    return finished
