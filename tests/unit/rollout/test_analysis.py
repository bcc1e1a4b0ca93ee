from collections.abc import Iterable
from typing import Any

import pytest

from liftlock.language.settings.model import Analysis, Condition
from liftlock.rollout.analysis import Judgement, Tally, assess, conclude, judge, measured, take
from liftlock.rollout.facts import Measured
from liftlock.rollout.measurement import decide
from liftlock.rollout.reading import Reading

OVER = Condition('', '>', 5.0, '%')
UNDER = Condition('', '<', 1.0, '%')
QUERY = Analysis(prometheus='up', failure=OVER, interval=60.0)
WORDS = {'s': 'successful', 'f': 'failed', 'i': 'inconclusive', 'e': 'error'}


def tally(phases: str, analysis: Analysis = QUERY) -> Tally:
    """After these measurements, which end at 1, 2, 3 …"""
    found = Tally()
    for at, letter in enumerate(phases, 1):
        found = take(found, Measured(1, 'tests', 'x', WORDS[letter], message=f'no. {at}'), at)
    return found


def phase(phases: str, **settings: Any) -> str:
    return judge(QUERY._replace(**settings), tally(phases), 0.0, 100.0).phase


# --- one measurement, by Argo's rule


@pytest.mark.parametrize(
    ('fails', 'succeeds', 'expected'),
    [
        (True, None, 'failed'),
        (False, None, 'successful'),
        (None, True, 'successful'),
        (None, False, 'failed'),
        (True, True, 'failed'),
        (True, False, 'failed'),
        (False, True, 'successful'),
        (False, False, 'inconclusive'),
        (None, None, 'inconclusive'),  # Argo: successful
    ],
)
def test_two_conditions_make_a_phase(
    fails: bool | None, succeeds: bool | None, expected: str
) -> None:
    assert decide(fails, succeeds) == expected


# --- a run: phases in order, settings, what comes of it


@pytest.mark.parametrize(
    ('phases', 'settings', 'expected'),
    [
        ('', {}, 'running'),
        ('f', {}, 'failed'),
        ('sfff', {'failure_limit': 3}, 'running'),
        ('sfsfsfsf', {'failure_limit': 3}, 'failed'),  # the fourth, not the third, and cumulative
        ('ffffffff', {'failure_limit': -1}, 'running'),
        ('i', {}, 'inconclusive'),
        ('isis', {'inconclusive_limit': 2}, 'running'),
        ('isisi', {'inconclusive_limit': 2}, 'inconclusive'),
        ('eeee', {}, 'running'),
        ('eeeee', {}, 'error'),
        ('eeeeseeee', {}, 'running'),  # in a row only
        ('e', {'consecutive_error_limit': 0}, 'error'),
        ('eeeeeeeeee', {'consecutive_error_limit': -1}, 'running'),
        ('ss', {'measurements': 3}, 'running'),
        ('sss', {'measurements': 3}, 'successful'),
        ('sesees', {'measurements': 3}, 'successful'),
        ('seese', {'measurements': 3}, 'running'),  # errors are not counted
        ('s', {'interval': None}, 'successful'),  # one, without an interval
        ('s' * 500, {}, 'running'),  # endless, with one
        ('sf', {'measurements': 2, 'failure_limit': 1}, 'successful'),
        ('fff', {'measurements': 3, 'failure_limit': 3}, 'failed'),  # Argo: successful
        ('iii', {'measurements': 3, 'inconclusive_limit': 3}, 'inconclusive'),  # Argo: successful
        ('ifeeeee', {}, 'failed'),  # failed goes before error,
        ('ieeeee', {}, 'error'),  # error before inconclusive
    ],
)
def test_what_a_run_comes_to(phases: str, settings: dict[str, Any], expected: str) -> None:
    assert phase(phases, **settings) == expected


def test_a_run_without_a_measurement_never_succeeds() -> None:
    for analysis in (QUERY, QUERY._replace(interval=None), Analysis('error_rate', failure=OVER)):
        assert judge(analysis, Tally(), 0.0, 1e9).phase == 'running'
        ended = conclude(analysis, Tally())
        assert ended.phase == 'inconclusive'
        assert ended.message == 'it ended too early: nothing was measured'


def test_a_run_that_is_wanted_no_longer_has_come_to_something() -> None:
    assert conclude(QUERY, tally('ss')).phase == 'successful'
    assert conclude(QUERY, tally('sf')).phase == 'failed'
    assert conclude(QUERY._replace(failure_limit=3), tally('f')).phase == 'inconclusive'
    assert conclude(QUERY, tally('eee')).message == (
        'it ended too early: nothing was measured: no. 3'
    )


def test_a_gross_measurement_fails_whatever_is_tolerated() -> None:
    gross = Measured(1, 'tests', 'x', 'failed', 0.8, 15, 12, weight='gross', message='12 of 15')
    found = judge(QUERY._replace(failure_limit=-1), take(Tally(), gross, 1.0), 0.0, 1.0)
    assert found == Judgement('failed', message='12 of 15')


# --- when


@pytest.mark.parametrize(
    ('phases', 'settings', 'expected'),
    [
        ('', {}, 10.0),
        ('', {'initial_delay': 30.0}, 40.0),
        ('s', {}, 61.0),  # from the end of the last
        ('ss', {'initial_delay': 30.0}, 62.0),
        ('e', {}, 11.0),  # an error is retried soon
        ('e', {'interval': 2.0}, 11.0),
        ('es', {}, 62.0),
        ('s', {'interval': None, 'measurements': 2}, 1.0),
    ],
)
def test_the_next_measurement_is_due(
    phases: str, settings: dict[str, Any], expected: float
) -> None:
    assert judge(QUERY._replace(**settings), tally(phases), 10.0, 500.0).next_at == expected


def test_a_clock_that_was_set_back_delays_by_one_pause_at_most() -> None:
    late = take(Tally(), Measured(1, 'tests', 'x', 'successful'), 1_000_000.0)
    assert judge(QUERY, late, 999_000.0, 500.0).next_at == 560.0


def test_counting_takes_a_while_even_without_an_interval() -> None:
    analysis = Analysis('error_rate', failure=OVER, timeout=20.0)
    opened = assess(analysis, Reading(opened=True), Tally())
    assert (opened.phase, opened.weight) == ('inconclusive', 'open')
    after = take(Tally(), measured(1, 'tests', 'x', Reading(opened=True), opened), 7.0)
    assert judge(analysis, after, 5.0, 8.0).phase == 'running'
    assert judge(analysis, after, 5.0, 8.0).next_at == 27.0


# --- for people


def test_messages_say_how_many_and_why() -> None:
    tolerant = QUERY._replace(failure_limit=1, measurements=4)
    assert judge(tolerant, tally('sfs'), 0, 9).message == 'measured 3 of 4 times; the last: no. 3'
    assert judge(tolerant, tally('sff'), 0, 9).message == ('2 failed, 1 tolerated; the last: no. 3')
    assert judge(tolerant, tally('sfss'), 0, 9).message == (
        '3 of 4 measurements good, 1 failed; the last: no. 4'
    )
    assert judge(QUERY, Tally(), 0, 9).message == 'not measured yet'


def test_no_data_and_too_little_data_are_different_words() -> None:
    analysis = Analysis('error_rate', failure=OVER, interval=1.0, measurements=2)
    assert end(analysis, [Reading()] * 2).message == 'no data: no requests in 2 measurements'
    assert end(analysis, [Reading(0.0, 20)] * 2).message == (
        'too little data in 2 measurements: too few requests to say anything: 40 of 100'
    )
    assert end(analysis, [Reading(0.0, 20)] * 2).phase == 'inconclusive'


def end(analysis: Analysis, readings: Iterable[Reading]) -> Judgement:
    found = Tally()
    for at, reading in enumerate(readings, 1):
        fact = measured(1, 'tests', 'x', reading, assess(analysis, reading, found))
        found = take(found, fact, at)
    return judge(analysis, found, 0.0, 1000.0)


def test_an_error_is_no_verdict() -> None:
    found = assess(QUERY, Reading(error='nobody answers'), Tally())
    assert (found.phase, found.message) == ('error', 'nobody answers')


def test_a_unit_that_cannot_be_meant_is_an_error() -> None:
    wrong = Analysis('error_rate', failure=Condition('', '>', 5.0, 'ms'))
    found = assess(wrong, Reading(0.0, 500), Tally())
    assert (found.phase, found.message) == ('error', 'error_rate is a share, not 5ms')
