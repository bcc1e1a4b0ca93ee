"""Cron expressions and time zones that GitHub's scheduler takes, and those it does not."""

import pytest

from liftlock.language.reading.schedules import cron_problem, timezone_problem


@pytest.mark.parametrize(
    'text',
    ['* * * * *', '0 0 1 1 0', '*/5 0-23/2 1,15 jan-DEC mon,WED,fri', '59 23 31 12 6',
     '0  0 * * *', '5/10 * * * *', '1-5/2 * * * *'],
)  # fmt: skip
def test_posix_cron_is_taken(text: str) -> None:
    assert cron_problem(text) is None


@pytest.mark.parametrize(
    'text',
    ['', '* * * *', '* * * * * *', '60 * * * *', '* 24 * * *', '* * 0 * *', '* * * 13 *',
     '* * * * 7', '* * * * monday', '5-1 * * * *', '*/0 * * * *', '*/60 * * * *', ', * * * *',
     '1- * * * *', '*-5 * * * *', '@daily', 'L * * * *', '* * * * 1#2', '-1 * * * *', '1/ * * * *'],
)  # fmt: skip
def test_what_the_scheduler_would_not_understand_is_told(text: str) -> None:
    problem = cron_problem(text)
    assert problem is not None
    message, hint = problem
    assert message.startswith('Invalid cron expression')
    assert hint


def test_a_time_zone_is_one_of_the_iana_database() -> None:
    assert timezone_problem('Europe/London') is None
    assert timezone_problem('America/Argentina/Buenos_Aires') is None
    assert timezone_problem('UTC') is None


@pytest.mark.parametrize(
    'name', ['Europe/Atlantis', '', '../etc/passwd', 'Europe/', '+01:00', 'a b']
)
def test_another_name_is_no_time_zone(name: str) -> None:
    problem = timezone_problem(name)
    assert problem is not None
    assert name in problem[0]
