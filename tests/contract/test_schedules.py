"""Schedules fire once a slot, whatever the clock does and whoever is killed; on both databases."""

import asyncio
from pathlib import Path

import pytest

from liftlock.engine.triggers.learning import declared
from liftlock.engine.triggers.schedules import TRIES, Scheduler
from liftlock.plan.slots import LATE
from liftlock.store import schedules, settings
from liftlock.store.database import Store
from liftlock.store.schedules import Declared, Past
from triggers import CI, Stage, Taking

HOURLY = Declared(CI, 'CI', '0 * * * *', '')
HOUR = 3600.0
NOON = 1_796_040_000.0  # 30 November 2026, 12:00 UTC


class Clock:
    def __init__(self, at: float) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


class Desk:
    """A scheduler, its clock, and what it was seen to start."""

    def __init__(self, store: Store, directory: Path) -> None:
        self.stage = Stage(store, directory)
        self.store = store
        self.clock = Clock(NOON + 60)
        self.taking = Taking()
        self.begin()
        schedules.declare(store, self.stage.repository.id, [HOURLY], self.clock.at)

    def begin(self) -> None:
        """As after a start: nothing is remembered but what the store holds."""
        self.scheduler = Scheduler(self.store, self.taking, self.clock, lambda: 0.5)

    def look(self, at: float) -> None:
        self.clock.at = at
        self.scheduler.tick()
        asyncio.run(self._fire())

    async def _fire(self) -> None:
        self.scheduler.fire()
        await self.scheduler.errands.rest()

    @property
    def schedule(self) -> schedules.Schedule:
        return schedules.active(self.store)[0]

    def past(self) -> list[tuple[float, str]]:
        found = schedules.past(self.store, self.schedule.id, 100)
        return [((one.at - NOON) / HOUR, one.state) for one in reversed(found)]

    def newest(self) -> Past:
        return schedules.past(self.store, self.schedule.id, 1)[0]


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


def test_a_slot_fires_once_however_often_somebody_looks(desk: Desk) -> None:
    desk.look(NOON + HOUR - 1)
    assert desk.past() == []
    for second in (0.2, 1.2, 2.2):
        desk.look(NOON + HOUR + second)
    assert desk.past() == [(1.0, 'started')]
    assert list(desk.taking.taken) == [f'schedule:{desk.schedule.id}:{NOON + HOUR:.0f}']
    event = desk.taking.taken[f'schedule:{desk.schedule.id}:{NOON + HOUR:.0f}']
    assert (event.name, event.payload, event.repository) == (
        'schedule',
        {'schedule': '0 * * * *'},
        'octo/shop',
    )


def test_who_is_killed_after_writing_a_slot_down_fires_it_when_he_comes_again(desk: Desk) -> None:
    desk.clock.at = NOON + HOUR + 1
    desk.scheduler.tick()  # and here it ends
    desk.begin()
    desk.look(NOON + HOUR + 20)
    assert desk.past() == [(1.0, 'started')]
    assert len(desk.taking.asked) == 1


def test_who_is_killed_after_firing_does_not_fire_another_slot(desk: Desk) -> None:
    desk.look(NOON + HOUR + 1)
    with desk.store.transaction() as sql:  # as if the end had not been written
        sql.execute("UPDATE slots SET state = 'due'")
    desk.begin()
    desk.look(NOON + HOUR + 5)
    assert desk.past() == [(1.0, 'started')]
    assert len(desk.taking.taken) == 1  # asked twice, under the same name
    assert len(desk.taking.asked) == 2


def test_after_a_night_the_newest_slot_is_made_good_and_the_others_are_in_the_ledger(
    desk: Desk,
) -> None:
    desk.begin()
    desk.look(NOON + 8.5 * HOUR)
    assert desk.past() == [*((float(hour), 'missed') for hour in range(1, 8)), (8.0, 'started')]
    assert 'nobody looked from 30 Nov 12:01 UTC to 30 Nov 20:30 UTC' in desk.newest().reason


def test_a_slot_too_old_is_not_made_good(desk: Desk) -> None:
    settings.change(desk.store, desk.stage.repository.id, settings.Settings(catch_up=0.0))
    desk.look(NOON + 1.5 * HOUR)
    assert desk.past() == [(1.0, 'missed')]
    desk.look(NOON + 2 * HOUR + LATE)  # but five minutes are not late
    assert desk.past() == [(1.0, 'missed'), (2.0, 'started')]


def test_a_clock_put_back_an_hour_fires_nothing_twice(desk: Desk) -> None:
    desk.look(NOON + HOUR + 5)
    desk.look(NOON + 30)  # back
    desk.look(NOON + HOUR + 5)
    desk.look(NOON + 2 * HOUR + 5)
    assert desk.past() == [(1.0, 'started'), (2.0, 'started')]
    assert len(desk.taking.taken) == 2


def test_a_clock_that_was_days_ahead_for_a_moment_loses_no_slot(desk: Desk) -> None:
    desk.look(NOON + 72.5 * HOUR)  # wrong: it made one good, and wrote off all before
    assert desk.past()[-1] == (72.0, 'started')
    desk.look(NOON + 0.5 * HOUR)
    assert desk.past() == [(72.0, 'started')]
    desk.look(NOON + HOUR + 1)
    desk.look(NOON + 2 * HOUR + 1)
    assert desk.past() == [(1.0, 'started'), (2.0, 'started'), (72.0, 'started')]
    desk.look(NOON + 72 * HOUR + 1)
    assert len(desk.taking.taken) == 3  # that slot had its run


def test_a_disabled_workflow_has_its_slots_in_the_ledger(desk: Desk) -> None:
    schedules.disable(desk.store, desk.stage.repository.id, CI, 'mona', NOON)
    desk.look(NOON + HOUR + 1)
    assert desk.past() == [(1.0, 'skipped')]
    assert desk.newest().reason == 'the workflow is disabled'
    schedules.enable(desk.store, desk.stage.repository.id, CI)
    desk.look(NOON + 2 * HOUR + 1)
    assert desk.past() == [(1.0, 'skipped'), (2.0, 'started')]


def test_a_forge_that_is_away_is_asked_again_and_in_the_end_the_slot_has_failed(
    desk: Desk,
) -> None:
    desk.taking.status = 'failed'
    desk.look(NOON + HOUR + 1)
    assert desk.past() == [(1.0, 'due')]
    desk.look(NOON + HOUR + 2)  # not before its time
    assert len(desk.taking.asked) == 1
    desk.taking.status = 'done'
    desk.look(NOON + HOUR + 60)
    assert desk.past() == [(1.0, 'started')]
    assert len(set(desk.taking.asked)) == 2
    desk.taking.status = 'failed'
    for step in range(TRIES + 3):
        desk.look(NOON + 2 * HOUR + 1 + 300 * step)
    assert desk.past()[1] == (2.0, 'failed')
    assert desk.newest().reason == 'git cannot fetch it'
    assert len(desk.taking.asked) == 2 + TRIES


def test_what_is_no_longer_in_the_file_does_not_fire_and_begins_anew_when_it_is_back(
    desk: Desk,
) -> None:
    repository = desk.stage.repository.id
    schedules.declare(desk.store, repository, [], NOON + 2 * HOUR)
    assert schedules.active(desk.store) == []
    desk.look(NOON + 3 * HOUR + 1)
    schedules.declare(desk.store, repository, [HOURLY], NOON + 3.5 * HOUR)
    desk.look(NOON + 4 * HOUR + 1)
    assert desk.past() == [(4.0, 'started')]


def test_declaring_the_same_again_changes_nothing(desk: Desk) -> None:
    was = desk.schedule
    schedules.declare(desk.store, desk.stage.repository.id, [HOURLY, HOURLY], NOON + 99)
    assert [was] == schedules.active(desk.store)


def test_schedules_of_all_files_are_found_with_their_zones() -> None:
    files = {
        '.github/workflows/a.yml': """
name: A
on: {schedule: [{cron: '0 4 * * *', timezone: Asia/Tokyo}, {cron: '5 4 * * 1'}], push: }
jobs: {a: {runs-on: x, steps: [{run: 'true'}]}}
""",
        '.github/workflows/broken.yml': 'on: [',
        'liftlock.yml': 'app: x',
    }
    path = '.github/workflows/a.yml'
    assert declared(files) == [
        Declared(path, 'A', '0 4 * * *', 'Asia/Tokyo'),
        Declared(path, 'A', '5 4 * * 1', ''),
    ]
