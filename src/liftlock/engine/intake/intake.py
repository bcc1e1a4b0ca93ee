"""Takes events in. `outcome.py` shows how it is asked.

    begun ─── fetched, judged ──┬── done      runs were submitted, or nothing was to start
      │                         ├── held ──── approved: begun again, with the event as it was held
      │                         │             rejected, or another head came: rejected
      └── cannot be fetched ────┴── failed

What is begun stands in the store, with the event. Whoever dies in between leaves it `begun`, and
`take_up` goes on: a run is caused by one intake and one workflow, so none is submitted twice.
"""

import asyncio
from collections.abc import Callable, Mapping

from liftlock.engine import trail, workflows
from liftlock.engine.intake import admission, asking, deciding, filling, finding, kept, starting
from liftlock.engine.intake.bench import Bench, Taken
from liftlock.engine.intake.deciding import Judged
from liftlock.engine.intake.finding import Found
from liftlock.engine.intake.mirror import Mirror
from liftlock.engine.intake.outcome import Dispatch, Offer, Outcome
from liftlock.engine.intake.sources import Sources
from liftlock.errors import UserError
from liftlock.language.expressions.values import Value
from liftlock.plan.event import Event
from liftlock.plan.trust import from_outside
from liftlock.store import intakes, repositories, runs, schedules, served
from liftlock.store.intakes import Intake as Row
from liftlock.store.repositories import Repository


class Intake:
    """`carry` has a run carried out, for whom it names."""

    def __init__(self, bench: Bench, carry: Callable[[int, str], None]) -> None:
        self._bench = bench
        self._store = bench.store
        self._carry = carry
        self._sources = Sources(bench)
        self._going: dict[int, asyncio.Lock] = {}

    # --- events

    async def take(
        self,
        repository: Repository,
        event: Event,
        delivery: str,
        *,
        only: str = '',
        inputs: Mapping[str, Value] | None = None,
    ) -> Outcome:
        """What comes of an event. The same `delivery` is taken in once. `only` is the path of the
        one workflow that is asked for. What goes wrong is told in the outcome, not raised."""
        row = self.note(repository, event, delivery, only=only, inputs=inputs)
        return await self._go_on(row, repositories.of(self._store, repository.id))

    def note(
        self,
        repository: Repository,
        event: Event,
        delivery: str,
        *,
        only: str = '',
        inputs: Mapping[str, Value] | None = None,
    ) -> Row:
        """Write down that it is to be taken in. Whoever dies now, leaves it to the next."""
        repository = self._learnt(repository, event)
        event = filling.place(repository, event._replace(repository=repository.name))
        asked: dict[str, Value] = {'only': only, 'inputs': dict(inputs or {})}
        draft = intakes.Draft(
            repository.id, delivery, event.name, event.ref, event.actor, kept.dump(event, asked)
        )
        return intakes.begin(self._store, draft)

    def _learnt(self, repository: Repository, event: Event) -> Repository:
        """The forge tells of a default branch that is another one now."""
        told = filling.text(event.payload, 'repository', 'default_branch')
        if not told or told == repository.branch:
            return repository
        repositories.learn_branch(self._store, repository.id, told)
        return repository._replace(branch=told)

    async def take_up(self) -> None:
        """Go on with what somebody has begun and not ended. What cannot be taken up holds up none
        of the others."""
        for row in intakes.left(self._store):
            try:
                await self._go_on(row, repositories.of(self._store, row.repository))
            except Exception as error:  # a boundary: between events of different people
                trail.tell('an event was not taken up', error)

    async def dispatch(
        self, repository: Repository, asked: Dispatch, who: str, delivery: str = ''
    ) -> Outcome:
        """workflow_dispatch. UserError for what the workflow or its inputs do not allow. Under the
        name of one `delivery` it is done once."""
        mirror = await self._sources.fetch(repository)
        repository = repositories.of(self._store, repository.id)
        ref, commit = await asking.resolve(mirror, repository, asked.ref)
        files = await self._sources.read(mirror, repository, commit)
        path, typed = asking.check(files[1], asked)
        payload: dict[str, Value] = {'ref': ref, 'workflow': path, 'inputs': dict(typed) or None}
        event = Event('workflow_dispatch', payload, ref, commit, repository.name, who)
        delivery = delivery or asking.unique('dispatch')
        return await self.take(repository, event, delivery, only=path, inputs=typed)

    async def send(
        self,
        repository: Repository,
        event_type: str,
        payload: Mapping[str, Value],
        who: str,
        delivery: str = '',
    ) -> Outcome:
        """repository_dispatch. UserError for what GitHub would refuse."""
        asking.refuse_payload(event_type, payload)
        told: dict[str, Value] = {
            'action': event_type,
            'branch': repository.default_branch,
            'client_payload': dict(payload),
        }
        event = Event('repository_dispatch', told, '', '', repository.name, who)
        return await self.take(repository, event, delivery or asking.unique('sent'))

    async def offers(self, repository: Repository, ref: str = '') -> list[Offer]:
        """The workflows at a ref, for a form: which can be dispatched, with which inputs."""
        mirror = await self._sources.fetch(repository)
        repository = repositories.of(self._store, repository.id)
        _, commit = await asking.resolve(mirror, repository, ref)
        _, files = await self._sources.read(mirror, repository, commit)
        return asking.offers(files)

    async def head(self, repository: Repository, *, fetch: bool) -> str:
        """The commit of the default branch, '' where there is none; of the mirror as it is, or
        fetched before. UserError."""
        mirror = await self._sources.fetch(repository) if fetch else self.mirror(repository)
        if not mirror.directory.exists():
            return ''
        branch = repositories.of(self._store, repository.id).default_branch
        return await mirror.commit(f'refs/heads/{branch}')

    async def files(self, repository: Repository, commit: str) -> Mapping[str, str]:
        """Workflow files and `liftlock.yml`, by path."""
        return (await self._sources.read(self._sources.mirror(repository), repository, commit))[1]

    def mirror(self, repository: Repository) -> Mirror:
        """As it was fetched last."""
        return self._sources.mirror(repository)

    def event(self, number: int) -> Event | None:
        """That of an intake, as long as something of it is to be done."""
        body = intakes.body(self._store, number)
        return kept.load(body)[0] if body else None

    # --- approvals

    async def approve(self, number: int, who: str, *, always: bool = False) -> Outcome:
        """With everything else that waits for the same commit of the same pull request. `always`:
        those by whom it is are known from now on. UserError if nobody waits."""
        event = self.event(number)
        intakes.approve(self._store, number, who)
        row = intakes.of(self._store, number)
        for person in admission.people_of(event) if always and event else ():
            intakes.trust(self._store, row.repository, person, who)
        repository = repositories.of(self._store, row.repository)
        outcome = await self._go_on(row, repository)
        for other in intakes.waiting(self._store, row):
            intakes.approve(self._store, other.id, who)
            await self._go_on(other, repository)
        return outcome

    def reject(self, number: int, who: str) -> Row:
        row = intakes.of(self._store, number)
        if row.status != 'held':
            raise UserError('nobody waits for this approval any more', 'load the page again')
        intakes.end(self._store, number, 'rejected', f'rejected by {who}')
        return intakes.of(self._store, number)

    # ---

    async def _go_on(self, row: Row, repository: Repository) -> Outcome:
        """Who takes up what was left, and who brings it again, wait for each other."""
        try:
            async with self._going.setdefault(row.id, asyncio.Lock()):
                await self._guarded(intakes.of(self._store, row.id), repository)
        finally:
            self._going.pop(row.id, None)
        return self._outcome(row.id)

    async def _guarded(self, row: Row, repository: Repository) -> None:
        try:
            if row.status == 'begun':
                await self._take(row, repository)
        except UserError as error:
            intakes.end(self._store, row.id, 'failed', str(error))
        except Exception as error:  # else it would be begun again by whoever starts, for ever
            intakes.end(self._store, row.id, 'failed', f'this is a bug in liftlock: {error!r}')
            raise

    async def _take(self, row: Row, repository: Repository) -> None:
        event, asked = kept.load(intakes.body(self._store, row.id))
        number = finding.number_of(event)
        spec = finding.pull_spec(repository.forge, number)
        mirror = await self._sources.fetch(repository, spec)
        repository = repositories.of(self._store, repository.id)
        event = event._replace(default_branch=repository.default_branch)
        if row.approved:  # as it was when somebody looked at it
            found = await self._sources.as_approved(mirror, event, row.head)
        else:
            found = await finding.find(mirror, repository, event)
        newer = await finding.newer(mirror, number, found.head)
        row = self._note(row, found, asked, number, newer)
        if found.said:
            intakes.end(self._store, row.id, 'done', found.said)
            return
        snapshot, files = await self._sources.read(mirror, repository, found.event.sha)
        if from_outside(found.event):
            files |= await self._sources.settings_of_base(mirror, repository, found.event)
        given = asked['inputs']
        assert isinstance(given, dict)
        taken = Taken(row, repository, found, snapshot, files, given, newer)
        await self._decide(taken, str(asked['only']))

    def _note(
        self, row: Row, found: Found, asked: Mapping[str, Value], number: int, newer: str
    ) -> Row:
        event = found.event
        outside = from_outside(event)
        row = row._replace(
            event=event.name,
            ref=event.ref,
            sha=event.sha,
            head=found.head,
            actor=event.actor,
            author=admission.author_of(event) if outside else '',
            number=number,
        )
        intakes.found(self._store, row.id, row, kept.dump(event, asked))
        if outside and number and not newer:
            intakes.supersede(self._store, row, f'{found.head[:12]} has come since')
        return row

    async def _decide(self, taken: Taken, only: str) -> None:
        event, row, repository = taken.found.event, taken.row, taken.repository
        disabled = schedules.disabled(self._store, repository.id)
        # Beside the loop: nobody has looked yet at what a stranger has written there.
        judged = await asyncio.to_thread(
            deciding.judge, taken.files, event, taken.found.message, only, disabled
        )
        starting = [one for one in judged if one.workflow is not None]
        why = admission.refused(event, repository.forks)
        if starting and why:
            self._stop(row, judged, 'done', why)
            return
        if starting and (why := self._held(row, repository, event)):
            if taken.newer:
                self._stop(row, judged, 'rejected', f'{taken.newer[:12]} has come since')
            else:
                self._stop(row, judged, 'held', why)
            return
        intakes.decide(
            self._store, row.id, [one.decision for one in judged if one.workflow is None]
        )
        for one in starting:
            await self._start(taken, one)
        intakes.end(self._store, row.id, 'done', '' if judged else _nothing(only))

    def _held(self, row: Row, repository: Repository, event: Event) -> str:
        if row.approved or intakes.approved(self._store, row):
            return ''
        known = {author.lower() for author, _, _ in intakes.trusted(self._store, repository.id)}
        again = intakes.unapproved(self._store, row)
        return admission.held(event, repository.forks, known, again=again)

    def _stop(self, row: Row, judged: list[Judged], status: str, why: str) -> None:
        """None of those that would start does."""
        decision = 'held' if status == 'held' else 'skipped'
        told = [
            one.decision
            if one.workflow is None
            else one.decision._replace(decision=decision, reason=why)
            for one in judged
        ]
        intakes.decide(self._store, row.id, told)
        intakes.end(self._store, row.id, status, why)

    async def _start(self, taken: Taken, one: Judged) -> None:
        assert one.workflow is not None
        cause = f'intake:{taken.row.id}:{one.workflow.path}'
        run = runs.caused(self._store, cause)
        try:
            run = run or await starting.submit(self._bench, taken, one.workflow, cause)
        except UserError as error:
            told = one.decision._replace(decision='refused', reason=str(error))
            intakes.decide(self._store, taken.row.id, [told])
            return
        intakes.decide(self._store, taken.row.id, [one.decision._replace(run=run)])
        if not self._carried(run):
            self._carry(run, taken.found.event.actor)

    def _carried(self, run: int) -> bool:
        """Whether somebody sees to it already."""
        row = runs.find(self._store, str(run))
        noted = any(one == run for one, _ in served.left(self._store))
        return noted or row.status == 'completed'

    def _outcome(self, number: int) -> Outcome:
        row = intakes.of(self._store, number)
        decisions = tuple(intakes.decisions(self._store, number))
        return Outcome(number, row.status, row.said, decisions)


def _nothing(only: str) -> str:
    return (
        f'there is no workflow {only} at this commit'
        if only
        else (f'there are no workflows in {workflows.FOLDER} at this commit')
    )
