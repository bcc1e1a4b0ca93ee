"""When schedules fire, and what becomes of slots whose time has come."""

from datetime import datetime
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest

from liftlock.plan.slots import DUE, MISSED, Slot, between, decide, following

HOUR = 3600.0
NOON = datetime(2026, 11, 30, 12, tzinfo=ZoneInfo('UTC')).timestamp()


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def told(zone: str, times: list[float]) -> list[str]:
    return [datetime.fromtimestamp(at, ZoneInfo(zone)).strftime('%d %H:%M %Z') for at in times]


def test_slots_are_in_utc_unless_a_zone_is_named() -> None:
    assert next(following('30 4 * * *', '', NOON)) == moment('2026-12-01T04:30:00+00:00')
    tokyo = next(following('30 4 * * *', 'Asia/Tokyo', NOON))
    assert tokyo == moment('2026-12-01T04:30:00+09:00')


def test_a_slot_is_after_the_moment_and_up_to_the_other() -> None:
    assert between('0 * * * *', '', NOON, NOON + 2 * HOUR) == [NOON + HOUR, NOON + 2 * HOUR]
    assert between('0 * * * *', '', NOON - 0.5, NOON - 0.1) == []
    assert between('0 * * * *', '', NOON - 0.5, NOON) == [NOON]


def test_what_falls_into_the_hour_left_out_in_spring_happens_right_after_it() -> None:
    day = between(
        '30 2 * * *', 'Europe/Berlin', moment('2026-03-28T12:00:00+01:00'),
        moment('2026-03-30T12:00:00+02:00'),
    )  # fmt: skip
    assert told('Europe/Berlin', day) == ['29 03:00 CEST', '30 02:30 CEST']


def test_what_falls_into_the_hour_that_comes_twice_in_autumn_happens_once() -> None:
    day = between(
        '30 2 * * *', 'Europe/Berlin', moment('2026-10-24T12:00:00+02:00'),
        moment('2026-10-26T12:00:00+01:00'),
    )  # fmt: skip
    assert told('Europe/Berlin', day) == ['25 02:30 CEST', '26 02:30 CET']


@pytest.mark.parametrize('cron', ['30 2 * * *', '*/30 * * * *', '0 */2 * * *', '15 2,3 * * 0'])
@pytest.mark.parametrize('start', ['2026-03-29T00:00:00+01:00', '2026-10-25T00:00:00+02:00'])
def test_looking_often_finds_the_same_slots_as_looking_once(cron: str, start: str) -> None:
    begin = moment(start)
    once = between(cron, 'Europe/Berlin', begin, begin + 6 * HOUR)
    looks = [begin + 7 * 60 * step for step in range(52)] + [begin + 6 * HOUR]
    often = [
        at
        for after, upto in pairwise(looks)
        if upto > after
        for at in between(cron, 'Europe/Berlin', after, upto)
    ]
    assert often == once
    assert len(set(often)) == len(often)


def test_a_day_that_never_comes_has_no_slot() -> None:
    assert list(islice(following('0 0 31 2 *', '', NOON), 1)) == []


def test_after_a_very_long_time_only_the_newest_are_looked_back_on() -> None:
    found = between('*/5 * * * *', '', NOON - 365 * 24 * HOUR, NOON)
    assert len(found) == 1000
    assert found[-1] == NOON


def test_a_slot_on_time_is_due() -> None:
    assert decide([NOON], NOON - 1, NOON + 1, 0.0) == [Slot(NOON, DUE)]
    assert decide([], NOON - 1, NOON + 1, 0.0) == []


def test_of_many_that_were_missed_only_the_newest_is_made_good() -> None:
    times = [NOON, NOON + HOUR, NOON + 2 * HOUR]
    away = 'nobody looked from 30 Nov 11:50 UTC to 30 Nov 14:30 UTC'
    assert decide(times, NOON - 600, NOON + 2.5 * HOUR, 24 * HOUR) == [
        Slot(NOON, MISSED, away),
        Slot(NOON + HOUR, MISSED, away),
        Slot(NOON + 2 * HOUR, DUE, f'made good: {away}'),
    ]


def test_a_slot_that_is_older_than_is_made_good_is_missed() -> None:
    (slot,) = decide([NOON], NOON - 1, NOON + 3 * HOUR, HOUR)
    assert slot.state == MISSED
    (slot,) = decide([NOON], NOON - 1, NOON + 3 * HOUR, 0.0)
    assert slot.state == MISSED


def test_when_the_newest_is_on_time_the_others_are_missed() -> None:
    found = decide([NOON, NOON + HOUR], NOON - 1, NOON + HOUR + 2, 24 * HOUR)
    assert [slot.state for slot in found] == [MISSED, DUE]
    assert found[-1].reason == ''
