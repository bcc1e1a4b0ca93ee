"""A run that is carried out here, and whose jobs are done by workers.

What workers tell is taken out of their reports and becomes facts in one transaction; so it makes
no difference who does that, and jobs go on while nobody does. Taking a run up from a dead process
therefore loses none of them: a job is lost only if it was claimed and no task of it is left.
"""

import asyncio
import json
from functools import partial

from liftlock.engine import labels, leftovers
from liftlock.engine.attempt import asked
from liftlock.engine.carrying import Bench, Carrying, Session
from liftlock.engine.past import History
from liftlock.engine.spread import matching
from liftlock.engine.spread.bells import Bells
from liftlock.engine.spread.duty import Seal
from liftlock.engine.spread.yard import Yard
from liftlock.engine.submission import secrets_of
from liftlock.language.records import NamedTuple
from liftlock.plan import facts as f
from liftlock.plan.plan import JobPlan
from liftlock.plan.tree import State
from liftlock.runner.ports import Stop
from liftlock.store import artifacts, journal, tasks
from liftlock.store.logs import LogWriter
from liftlock.store.tasks import Draft, Report


class Ground(NamedTuple):
    yard: Yard
    bells: Bells
    seal: Seal


class SpreadCarrying(Carrying):
    def __init__(self, bench: Bench, history: History, session: Session, ground: Ground) -> None:
        super().__init__(bench, history, session)
        self._yard, self._bells, self._seal = ground
        self._offered: list[Draft] = []  # to be written with the facts of this turn
        self._proven: list[Report] = []  # the same
        self._live: set[str] = set()  # jobs of which there is a task
        self._proofs: dict[str, tuple[Stop, asyncio.Task[None]]] = {}

    def take_over(self) -> None:
        session, store = self._session, self._bench.store
        self._groups.take_over(session.run)
        self._live = {task.job for task in tasks.of_run(store, session.run)}
        for key in sorted(self._live):
            self._deploying.adopt(self._progress.job(key))
        self._receive()  # of jobs that have ended since
        left = {task.job for task in tasks.of_run(store, session.run)}
        lost = self._past.running - left
        leftovers.end(store, self._bench.hands, session.run, self._past, lost)
        for key in sorted(lost):
            self._forget_artifacts(key)
            lost_one = f.JobLost(key, 'the process that carried it out has ended', self._again(key))
            self.say(lost_one)
        self._write()
        self._deploying.take_over()

    async def go_on(self) -> str:
        try:
            return await super().go_on()
        finally:
            self._bells.forget(self._session.run)
            for stop, proof in tuple(self._proofs.values()):
                stop.request('the engine ends', force=True)
                proof.cancel()

    # --- tasks

    def _missing(self, job: JobPlan) -> str:
        return '' if job.labels else labels.missing(job.labels, {})

    def _busy(self) -> bool:
        return bool(self._live)

    def _claim(self) -> None:
        """Every job that is ready becomes a task; which worker claims it, and when, is not ours."""
        while self._ready:
            job = self._ready.popleft()
            if self._start(job):
                self._offered.append(self._draft(job))
                self._live.add(job.key)

    def _draft(self, job: JobPlan) -> Draft:
        past, submission = self._past, self._submission
        event = submission.request.event
        given = self._session.terms.secrets
        step = past.from_steps.get(job.key, '')
        return Draft(
            run=self._session.run,
            job=job.key,
            attempt=past.claims.get(job.key, 0) + 1,
            name=job.name,
            repository=event.repository,
            labels=job.labels,
            priority=matching.priority(event, job.environment, submission.priority),
            skippable=self._skip_missing,
            step=step,
            work=past.work(job.key),
            sealed=self._seal.close(json.dumps(dict(given))) if given else '',
        )

    def _write(self) -> None:
        if not (self._unwritten or self._offered or self._proven):
            return
        facts, self._unwritten = self._unwritten, []
        offered, self._offered = self._offered, []
        proven, self._proven = self._proven, []
        session = self._session
        with self._bench.store.transaction() as sql:
            stamped = journal.append(sql, session.run, facts, session.token)
            tasks.take_in(sql, proven, [one.task for one in proven])
            for draft in offered:
                tasks.add(sql, draft)
            if offered:
                self._yard.dispatch(sql)
        for one in stamped:
            session.watch.take(one)

    def _stop_running(self, key: str, reason: str, *, force: bool) -> bool:
        if key in self._proofs:
            self._effects.append(partial(self._proofs[key][0].request, reason, force=force))
            return True
        if key not in self._live:
            return False
        run = self._session.run
        with self._bench.store.transaction() as sql:
            if tasks.withdraw(sql, run, key):
                self._live.discard(key)
                return False
            for worker in tasks.ask_to_stop(sql, run, key, reason, forced=force):
                self._yard.post.bring(sql, worker)
        return True

    # --- reports

    async def _pause(self) -> None:
        await self._bells.wait(self._session.run)

    def _look_at_jobs(self) -> None:
        self._write()
        self._receive()

    def _receive(self) -> None:
        session, store = self._session, self._bench.store
        if not tasks.has_told(store, session.run):
            return
        with store.transaction() as sql:
            found = [self._by_our_terms(one) for one in tasks.told(sql, session.run)]
            taken = [one for one in found if not self._must_be_proven(one.fact)]
            over = [one.task for one in taken if isinstance(one.fact, tasks.ENDS)]
            tasks.take_in(sql, taken, over)
            stamped = journal.append(sql, session.run, [one.fact for one in taken], session.token)
        for one in stamped:
            self._take_in(one.fact)
            session.watch.take(one)
        for report in found:
            if report not in taken:
                self._prove_report(report)

    def _by_our_terms(self, report: Report) -> Report:
        """Whether a lost job starts again is said by whoever carries the run out."""
        if isinstance(report.fact, f.JobLost):
            again = self._again(report.fact.job)
            return report._replace(fact=report.fact._replace(again=again))
        return report

    def _take_in(self, fact: f.Fact) -> None:
        from liftlock.plan.progress import advance

        if isinstance(fact, f.JobLost):
            self._forget_artifacts(fact.job)
        self._progress = advance(self._progress, fact)
        self._past.take(fact)
        match fact:
            case f.JobFinished(job):
                self._live.discard(job)
                self._settle(fact)
            case f.JobSkipped(job):
                self._live.discard(job)
                self._settle(f.JobFinished(job, 'cancelled', {}, fact.reason))
            case f.JobLost(job):
                self._live.discard(job)
                if self._progress.state(job) is State.DONE:  # else it starts again
                    self._settle(f.JobFinished(job, 'failure', {}, f'lost: {fact.reason}'))
            case _:
                pass

    def _forget_artifacts(self, key: str) -> None:
        """A lost job stored them, and will store them again."""
        names = self._past.artifacts.get(key)
        if names:
            artifacts.forget_named(self._bench.store, self._session.run, names)

    # --- proof of what was deployed

    def _must_be_proven(self, fact: f.Fact) -> bool:
        return isinstance(fact, f.JobFinished) and self._deploying.proves(fact)

    def _prove_report(self, report: Report) -> None:
        """The report is left where it is until that is done: whoever takes over does it again."""
        fact = report.fact
        assert isinstance(fact, f.JobFinished)
        if fact.job not in self._proofs:
            stop = Stop()
            proof = asyncio.create_task(self._prove_and_say(report, fact, stop))
            self._proofs[fact.job] = stop, proof

    async def _prove_and_say(self, report: Report, fact: f.JobFinished, stop: Stop) -> None:
        job = self._progress.job(fact.job)
        attempt = self._past.claims[fact.job]
        request = asked(self._paths, self._past, job, attempt)._replace(
            secrets=secrets_of(job, self._session.terms)
        )
        log = LogWriter(self._paths.log(fact.job, attempt))
        log.go_on()
        try:
            proven = await self._deploying.prove(request, fact, log, stop)
            log.close()
        except Exception as error:
            self._abort(error)
            return
        self._proofs.pop(fact.job)
        self._live.discard(fact.job)
        self._proven.append(report)
        self._end(proven)
        self._wake.set()
