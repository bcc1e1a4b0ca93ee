"""Everything that starts runs by itself, and tells forges, beside a server that serves.

Each of these looks again and again, on its own: one that fails is told of, waits longer, and tries
again; it ends neither the others nor the server. Where several servers share a store only the one
that is `elected` does anything.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final

from liftlock.engine import trail
from liftlock.engine.intake.intake import Intake
from liftlock.engine.triggers import backoff
from liftlock.engine.triggers.chains import Chain
from liftlock.engine.triggers.errands import Errands
from liftlock.engine.triggers.learning import Learner
from liftlock.engine.triggers.polling import Poller
from liftlock.engine.triggers.schedules import Scheduler
from liftlock.engine.triggers.statuses import Reporter
from liftlock.language.records import NamedTuple
from liftlock.store import repositories, schedules, statuses
from liftlock.store.database import Store
from liftlock.store.repositories import Repository

KEPT: Final = 400 * 86400.0  # seconds for which it is known what became of slots and statuses
ELECTED: Final = 1.0  # seconds between two looks at who is
LONGEST: Final = 60.0  # seconds that one waits who fails again and again

Step = Callable[[], Awaitable[object]]


class Watch(NamedTuple):
    """Somebody who looks every `period` seconds."""

    name: str
    period: float
    step: Step


class Triggers:
    def __init__(
        self,
        store: Store,
        intake: Intake,
        token: Callable[[Repository], str],
        url: str,
        *,
        elected: Callable[[], bool] = lambda: True,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._elected = elected
        self._has = False
        self._chance = chance = random.random
        learner = Learner(store, intake, now, chance)
        scheduler = Scheduler(store, intake.take, now, chance)
        poller = Poller(store, intake.take, token, now, chance)
        chain = Chain(store, intake.note, intake.take, learner.hears, url)
        reporter = Reporter(store, token, url)

        self._intake = intake
        self._errands = (scheduler.errands, poller.errands, chain.errands, reporter.errands)
        self._others = Errands('what others have left')

        async def slots() -> None:
            scheduler.tick()
            scheduler.fire()

        async def poll() -> None:
            poller.look()

        async def look() -> None:
            more = True
            while more:
                more = reporter.look(now())
                await asyncio.sleep(0)  # for others

        async def deliver() -> None:
            reporter.tell(now)

        async def follow() -> None:
            more = True
            while more:
                more = chain.look()
                await asyncio.sleep(0)

        async def forget() -> None:
            with store.transaction() as sql:
                statuses.forget(sql, now() - KEPT)
                schedules.forget(sql, now() - KEPT)

        self.watches = (
            Watch('reading the default branches', 2.0, learner.look),
            Watch('schedules', 1.0, slots),
            Watch('polling', 1.0, poll),
            Watch('workflow_run', 0.5, follow),
            Watch('what is to be told to forges', 0.5, look),
            Watch('telling forges', 0.5, deliver),
            Watch('forgetting what is long past', 3600.0, forget),
        )

    async def attend(self) -> None:
        """Until it is cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow_elections())
                for watch in self.watches:
                    group.create_task(self._attend(watch))
        finally:
            for errands in (*self._errands, self._others):
                await errands.end()

    async def _follow_elections(self) -> None:
        """Who is elected goes on with what the one before has begun and not ended."""
        while True:
            had, self._has = self._has, self._asked()
            if self._has and not had:
                self._others.begin('', self._intake.take_up)
            await asyncio.sleep(ELECTED)

    def _asked(self) -> bool:
        try:
            return self._elected()
        except Exception as error:  # a task boundary; the database is away, say
            if self._has:
                trail.tell('the election', error)
            return False

    async def _attend(self, watch: Watch) -> None:
        failures, told = 0, ''
        while True:
            try:
                if self._has and self._needed():
                    await watch.step()
                failures, told = 0, ''
            except Exception as error:  # a task boundary: none of them must end the others
                failures += 1
                if str(error) != told:
                    trail.tell(watch.name, error)
                    told = str(error)
            pause = backoff.pause(failures, self._chance(), 1.0, LONGEST) if failures else 0.0
            await asyncio.sleep(max(watch.period, pause))

    def _needed(self) -> bool:
        return repositories.any_registered(self._store)
