"""One run being carried out: facts in, commands obeyed, until it has finished.

A *turn* takes in what happened, asks the core what follows, and goes on until nothing more does.
Then all its facts are written in one transaction, and only then their consequences begin: jobs
start, signals go out, watchers hear. So nothing happens that the store does not know of, and what
a `kill -9` cuts off has had no effect.

That a job's first step starts is written at once, before it does: a job of which no step had
started may be started again by anybody, one that had begun may not.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

from liftlock.engine import labels, leftovers
from liftlock.engine.attempt import Attempt, asked
from liftlock.engine.attempts import Attempts
from liftlock.engine.deploying import Deploying, Refusal
from liftlock.engine.groups import Deadlock, Groups, Place
from liftlock.engine.past import History
from liftlock.engine.session import Bench as Bench
from liftlock.engine.session import Session as Session
from liftlock.engine.submission import secrets_of
from liftlock.language.records import NamedTuple
from liftlock.plan import commands as c
from liftlock.plan import facts as f
from liftlock.plan import trust
from liftlock.plan.plan import Group, JobPlan
from liftlock.plan.progress import advance, decide
from liftlock.plan.tree import State
from liftlock.runner.ports import JobRequest, Log, Stop
from liftlock.store import artifacts, inbox, tasks
from liftlock.store.paths import RunPaths

POLL: Final = 0.1  # seconds between two looks at what others want


class Held(NamedTuple):
    """A job, or a call, that stands in line for concurrency groups; or a job for an environment."""

    command: c.Queue | c.Enter
    places: tuple[Place, ...]
    reason: str


class Carrying:
    def __init__(self, bench: Bench, history: History, session: Session) -> None:
        self._bench = bench
        self._plan = history.plan
        self._progress = history.progress
        self._past = history.past
        self._skip_missing = history.submission.allow_missing_runners
        self._submission = history.submission
        self._session = session
        namespace = trust.namespace(history.plan.request.event)
        self._groups = Groups(bench.store, namespace, bench.gone)
        self._paths = RunPaths(bench.store.directory, session.run)
        self._unwritten: list[f.Fact] = []
        self._ready: deque[JobPlan] = deque()
        self._held: list[Held] = []
        people = session.terms.by, bench.teams
        self._deploying = Deploying(
            session.run, history.submission, bench.store, bench.hands, bench.gone, people
        )
        self._look_at_held = False
        self._attempts = Attempts(bench.places)
        self._starting: list[Attempt] = []
        self._effects: list[Callable[[], None]] = []
        self._error: BaseException | None = None
        self._wake = asyncio.Event()
        self._polled = True

    def say(self, fact: f.Fact) -> None:
        """Take a fact in. It is written with the others of this turn."""
        self._progress = advance(self._progress, fact)
        self._past.take(fact)
        self._unwritten.append(fact)

    def take_over(self) -> None:
        """Write off what an earlier process had begun, and end what it left running."""
        session, store = self._session, self._bench.store
        self._groups.take_over(session.run)
        leftovers.end(store, self._bench.hands, session.run, self._past, self._past.running)
        if store.database:
            with store.transaction() as sql:
                tasks.revoke(sql, session.run)  # workers may have had its jobs
        kept = [
            names for key, names in self._past.artifacts.items() if key not in self._past.running
        ]
        artifacts.forget(store, session.run, set().union(*kept))
        for key in sorted(self._past.running):
            lost = f.JobLost(key, 'the process that carried it out has ended', self._again(key))
            self.say(lost)
        self._write()
        self._deploying.take_over()

    def _again(self, key: str) -> bool:
        """Whether a lost job starts again although it had begun: by the word of whoever takes the
        run up, or of `liftlock.yml`."""
        allowed = self._submission.retries.get(key.partition('[')[0], 0)
        return self._session.terms.restart_lost or self._past.losses.get(key, 0) < allowed

    async def go_on(self) -> str:
        """Until the run has finished; return its conclusion."""
        heeding = asyncio.create_task(self._heed(self._session.stop))
        polling = asyncio.create_task(self._poll())
        try:
            while not self._progress.finished:
                self._turn()
                if not self._progress.finished:
                    await self._wake.wait()
                    self._wake.clear()
            self._groups.leave_all()
            return self._progress.finished
        finally:
            heeding.cancel()
            polling.cancel()
            await self._attempts.end()

    # --- a turn

    def _turn(self) -> None:
        if self._error is not None:
            raise self._error
        if self._polled:
            self._look_around()
        self._try_held()
        while due := decide(self._progress):
            for command in due:
                self._obey(command)
        self._claim()
        self._write()
        effects, self._effects = self._effects, []
        for effect in effects:
            effect()
        self._start_claimed()
        busy = self._busy() or self._held or self._ready or self._look_at_held
        assert busy or self._progress.finished, 'nothing runs, and nothing is due'

    def _write(self) -> None:
        if not self._unwritten:
            return
        facts, self._unwritten = self._unwritten, []
        session = self._session
        for stamped in self._bench.store.append(session.run, facts, session.token):
            session.watch.take(stamped)

    def _look_around(self) -> None:
        """What happens a few times a second: logs reach the disk, requests of others reach us."""
        self._polled = False
        self._look_at_held = bool(self._held)
        self._look_at_jobs()
        self._write()
        session = self._session
        for stamped in inbox.receive(self._bench.store, session.run, session.token):
            self._progress = advance(self._progress, stamped.fact)
            session.watch.take(stamped)
        for key, reason in self._deploying.aborted().items():
            self.say(f.StopRequested(key, reason))

    # --- commands

    def _obey(self, command: c.Command) -> None:
        match command:
            case c.Queue(job):
                self._queue(command, job)
            case c.Enter(key, _, groups):
                self._admit(command, tuple(Place(self._who(key), group) for group in groups))
            case c.Skip(key, name, reason):
                self.say(f.JobSkipped(key, name, reason))
            case c.Refuse(key, _, message):
                self.say(f.JobFinished(key, 'failure', {}, message))
            case c.Stop(key, reason, force):
                self._stop(key, reason, force=force)
            case c.Leave(key, conclusion):
                self._end(f.JobFinished(key, conclusion, {}))
            case c.Finish(conclusion):
                self.say(f.RunFinished(conclusion))

    def _queue(self, command: c.Queue, job: JobPlan) -> None:
        missing = self._missing(job)
        if missing and self._skip_missing:
            self.say(f.JobSkipped(job.key, job.name, missing))
        elif missing:
            self.say(f.JobFinished(job.key, 'failure', {}, missing))
        else:
            if self._progress.state(job.key) is State.WAITING:
                self.say(f.JobQueued(job.key, job.name, job.labels))
            self._admit(command, self._places_of(job))

    def _missing(self, job: JobPlan) -> str:
        return labels.missing(job.labels, self._bench.labels)

    def _places_of(self, job: JobPlan) -> tuple[Place, ...]:
        """The lines a job must pass: its run's, then its own."""
        places = []
        if self._plan.concurrency is not None:
            places.append(Place(str(self._session.run), self._plan.concurrency))
        if job.concurrency_group:
            own = Group(job.concurrency_group, job.cancel_in_progress, job.queue)
            places.append(Place(self._who(job.key), own))
        return tuple(places)

    def _admit(self, command: c.Queue | c.Enter, places: tuple[Place, ...], told: str = '') -> None:
        """Let a job or a call go on if the groups it needs are free; else it is held."""
        key = command.job if isinstance(command, c.Enter) else command.job.key
        try:
            reason = self._groups.want(places) if places else ''
            if not reason and isinstance(command, c.Queue):
                reason = self._deploying.want(command.job)
        except Deadlock as deadlock:
            self._end(f.JobFinished(key, 'cancelled', {}, str(deadlock)))
            return
        except Refusal as refusal:
            self._end(f.JobFinished(key, 'failure', {}, str(refusal)))
            return
        if reason:
            self._hold(Held(command, places, reason), told)
        elif isinstance(command, c.Enter):
            self.say(f.JobQueued(key, command.name, ()))
        else:
            self._ready.append(command.job)

    def _hold(self, held: Held, told: str = '') -> None:
        self._held.append(held)
        if held.reason != told:
            self.say(f.JobBlocked(_key(held.command), held.reason))

    def _try_held(self) -> None:
        if not self._look_at_held:
            return
        self._look_at_held = False
        held, self._held = self._held, []
        for command, places, reason in held:
            self._admit(command, places, reason)

    def _stop(self, key: str, reason: str, *, force: bool) -> None:
        if self._stop_running(key, reason, force=force):
            return
        self._ready = deque(job for job in self._ready if job.key != key)
        self._held = [one for one in self._held if _key(one.command) != key]
        self._end(f.JobFinished(key, 'cancelled', {}, reason))

    # --- jobs

    def _busy(self) -> bool:
        return bool(self._attempts)

    def _look_at_jobs(self) -> None:
        for attempt in self._attempts:
            attempt.log.flush()

    def _stop_running(self, key: str, reason: str, *, force: bool) -> bool:
        """Whether somebody is at the job, and will say how it ended."""
        attempt = self._attempts.find(key)
        if attempt is not None:
            self._effects.append(partial(attempt.stop.request, reason, force=force))
        return attempt is not None

    def _start_claimed(self) -> None:
        starting, self._starting = self._starting, []
        for attempt in starting:
            attempt.start(self._bench.hands, self._session.world, self._session.watch)

    def _claim(self) -> None:
        while self._ready and self._bench.places.take(self._wake.set):
            job = self._ready.popleft()
            if not self._start(job):
                self._bench.places.give()
                continue
            attempt = self._attempt(job)
            session = self._session
            claim = f.JobClaimed(
                job.key,
                attempt.request.attempt,
                session.token,
                self._bench.worker,
                labels.executor(attempt.request.place, job.job),
            )
            self.say(claim)
            self._attempts.begin(attempt)
            self._starting.append(attempt)

    def _start(self, job: JobPlan) -> bool:
        """Whether it may be claimed: somebody may have been quicker, or have rejected it."""
        try:
            reason = self._deploying.start(job)
        except Refusal as refusal:
            self._end(f.JobFinished(job.key, 'failure', {}, str(refusal)))
            return False
        if reason:
            self._hold(Held(c.Queue(job), self._places_of(job), reason))
        return not reason

    def _attempt(self, job: JobPlan) -> Attempt:
        otherwise = self._submission.otherwise
        if self._submission.cause:  # of a server, which serves others too
            from liftlock.engine import trusted

            event = self._plan.request.event
            otherwise = trusted.otherwise(self._bench.store, event, otherwise)
        place = labels.place(job.labels, self._bench.labels, otherwise)
        attempt = self._past.claims.get(job.key, 0) + 1
        request = asked(self._paths, self._past, job, attempt)._replace(
            secrets=secrets_of(job, self._session.terms),
            debug=self._plan.request.debug,
            place=place,
            shell_on_failure=self._session.terms.shell_on_failure,
        )
        log = self._paths.log(job.key, attempt)
        return Attempt(request, log, self._tell, self._abort, self._prove)

    async def _prove(
        self, request: JobRequest, fact: f.JobFinished, log: Log, stop: Stop
    ) -> f.JobFinished:
        """Looking at what was deployed may take minutes, and needs nothing of this machine."""
        if not self._deploying.proves(fact):
            return fact
        self._attempts.let_wait(request.plan.key)
        return await self._deploying.prove(request, fact, log, stop)

    def _tell(self, fact: f.Fact) -> None:
        """What jobs say."""
        if isinstance(fact, f.JobFinished):
            self._attempts.remove(fact.job)
            self._end(fact)
        else:
            self.say(fact)
        if isinstance(fact, f.JobBlocked):
            self._attempts.let_wait(fact.job)
        elif isinstance(fact, f.StepStarted) and fact.number == 1:
            self._attempts.let_go_on(fact.job)
            self._write()
        self._wake.set()

    def _abort(self, error: BaseException) -> None:
        """Our own disk fails: end everything here. What was written can be resumed."""
        self._error = error
        self._wake.set()

    def _end(self, fact: f.JobFinished) -> None:
        """A job or call is over; others may have its groups once that is written."""
        self.say(fact)
        self._settle(fact)

    def _settle(self, fact: f.JobFinished) -> None:
        self._effects.append(partial(self._deploying.ended, fact))
        who = self._who(fact.job)
        if self._groups.has(who):
            self._effects.append(partial(self._make_room, who))

    def _make_room(self, who: str) -> None:
        self._groups.leave(who)
        self._look_at_held = bool(self._held)
        if self._look_at_held:
            self._wake.set()

    def _who(self, key: str) -> str:
        return f'{self._session.run}/{key}'

    # --- from outside

    async def _heed(self, stop: Stop) -> None:
        """A person asks us to stop: politely, and then perhaps at once."""
        await stop.requested.wait()
        forced = stop.forced.is_set()
        self.say(f.StopRequested('', stop.reason, forced))
        self._wake.set()
        if not forced:
            await stop.forced.wait()
            self.say(f.StopRequested('', stop.reason, force=True))
            self._wake.set()

    async def _poll(self) -> None:
        while True:
            await self._pause()
            self._polled = True
            self._wake.set()

    async def _pause(self) -> None:
        await asyncio.sleep(POLL)


def _key(command: c.Queue | c.Enter) -> str:
    return command.job if isinstance(command, c.Enter) else command.job.key
