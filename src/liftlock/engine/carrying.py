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
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from liftlock.engine import labels, leftovers
from liftlock.engine.attempt import Attempt
from liftlock.engine.deploying import Deploying, Refusal
from liftlock.engine.groups import Deadlock, Groups, Place
from liftlock.engine.past import History
from liftlock.engine.places import Places
from liftlock.engine.submission import Hands, Terms, Watch, secrets_of
from liftlock.language.records import NamedTuple
from liftlock.plan import commands as c
from liftlock.plan import facts as f
from liftlock.plan.plan import Group, JobPlan
from liftlock.plan.progress import advance, decide
from liftlock.plan.tree import State
from liftlock.runner.ports import JobRequest, Log, Stop, World
from liftlock.store import artifacts, inbox
from liftlock.store.database import Store
from liftlock.store.paths import RunPaths

POLL: Final = 0.1  # seconds between two looks at what others want


class Bench(NamedTuple):
    """What this process has for all the runs it carries out."""

    store: Store
    hands: Hands
    places: Places
    labels: Mapping[str, str]
    worker: str  # the name of this process
    gone: Callable[[int], bool]  # whether nobody carries that other run out
    teams: Mapping[str, Sequence[str]] = {}


class Session(NamedTuple):
    """What one carrying-out of a run has besides the run: `token` is its claim."""

    run: int
    token: int
    world: World
    terms: Terms
    watch: Watch
    stop: Stop


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
        repository = history.plan.request.event.repository
        self._groups = Groups(bench.store, repository, bench.gone)
        self._paths = RunPaths(bench.store.directory, session.run)
        self._unwritten: list[f.Fact] = []
        self._ready: deque[JobPlan] = deque()
        self._held: list[Held] = []
        people = session.terms.by, bench.teams
        self._deploying = Deploying(
            session.run, history.submission, bench.store, bench.hands, bench.gone, people
        )
        self._look_at_held = False
        self._attempts: dict[str, Attempt] = {}
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
        leftovers.end(store, self._bench.hands, session.run, self._past)
        kept = [
            names for key, names in self._past.artifacts.items() if key not in self._past.running
        ]
        artifacts.forget(store, session.run, set().union(*kept))
        for key in sorted(self._past.running):
            again = session.terms.restart_lost
            self.say(f.JobLost(key, 'the process that carried it out has ended', again))
        self._write()
        self._deploying.take_over()

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
            for attempt in tuple(self._attempts.values()):
                await attempt.end()

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
        starting = self._claim()
        self._write()
        effects, self._effects = self._effects, []
        for effect in effects:
            effect()
        for attempt in starting:
            attempt.start(self._bench.hands, self._session.world, self._session.watch)
        busy = self._attempts or self._held or self._ready or self._look_at_held
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
        for attempt in self._attempts.values():
            attempt.log.flush()
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
        missing = labels.missing(job.labels, self._bench.labels)
        if missing and self._skip_missing:
            self.say(f.JobSkipped(job.key, job.name, missing))
        elif missing:
            self.say(f.JobFinished(job.key, 'failure', {}, missing))
        else:
            if self._progress.state(job.key) is State.WAITING:
                self.say(f.JobQueued(job.key, job.name, job.labels))
            self._admit(command, self._places_of(job))

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
        attempt = self._attempts.get(key)
        if attempt is not None:
            self._effects.append(partial(attempt.stop.request, reason, force=force))
            return
        self._ready = deque(job for job in self._ready if job.key != key)
        self._held = [one for one in self._held if _key(one.command) != key]
        self._end(f.JobFinished(key, 'cancelled', {}, reason))

    # --- jobs

    def _claim(self) -> list[Attempt]:
        starting = []
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
            self._attempts[job.key] = attempt
            starting.append(attempt)
        return starting

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
        """A directory of its own for every attempt, unless it goes on from what one left."""
        before = self._past.claims.get(job.key, 0)
        step = self._past.from_steps.get(job.key, '')
        request = JobRequest(
            plan=job,
            secrets=secrets_of(job, self._session.terms),
            directory=self._paths.work(job.key, self._past.work(job.key)),
            tracking_id=self._paths.tracking_id(job.key, before + 1),
            attempt=before + 1,
            debug=self._plan.request.debug,
            place=labels.place(job.labels, self._bench.labels, self._submission.otherwise),
            from_step=step,
            shell_on_failure=self._session.terms.shell_on_failure,
        )
        log = self._paths.log(job.key, before + 1)
        return Attempt(request, log, self._tell, self._abort, self._prove)

    async def _prove(
        self, request: JobRequest, fact: f.JobFinished, log: Log, stop: Stop
    ) -> f.JobFinished:
        """Looking at what was deployed may take minutes, and needs nothing of this machine."""
        if not self._deploying.proves(fact):
            return fact
        self._let_wait(self._attempts[request.plan.key])
        return await self._deploying.prove(request, fact, log, stop)

    def _tell(self, fact: f.Fact) -> None:
        """What jobs say."""
        if isinstance(fact, f.JobFinished):
            attempt = self._attempts.pop(fact.job)
            if not attempt.waits:
                self._bench.places.give()
            self._end(fact)
        else:
            self.say(fact)
        if isinstance(fact, f.JobBlocked):
            self._let_wait(self._attempts[fact.job])
        elif isinstance(fact, f.StepStarted) and fact.number == 1:
            self._let_go_on(self._attempts[fact.job])
            self._write()
        self._wake.set()

    def _let_wait(self, attempt: Attempt) -> None:
        """A job that waits for something of this machine leaves its place to others meanwhile."""
        if not attempt.waits:
            attempt.waits = True
            self._bench.places.give()

    def _let_go_on(self, attempt: Attempt) -> None:
        if attempt.waits:
            attempt.waits = False
            self._bench.places.squeeze_in()

    def _abort(self, error: BaseException) -> None:
        """Our own disk fails: end everything here. What was written can be resumed."""
        self._error = error
        self._wake.set()

    def _end(self, fact: f.JobFinished) -> None:
        """A job or call is over; others may have its groups once that is written."""
        self.say(fact)
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
            await asyncio.sleep(POLL)
            self._polled = True
            self._wake.set()


def _key(command: c.Queue | c.Enter) -> str:
    return command.job if isinstance(command, c.Enter) else command.job.key
