"""Starts what `on.schedule` of the default branches says, once a slot, whatever happens meanwhile.

    schedules, the clock ── tick ──▶ slots: due, or missed and why
    slots that are due ── fire ──▶ an intake, whose name is the slot: so it is taken in once

A slot is written down before it fires. Who is killed in between finds it due when he comes again,
and one that has fired already is only told what came of it.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from liftlock.engine.intake.outcome import Outcome
from liftlock.engine.triggers import backoff
from liftlock.engine.triggers.errands import Errands
from liftlock.engine.triggers.ports import Take
from liftlock.plan import slots
from liftlock.plan.event import Event
from liftlock.store import repositories, schedules, settings
from liftlock.store.database import Store
from liftlock.store.schedules import Due, Schedule

TRIES: Final = 6
AT_ONCE: Final = 8  # slots that fire side by side: each fetches a repository
NEVER: Final = float('inf')


class Scheduler:
    def __init__(
        self, store: Store, take: Take, now: Callable[[], float], chance: Callable[[], float]
    ) -> None:
        self._store = store
        self._take = take
        self._now = now
        self._chance = chance
        self._next: dict[Schedule, float] = {}
        self._gate = asyncio.Semaphore(AT_ONCE)
        self.errands = Errands('schedules')

    def tick(self) -> None:
        """Write down what becomes of slots whose time has come."""
        now = self._now()
        if schedules.turn_back(self._store, now):
            self._next.clear()
        known = schedules.active(self._store)
        for schedule in known:
            if self._following(schedule) <= now:
                self._decide(schedule, now)
        self._next = {schedule: self._next[schedule] for schedule in known}

    def _following(self, schedule: Schedule) -> float:
        """The first slot of which nothing is decided."""
        if schedule not in self._next:
            found = slots.following(schedule.cron, schedule.timezone, schedule.seen)
            self._next[schedule] = next(found, NEVER)
        return self._next[schedule]

    def _decide(self, schedule: Schedule, now: float) -> None:
        times = slots.between(schedule.cron, schedule.timezone, schedule.seen, now)
        catch_up = settings.of(self._store, schedule.repository).catch_up
        decided = slots.decide(times, schedule.seen, now, catch_up)
        schedules.decide(self._store, schedule, decided, now)

    def fire(self) -> None:
        """Begin with what is due."""
        for slot in schedules.due(self._store, self._now()):
            self.errands.begin((slot.schedule.id, slot.at), partial(self._fire, slot))

    async def _fire(self, slot: Due) -> None:
        async with self._gate:
            schedule = slot.schedule
            if schedule.disabled:
                self._end(slot, 'skipped', 'the workflow is disabled')
                return
            repository = repositories.of(self._store, schedule.repository)
            event = Event(
                'schedule', {'schedule': schedule.cron}, '', '', repository.name, repository.by
            )
            delivery = f'schedule:{schedule.id}:{slot.at:.0f}'
            delivery += f':{slot.tries}' if slot.tries else ''
            outcome = await self._take(repository, event, delivery, only=schedule.workflow)
            self._became(slot, outcome)

    def _became(self, slot: Due, outcome: Outcome) -> None:
        if outcome.runs:
            self._end(slot, 'started', slot.reason)
        elif outcome.status == 'failed':
            self._failed(slot, outcome.said)
        elif outcome.status != 'begun':  # else somebody else is still at it
            refused = next((one for one in outcome.decisions), None)
            reason = refused.reason if refused else outcome.said
            self._end(slot, 'failed' if refused and refused.decision == 'refused' else 'skipped',
                      reason)  # fmt: skip

    def _failed(self, slot: Due, why: str) -> None:
        now = self._now()
        catch_up = settings.of(self._store, slot.schedule.repository).catch_up
        if slot.tries + 1 >= TRIES or now - slot.at > max(catch_up, slots.LATE):
            self._end(slot, 'failed', why)
        else:
            pause = backoff.pause(slot.tries + 1, self._chance())
            schedules.put_off(self._store, slot, slot.reason, now + pause)

    def _end(self, slot: Due, state: str, reason: str) -> None:
        schedules.end(self._store, slot, state, reason, self._now())
