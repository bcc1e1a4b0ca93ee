"""moment's formats, compared once with moment's own answers."""

from datetime import UTC, datetime

import pytest

from liftlock.runner.actions.metadata.dates import format_date, to_iso
from liftlock.runner.workbench import StepFailed

NEW_YEAR = datetime(2025, 12, 31, 23, 59, 59, 123000, UTC)
LEAP_DAY = datetime(2024, 2, 29, 0, 0, 0, 0, UTC)


@pytest.mark.parametrize(
    ('pattern', 'expected'),
    [
        ('YYYYMMDD-HHmmss', '20251231-235959'),
        ('dddd, MMMM Do YYYY, h:mm:ss a', 'Wednesday, December 31st 2025, 11:59:59 pm'),
        ('ddd dd d e E do', 'Wed We 3 3 3 3rd'),
        ('DDDD DDDo DDD', '365 365th 365'),
        ('w ww wo W WW gggg GGGG gg GG', '1 01 1st 1 01 2026 2026 26 26'),
        ('Q Qo M Mo MM MMM', '4 4th 12 12th 12 Dec'),
        ('YY Y YYYYYY', '25 2025 +002025'),
        ('h hh k kk A Hmm hmmss', '11 11 23 23 PM 2359 115959'),
        ('S SS SSS SSSS', '1 12 123 1230'),
        ('X x', '1767225599 1767225599123'),
        ('Z ZZ z', '+00:00 +0000 UTC'),
        (
            'L|l|LL|ll|LT|LTS',
            '12/31/2025|12/31/2025|December 31, 2025|Dec 31, 2025|11:59 PM|11:59:59 PM',
        ),
        ('[week] w [of] [YYYY]', 'week 1 of YYYY'),
        (r'\Y\M', 'YM'),
        ('', '2025-12-31T23:59:59Z'),
    ],
)
def test_tokens(pattern: str, expected: str) -> None:
    assert format_date(NEW_YEAR, pattern) == expected


def test_the_first_hour_of_the_day() -> None:
    assert format_date(LEAP_DAY, 'DDDD H k h hh A a Do') == '060 0 24 12 12 AM am 29th'


@pytest.mark.parametrize('number', [1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 31])
def test_ordinals(number: int) -> None:
    ends = {1: 'st', 2: 'nd', 3: 'rd', 21: 'st', 22: 'nd', 23: 'rd', 31: 'st'}
    expected = f'{number}{ends.get(number, "th")}'
    assert format_date(datetime(2025, 1, number, tzinfo=UTC), 'Do') == expected


def test_other_time_zones() -> None:
    assert format_date(NEW_YEAR, 'YYYYMMDD-HHmm Z', 'Asia/Tokyo') == '20260101-0859 +09:00'
    assert format_date(NEW_YEAR, 'HH ZZ', 'America/New_York') == '18 -0500'
    assert format_date(NEW_YEAR, '', 'Asia/Tokyo') == '2026-01-01T08:59:59+09:00'


def test_a_time_zone_that_nobody_knows() -> None:
    with pytest.raises(StepFailed, match=r"'Mars/North' is not known here"):
        format_date(NEW_YEAR, 'YYYY', 'Mars/North')


def test_iso() -> None:
    assert to_iso(NEW_YEAR) == '2025-12-31T23:59:59.123Z'
