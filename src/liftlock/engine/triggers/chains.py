"""Tells of runs to the workflows that start on `workflow_run`, each thing once.

It follows the facts of all runs. Every event has the name of what happened, and is written down
under it once; only then this follower moves on: whoever is killed in between writes it again, in
vain, and what was written but not taken in is taken up by the next.
Runs that nothing has caused but a person on this machine (`liftlock run`) tell nobody.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from liftlock.engine import submission as submissions
from liftlock.engine import trail
from liftlock.engine.triggers import backoff
from liftlock.engine.triggers.errands import Errands
from liftlock.engine.triggers.ports import Notes, Take
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.plan import chains
from liftlock.plan import facts as f
from liftlock.plan.chains import COMPLETED, DEEPEST, IN_PROGRESS, REQUESTED, Ran
from liftlock.plan.event import Event
from liftlock.plan.facts import Stamped
from liftlock.store import followers, intakes, repositories, runs
from liftlock.store.database import Store
from liftlock.store.repositories import Repository

FOLLOWER: Final = 'chains'
TRIES: Final = 3
UNREADABLE: Final = (UserError, KeyError, ValueError, TypeError, AssertionError)
TELLING: Final = frozenset({'RunSubmitted', 'RunRestarted', 'JobClaimed', 'RunFinished'})


class Happened(NamedTuple):
    """What others may want to hear of a run. `conclusion` is '' but at its end."""

    attempt: int
    action: str
    conclusion: str
    at: float


class Chain:
    """`hears` says of a repository, the name of a workflow and an action whether anybody listens;
    `url` is where people reach this server."""

    def __init__(
        self,
        store: Store,
        note: Notes,
        take: Take,
        hears: Callable[[int, str, str], bool],
        url: str = '',
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._note = note
        self._take = take
        self._hears = hears
        self._url = url.rstrip('/')
        self._rest = rest
        self._bags: dict[int, deque[Event]] = {}
        self.errands = Errands('workflow_run')

    def look(self) -> bool:
        """Write down what others are to hear, and begin to tell it. True if there may be more."""
        news = followers.news(self._store, FOLLOWER)
        if news is None:
            return False
        seen = followers.seen(self._store, FOLLOWER)
        for run in dict.fromkeys(run for run, kind in news.facts if kind in TELLING):
            try:
                self._write(run, seen, news.seq)
            except UNREADABLE as error:  # it is not there any more, say; others must hear of theirs
                trail.tell(f'workflow_run of run {run}', error)
        with self._store.transaction() as sql:
            followers.move(sql, FOLLOWER, news.seq)
        return True

    def _write(self, run: int, after: int, upto: int) -> None:
        row = runs.find(self._store, str(run))
        repository = repositories.find(self._store, row.repository)
        if repository is None or not repository.active:
            return
        told = [
            one
            for seq, one in happened(self._store.facts(run))
            if after < seq <= upto and self._hears(repository.id, row.name, one.action)
        ]
        intake = intakes.behind(self._store, run) if told else None
        if intake is None or self._depth(run) >= DEEPEST:
            return
        triggering = submissions.load(runs.request(self._store, run)).request.event
        bag = self._bags.setdefault(repository.id, deque())
        for one in told:
            ran = Ran(
                run=run,
                number=row.number,
                attempt=one.attempt,
                workflow=row.workflow,
                name=row.name,
                title=row.title,
                event=triggering,
                head=intake.head,
                conclusion=one.conclusion,
                created=row.created,
                started=row.started,
                updated=one.at,
                url=f'{self._url}/runs/{run}',
                web=repository.web,
            )
            event = chains.event(ran, one.action)
            self._note(repository, event, _name(event))
            bag.append(event)
        self.errands.begin(repository.id, partial(self._empty, repository, bag))

    async def _empty(self, repository: Repository, bag: deque[Event]) -> None:
        while bag:
            await self._tell(repository, bag.popleft())

    async def _tell(self, repository: Repository, event: Event) -> None:
        for count in range(TRIES):
            again = f':{count}' if count else ''
            outcome = await self._take(repository, event, f'{_name(event)}{again}')
            if outcome.status != 'failed':
                return
            await self._rest(backoff.pause(count + 1, 0.5, first=1.0))

    def _depth(self, run: int) -> int:
        """How many runs in a row have led to this one by `workflow_run`."""
        depth = 0
        while depth < DEEPEST:
            intake = intakes.behind(self._store, run)
            run = chains.parent(intake.delivery) if intake else 0
            if not run:
                break
            depth += 1
        return depth


def _name(event: Event) -> str:
    ran = event.payload[chains.EVENT]
    assert isinstance(ran, dict)
    run, attempt = ran['id'], ran['run_attempt']
    assert isinstance(run, float)
    assert isinstance(attempt, float)
    return chains.name_of(int(run), int(attempt), str(event.payload['action']))


def happened(facts: list[Stamped]) -> list[tuple[int, Happened]]:
    """What is told of a run, each with the number of its fact. A run is in progress when its first
    job is claimed."""
    found: list[tuple[int, Happened]] = []
    attempt, begun = 1, False
    for one in facts:
        match one.fact:
            case f.RunSubmitted():
                found.append((one.seq, Happened(attempt, REQUESTED, '', one.at)))
            case f.RunRestarted(number):
                attempt, begun = number, False
                found.append((one.seq, Happened(attempt, REQUESTED, '', one.at)))
            case f.JobClaimed() if not begun:
                begun = True
                found.append((one.seq, Happened(attempt, IN_PROGRESS, '', one.at)))
            case f.RunFinished(conclusion):
                found.append((one.seq, Happened(attempt, COMPLETED, conclusion, one.at)))
            case _:
                pass
    return found
