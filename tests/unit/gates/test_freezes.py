"""Freezes: from a day to a day, and at times that come back, in their own time zones."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liftlock.gates.freezes import Frozen, frozen
from liftlock.language.settings.model import Freeze

BERLIN = 'Europe/Berlin'
WEEKEND = Freeze(schedule='0 16 * * fri', duration=64 * 3600, timezone=BERLIN, reason='weekend')


def at(text: str, zone: str = 'UTC') -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def told(freeze: Freeze, text: str, zone: str = 'UTC') -> str:
    return '; '.join(one.reason for one in frozen((freeze,), at(text, zone)))


CHRISTMAS = Freeze('2026-12-24', '2026-12-26', timezone=BERLIN)
EVENING = Freeze('2026-12-24T18:00', '2026-12-24T20:30', timezone=BERLIN)
OFFSET = Freeze('2026-12-24T18:00-05:00', '2026-12-24T19:00-05:00', timezone=BERLIN)


@pytest.mark.parametrize(
    ('freeze', 'moment', 'holds'),
    [
        (CHRISTMAS, '2026-12-23T23:59:59', False),
        (CHRISTMAS, '2026-12-24T00:00:00', True),
        (CHRISTMAS, '2026-12-26T23:59:59', True),  # the last day belongs to it
        (CHRISTMAS, '2026-12-27T00:00:00', False),
        (EVENING, '2026-12-24T17:59', False),
        (EVENING, '2026-12-24T18:00', True),
        (EVENING, '2026-12-24T20:30', False),
        (OFFSET, '2026-12-24T23:30', False),
        (OFFSET, '2026-12-25T00:30', True),
        (WEEKEND, '2026-12-04T15:59', False),  # a Friday
        (WEEKEND, '2026-12-04T16:00', True),
        (WEEKEND, '2026-12-06T12:00', True),
        (WEEKEND, '2026-12-07T07:59', True),
        (WEEKEND, '2026-12-07T08:00', False),
        (WEEKEND, '2026-12-09T12:00', False),
    ],
)
def test_a_freeze_holds_in_its_own_time_zone(freeze: Freeze, moment: str, holds: bool) -> None:
    assert bool(told(freeze, moment, BERLIN)) is holds


def test_people_are_told_until_when_and_why() -> None:
    assert told(WEEKEND, '2026-12-05T00:00') == (
        'frozen until 2026-12-07 08:00 Europe/Berlin: weekend'
    )
    assert told(CHRISTMAS, '2026-12-25T00:00') == 'frozen until 2026-12-27 00:00 Europe/Berlin'


def test_one_of_several_is_enough_and_all_that_hold_are_told() -> None:
    now = at('2026-12-25T20:00', BERLIN)
    found = frozen((WEEKEND, EVENING, CHRISTMAS), now)
    assert [one.until for one in found] == [
        at('2026-12-28T08:00', BERLIN),
        at('2026-12-27T00:00', BERLIN),
    ]


def test_windows_that_touch_or_overlap_are_one() -> None:
    nights = Freeze(schedule='0 20 * * *', duration=12 * 3600)
    days = Freeze(schedule='0 8,20 * * *', duration=12 * 3600)
    (night,) = frozen((nights,), at('2026-12-01T21:00'))
    assert night.until == at('2026-12-02T08:00')
    (always,) = frozen((days,), at('2026-12-01T21:00'))
    assert always.until > at('2027-01-01T00:00')


def test_a_freeze_without_an_end_holds_until_it_is_taken_out() -> None:
    stop = Freeze('2026-12-01', reason='stop the line')
    assert frozen((stop,), at('2031-01-01')) == (
        Frozen('frozen since 2026-12-01: stop the line', 0),
    )
    assert not frozen((stop,), at('2026-11-30'))


@pytest.mark.parametrize(
    'freeze',
    [
        Freeze('Christmas', '2026-12-26'),
        Freeze('20261224', '20261226'),
        Freeze('2026-12-24', '2026-12-32'),
        Freeze('2026-12-24', '2026-12-26', timezone='Europe/Atlantis'),
        Freeze(schedule='every friday', duration=60),
        Freeze(schedule='0 0 31 2 *', duration=60),
    ],
)
def test_a_freeze_that_cannot_be_read_freezes(freeze: Freeze) -> None:
    (found,) = frozen((freeze,), at('2026-12-01T00:00'))
    assert found.reason.startswith('a freeze cannot be read: ')
    assert found.until == 0.0


def test_clocks_that_are_changed_neither_lose_a_window_nor_lengthen_one() -> None:
    nightly = Freeze(schedule='30 2 * * *', duration=3600, timezone=BERLIN)
    # In the night to 29 March 2026 there is no 02:30; to 25 October there are two.
    assert told(nightly, '2026-03-29T03:30', BERLIN)
    (autumn,) = frozen((nightly,), at('2026-10-25T02:45', BERLIN))
    assert autumn.until == at('2026-10-25T02:30', BERLIN) + 3600


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
    st.sampled_from(['0 16 * * fri', '*/7 3 * * *', '0 0 1 * *', '15 2,14 * * 1-5']),
    st.integers(60, 200_000),
    st.sampled_from(['UTC', BERLIN, 'America/New_York', 'Asia/Kathmandu']),
)
def test_a_scheduled_freeze_is_over_when_it_says_so(
    moment: datetime, schedule: str, duration: int, zone: str
) -> None:
    freeze = Freeze(schedule=schedule, duration=float(duration), timezone=zone)
    now = moment.replace(tzinfo=ZoneInfo(zone)).timestamp()
    for one in frozen((freeze,), now):
        assert one.until > now
        (again,) = frozen((freeze,), one.until - 1)
        if again.until == one.until:  # else there are more windows than it has looked at
            assert not frozen((freeze,), one.until)
        else:
            assert again.until > one.until


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)), st.integers(1, 60))
def test_from_and_to_hold_from_the_first_moment_to_the_last(begin: datetime, days: int) -> None:
    end = begin + timedelta(days=days)
    freeze = Freeze(begin.isoformat(), end.isoformat())
    first, last = (one.replace(tzinfo=ZoneInfo('UTC')).timestamp() for one in (begin, end))
    assert frozen((freeze,), first)
    assert frozen((freeze,), last - 0.001)
    assert not frozen((freeze,), last)
    assert not frozen((freeze,), first - 0.001)
