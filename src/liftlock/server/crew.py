"""Carries runs out that somebody has asked the server for, each as a task of this process.

A run is noted in the store before it begins and forgotten when it has ended, so whoever serves
next, after a `kill -9` say, goes on with what was left. One that could not be carried out, because
the disk was full or the database away, is tried again. Where processes share a database, each of
them looks now and then for what others have left.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final, Protocol

from liftlock.engine import trail
from liftlock.engine.delivery import returns
from liftlock.engine.inline import Inline
from liftlock.engine.submission import Terms
from liftlock.errors import UserError, is_trouble
from liftlock.plan.facts import Stamped
from liftlock.runner.ports import Stop
from liftlock.store import runs, served
from liftlock.store.database import Store

GRACE: Final = 10.0  # seconds for tasks to let go when the server ends
PATROL: Final = 2.0  # seconds between two looks at what others have left
AGAIN: Final = 15.0  # seconds until a run is tried again that could not be carried out
BUG: Final = 300.0  # the same, after a bug


class Silence:
    """Nobody watches from here: pages read the store."""

    def take(self, stamped: Stamped) -> None: ...

    def hear(self, job: str, number: int, lines: str) -> None: ...


class Footing(Protocol):
    """What a crew stands on: a server's `Ground`, or a worker's."""

    @property
    def store(self) -> Store: ...

    @property
    def engine(self) -> Inline: ...

    @property
    def terms(self) -> Callable[[int, str], Terms]: ...


class Crew:
    def __init__(self, ground: Footing) -> None:
        self._ground = ground
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._shared = ground.engine.shared
        self._not_before: dict[int, float] = {}
        self._told: dict[int, str] = {}  # why a run was not carried out the last time
        self._patrol: asyncio.Task[None] | None = None

    @property
    def busy(self) -> int:
        return len(self._tasks)

    def carry(self, run: int, who: str, terms: Terms | None = None) -> None:
        """Begin, or go on with, the run. UserError if what it needs cannot be read."""
        given = terms or self._ground.terms(run, who)
        served.note(self._ground.store, run, who)
        task = asyncio.create_task(self._carry(run, given))
        self._tasks[run] = task
        task.add_done_callback(lambda _: self._forget(run, task))

    def _forget(self, run: int, task: asyncio.Task[None]) -> None:
        if self._tasks.get(run) is task:
            del self._tasks[run]

    def take_up(self) -> None:
        """Go on with what an earlier server has left, and from now on with what others leave and
        what could not be carried out."""
        self._take_up()
        if self._patrol is None:
            self._patrol = asyncio.create_task(self._look_for_more())

    def _take_up(self) -> None:
        store, free = self._ground.store, dict[str, bool]()
        now = time.monotonic()
        for run, who in served.left(store):
            if run in self._tasks or now < self._not_before.get(run, 0.0):
                continue
            row = runs.find(store, str(run))
            if row.status == 'completed':
                self._ended(run, who)
                continue
            if row.owner not in free:
                free[row.owner] = self._ground.engine.free(row.owner)
            if free[row.owner]:
                try:
                    self.carry(run, who)
                except UserError as error:
                    self._not_before[run] = now + AGAIN
                    self._say(run, f'run {run} is not taken up: {error}')

    async def _look_for_more(self) -> None:
        while True:
            await asyncio.sleep(PATROL)
            try:
                self._take_up()
            except Exception as error:  # a task boundary: the database is away, say
                if is_trouble(error):
                    self._say(0, str(error))
                else:
                    trail.tell('looking for runs', error)
                    await asyncio.sleep(AGAIN)

    async def end(self) -> None:
        """Let go of all of them; they are taken up when somebody serves again."""
        if self._patrol is not None:
            self._patrol.cancel()
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE)

    async def _carry(self, run: int, terms: Terms) -> None:
        trail.follow(run=run)
        wait = PATROL if self._shared else AGAIN  # others may be quicker
        try:
            await self._ground.engine.carry_out(run, terms, Silence(), Stop())
            self._ended(run, terms.by)
            self._told.pop(run, None)
            return
        except runs.Carried as error:
            if not self._shared:
                self._say(run, f'run {run}: {error}')
        except Exception as error:  # a task boundary: one run must not end the server
            if is_trouble(error):  # of the database, say, or a disk
                self._say(run, f'run {run}: {error}')
            else:
                trail.say(f'run {run} cannot be carried out: {error!r}', error)
                wait = BUG
        self._not_before[run] = time.monotonic() + wait

    def _say(self, run: int, text: str) -> None:
        """Once, though it is found again and again."""
        if self._told.get(run) != text:
            self._told[run] = text
            trail.say(text)

    def _ended(self, run: int, who: str) -> None:
        """What its jobs have deployed, and what is not well, is taken back."""
        store = self._ground.store
        due = returns.due(store, run) if runs.deployed(store, run) else []
        for back in due:
            try:
                terms = self._ground.terms(back.run, who)
                returns.begin(self._ground.engine, store, back, terms)
                self.carry(back.run, who, terms)
            except UserError as error:
                trail.say(f'{back.place.name} is not taken back: {error}')
        if all(back.run != run for back in due):
            served.forget(store, run)
