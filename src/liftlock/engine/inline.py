"""The driver of one machine: asyncio and SQLite, in the process of the command that submitted.

    engine = Inline(store, hands)
    run = engine.submit(submission)                            # written, nothing started
    conclusion = await engine.carry_out(run, terms, watch, stop)  # until RunFinished

`carry_out` on a run that another process left behind takes it up where its facts end. A run
belongs to the process that claimed it last, as long as that process lives.
"""

import os
from collections.abc import Mapping, Sequence
from functools import partial

from liftlock.engine import asking, leftovers, past
from liftlock.engine import submission as submissions
from liftlock.engine.carrying import Bench, Carrying, Session
from liftlock.engine.deploying import Deploying
from liftlock.engine.past import History
from liftlock.engine.places import Places
from liftlock.engine.submission import Hands, Submission, Terms, Watch
from liftlock.errors import UserError
from liftlock.plan.facts import RunRestarted, StopRequested
from liftlock.plan.progress import select
from liftlock.runner.ports import Stop
from liftlock.store import inbox, owners, runs
from liftlock.store.database import StaleToken, Store
from liftlock.store.owners import Owner
from liftlock.store.runs import Carried, Draft


class Inline:
    shared = False  # whether other processes may take up what this one leaves

    def __init__(
        self,
        store: Store,
        hands: Hands,
        *,
        slots: int = 0,
        labels: Mapping[str, str] | None = None,
        teams: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """`slots`: jobs at a time; 0 = as many as there are cores.

        `labels` maps further `runs-on` labels, in lower case, to `host`. `teams` are the people
        for whom a name among an environment's reviewers may stand.
        """
        self._store = store
        self.hands = self._hands = hands
        self._places = Places(slots)
        self._labels = labels or {}
        self._teams = teams or {}
        self._owner: Owner | None = None
        self._carried: set[int] = set()

    @property
    def slots(self) -> int:
        """Jobs at a time in this process."""
        return self._places.count

    def submit(self, submission: Submission) -> int:
        """Write the run down, with an id and a number, owned by this process; start nothing."""
        event = submission.request.event
        draft = Draft(
            repository=event.repository,
            workflow=submission.request.workflow,
            name=submission.name,
            title=submission.title,
            event=event.name,
            ref=event.ref,
            sha=event.sha,
            actor=event.actor,
            artifacts_kept=submission.retention.artifacts,
            logs_kept=submission.retention.logs,
            cause=submission.cause,
        )
        run, _ = runs.submit(self._store, draft, self._own().name, partial(_body, submission))
        return run

    def submission(self, run: int) -> Submission:
        """What the run was made from, with its ids."""
        return submissions.load(runs.request(self._store, run))

    async def carry_out(self, run: int, terms: Terms, watch: Watch, stop: Stop) -> str:
        """Go on until the run has finished; return its conclusion.

        UserError if another living process carries the run out, or if secrets are missing.
        """
        asking.refuse_missing_secrets(run, self.submission(run), terms.secrets)
        token = self._claim(run)
        self._carried.add(run)
        try:
            history = past.read(self._store, run)
            if history.progress.finished:
                return history.progress.finished
            return await self._carry_out(run, token, history, (terms, watch, stop))
        except StaleToken:
            raise Carried(f'run {run} was taken over by another process') from None
        finally:
            self._carried.discard(run)
            self._release()

    async def _carry_out(
        self, run: int, token: int, history: History, given: tuple[Terms, Watch, Stop]
    ) -> str:
        world = self._hands.world(run, history.submission)
        session = Session(run, token, world, *given)
        bench = Bench(
            store=self._store,
            hands=self._hands,
            places=self._places,
            labels=self._labels,
            worker=self._own().name,
            gone=self._gone,
            teams=self._teams,
        )
        carrying = self._carrying(bench, history, session)
        if len(history.facts) == 1:  # nobody has seen it begin
            session.watch.take(history.facts[0])
        else:
            carrying.take_over()
        conclusion = await carrying.go_on()
        leftovers.clear(self._store, self._hands, run, history.past)
        return conclusion

    def _carrying(self, bench: Bench, history: History, session: Session) -> Carrying:
        return Carrying(bench, history, session)

    def cancel(self, run: int, reason: str, *, force: bool = False) -> None:
        """Ask whoever carries the run out to stop it; end it here if nobody does."""
        row = runs.find(self._store, str(run))
        if row.status == 'completed':
            raise UserError(f'run {run} has already finished')
        if run in self._carried or not owners.dead(self._store, row.owner):
            self._send(run, StopRequested('', reason, force))
            return
        token = self._claim(run)
        try:
            history = past.read(self._store, run)
            self._end_jobs(run, history)
            asking.end(self._store, history, token, reason)
            Deploying(run, history.submission, self._store, self._hands, self._gone).call_off()
        finally:
            self._release()

    def rerun(
        self,
        run: int,
        secrets: Mapping[str, str],
        *,
        failed: bool = False,
        jobs: tuple[str, ...] = (),
        from_step: str = '',
        alone: bool = False,
    ) -> None:
        """Write down that jobs start again, as another attempt; `carry_out` then does it.

        All jobs, unless `failed` or `jobs` choose; jobs that need a chosen one come along, unless
        `jobs`, which are keys then, shall run `alone`.
        `from_step` is the name, id or number of a step of the one job that is named.
        """
        asking.refuse_missing_secrets(run, self.submission(run), secrets)
        token = self._claim(run)
        try:
            history = past.read(self._store, run)
            if not history.progress.finished:
                known = run in self._carried
                hint = f'logs {run} --follow' if known else f'resume {run}'
                raise UserError(
                    f'run {run} has not finished',
                    f'{"watch it" if known else "take it up"} with: liftlock {hint}',
                )
            chosen = jobs if alone else select(history.progress, failed=failed, jobs=jobs)
            self._hands.world(run, history.submission)  # UserError where its sources are gone
            if from_step and len(jobs) != 1:
                raise UserError('--from-step needs exactly one job', 'name it with --job')
            if from_step:
                asking.refuse_step(self._store, history, chosen[0], from_step)
            restarted = RunRestarted(history.progress.attempt + 1, chosen, from_step)
            self._store.append(run, [restarted], token)
        finally:
            self._release()

    def _send(self, run: int, fact: StopRequested) -> None:
        inbox.send(self._store, run, fact)

    def _end_jobs(self, run: int, history: History) -> None:
        running = history.past.running
        leftovers.end(self._store, self._hands, run, history.past, running)

    # --- whose run it is

    def _claim(self, run: int) -> int:
        dead = partial(owners.dead, self._store)
        return runs.claim(self._store, run, self._own().name, dead)

    def _own(self) -> Owner:
        if self._owner is None or self._owner.pid != os.getpid():
            self._owner = Owner(self._store)
        return self._owner

    def _release(self) -> None:
        """Without runs this process holds nobody up, even if it lives on."""
        if self._owner is not None and not self._carried:
            self._owner.release()
            self._owner = None

    def free(self, owner: str) -> bool:
        """Whether its runs may be taken up, but for those that are carried out here: it has ended,
        or is this process, which could not go on with them."""
        own = self._owner is not None and owner == self._owner.name
        return own or owners.dead(self._store, owner)

    def _gone(self, run: int) -> bool:
        row = runs.find(self._store, str(run))
        if row.status == 'completed':
            return True
        return run not in self._carried and owners.dead(self._store, row.owner)


def _body(submission: Submission, run: int, number: int) -> str:
    request = submission.request._replace(run_id=run, run_number=number)
    return submissions.dump(submission._replace(request=request))
