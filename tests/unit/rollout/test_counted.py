"""Rates and latencies, by counts."""

from collections.abc import Iterable

import pytest

from liftlock.language.settings.model import Analysis, Condition
from liftlock.rollout.analysis import Tally, assess, judge, measured, take
from liftlock.rollout.measurement import Measurement
from liftlock.rollout.reading import Reading

OVER_5 = Condition('', '>', 5.0, '%')
UNDER_1 = Condition('', '<', 1.0, '%')
ERRORS = Analysis('error_rate', failure=OVER_5, interval=10.0)


def after(analysis: Analysis, readings: Iterable[Reading]) -> tuple[Tally, list[Measurement]]:
    tally, found = Tally(), []
    for at, reading in enumerate(readings, 1):
        found.append(assess(analysis, reading, tally))
        tally = take(tally, measured(1, 'background', 'errors', reading, found[-1]), at)
    return tally, found


def phases(analysis: Analysis, *readings: Reading) -> list[str]:
    return [one.weight or one.phase for one in after(analysis, readings)[1]]


def window(requests: int, errors: int) -> Reading:
    return Reading(errors / requests if requests else None, requests, errors)


def both(requests: int, errors: int, old: int, old_errors: int) -> Reading:
    return Reading(
        errors / requests, requests, errors, old_errors / old if old else None, old, old_errors
    )


# --- one objective


@pytest.mark.parametrize(
    ('requests', 'errors', 'expected'),
    [
        (100, 0, 'successful'),
        (100, 6, 'successful'),  # over the limit, and may be chance
        (100, 11, 'successful'),  # P = 1.1 %
        (100, 12, 'failed'),  # P = 0.4 %
        (1000, 60, 'successful'),  # P = 8.7 %
        (1000, 70, 'failed'),
        (99, 12, 'small'),
    ],
)
def test_bad_luck_is_told_from_a_bad_version(requests: int, errors: int, expected: str) -> None:
    assert phases(ERRORS, window(requests, errors)) == [expected]


def test_a_success_condition_is_the_same_objective() -> None:
    analysis = Analysis('success_rate', success=Condition('', '>=', 95.0, '%'))
    assert phases(analysis, window(100, 11)) == ['successful']
    assert phases(analysis, window(100, 12)) == ['failed']
    analysis = Analysis('success_rate', failure=Condition('', '<', 95.0, '%'))
    assert phases(analysis, window(100, 12)) == ['failed']
    analysis = Analysis('error_rate', success=Condition('', '<=', 5.0, '%'))
    assert phases(analysis, window(100, 12)) == ['failed']


def test_between_two_objectives_it_is_inconclusive() -> None:
    analysis = ERRORS._replace(success=UNDER_1)
    assert phases(analysis, window(1000, 5)) == ['successful']
    assert phases(analysis, window(1000, 30)) == ['inconclusive']
    assert phases(analysis, window(1000, 90)) == ['failed']


def test_not_one_error_means_not_one() -> None:
    analysis = Analysis('error_rate', failure=Condition('', '>', 0.0, '%'))
    assert phases(analysis, window(100, 1)) == ['failed']
    assert phases(analysis, window(100, 0)) == ['successful']


def test_a_condition_on_the_good_side_is_taken_by_its_letter() -> None:
    odd = Analysis('error_rate', failure=Condition('', '<', 5.0, '%'))
    assert phases(odd, window(100, 4)) == ['failed']
    assert phases(odd, window(100, 6)) == ['successful']
    odd = Analysis('success_rate', success=Condition('', '!=', 100.0, '%'))
    assert phases(odd, window(100, 0)) == ['failed']


def test_without_a_condition_nothing_is_good() -> None:
    assert phases(Analysis('error_rate'), window(500, 0)) == ['inconclusive']


# --- too little


def test_small_windows_do_not_vote_and_count_with_the_next() -> None:
    tally, found = after(ERRORS, [window(40, 1), window(40, 5), window(40, 9)])
    assert [one.weight for one in found] == ['small', 'small', '']
    assert found[2].phase == 'failed'  # 15 of 120, though 9 of 40 alone
    assert '15 of 120 requests' in found[2].message
    assert (tally.measurements, tally.failed, tally.inconclusive) == (3, 1, 0)


def test_the_next_block_begins_after_a_vote() -> None:
    _, found = after(ERRORS, [window(60, 0), window(60, 0), window(60, 0)])
    assert [one.weight for one in found] == ['small', '', 'small']
    assert found[2].message == 'too few requests to say anything: 60 of 100'


def test_a_window_without_requests_waits_like_a_small_one() -> None:
    tally, found = after(ERRORS, [Reading(), window(100, 0), Reading()])
    assert [one.weight for one in found] == ['small', '', 'small']
    assert found[0].message == 'no requests: nothing can be said'
    assert judge(ERRORS, tally, 0.0, 9.0).phase == 'running'


@pytest.mark.parametrize(('word', 'expected'), [('fail', 'failed'), ('pass', 'successful')])
def test_no_requests_vote_where_the_author_said_so(word: str, expected: str) -> None:
    analysis = ERRORS._replace(on_no_data=word)
    assert phases(analysis, Reading(opened=True), Reading()) == ['open', expected]
    assert phases(analysis, window(10, 0), Reading()) == ['small', 'small']


def test_without_a_minimum_every_window_votes() -> None:
    eager = ERRORS._replace(min_requests=0)
    assert phases(eager, window(3, 0), window(3, 3), Reading()) == ['successful', 'failed', 'small']


# --- gross


def test_gross_breakage_does_not_wait_for_more_requests() -> None:
    assert phases(ERRORS, window(10, 5)) == ['gross']
    assert phases(ERRORS, window(9, 9)) == ['small']
    assert phases(ERRORS, window(20, 9)) == ['small']
    assert phases(ERRORS, window(5, 3), window(5, 2)) == ['small', 'gross']


def test_what_may_be_so_bad_is_not_gross() -> None:
    tolerant = ERRORS._replace(failure=Condition('', '>', 60.0, '%'))
    assert phases(tolerant, window(10, 6)) == ['small']
    assert phases(tolerant, window(10, 10)) == ['gross']


def test_gross_breakage_fails_at_once_whatever_is_tolerated() -> None:
    tolerant = ERRORS._replace(failure_limit=5)
    tally, _ = after(tolerant, [window(12, 11)])
    found = judge(tolerant, tally, 0.0, 1.0)
    assert found.phase == 'failed'
    assert found.message == (
        'error rate 91.7 % (11 of 12 requests failed); 5 % may be, and this is no chance'
    )


# --- slow bleeding, and late


def test_a_little_too_much_adds_up() -> None:
    found = phases(ERRORS, *[window(200, 15)] * 12)  # 7.5 % each: alone, P = 7.8 %
    assert found[0] == 'successful'
    assert 'failed' in found[:8]


def test_a_good_block_is_not_blamed_for_what_was_before() -> None:
    assert phases(ERRORS, window(200, 40), window(200, 1)) == ['failed', 'successful']


def test_a_version_that_breaks_late_is_not_hidden_by_its_past() -> None:
    found = phases(ERRORS, *[window(1000, 0)] * 50, window(1000, 100))
    assert found == ['successful'] * 50 + ['failed']  # 100 of 51,000 would be nothing


# --- latency


def test_a_latency_is_a_share_of_slow_requests() -> None:
    analysis = Analysis('p99', failure=Condition('', '>', 1000.0, 'ms'))
    slow = Reading(1.4, 500, 12)
    (found,) = after(analysis, [slow])[1]
    assert (found.phase, found.value) == ('failed', 1.4)
    assert found.message == (
        '2.4 % slower than 1 s (12 of 500 requests); 1 % may be, and this is no chance'
    )
    assert phases(analysis, Reading(1.2, 500, 7)) == ['successful']


def test_the_second_limit_of_a_latency_is_held_against_the_estimate() -> None:
    analysis = Analysis(
        'p95', failure=Condition('', '>', 1000.0, 'ms'), success=Condition('', '<', 200.0, 'ms')
    )
    assert phases(analysis, Reading(0.15, 500, 3)) == ['successful']
    assert phases(analysis, Reading(0.5, 500, 3)) == ['inconclusive']
    assert phases(analysis, Reading(1.5, 500, 60)) == ['failed']


# --- against the old version

COMPARED = Analysis('error_rate', baseline=True, interval=10.0)


def test_worse_than_the_old_version_is_a_failure() -> None:
    assert phases(COMPARED, both(200, 12, 1800, 18)) == ['failed']
    assert phases(COMPARED, both(200, 3, 1800, 18)) == ['successful']


def test_a_fault_of_both_is_not_the_new_ones() -> None:
    analysis = COMPARED._replace(failure=OVER_5)
    assert phases(analysis, both(200, 40, 1800, 360)) == ['successful']
    assert phases(analysis, both(200, 40, 1800, 90)) == ['failed']
    assert phases(analysis, both(200, 8, 1800, 0)) == ['successful']  # worse, and tolerated


def test_too_little_of_the_old_version_is_too_little() -> None:
    (found,) = after(COMPARED, [both(200, 12, 30, 0)])[1]
    assert (found.weight, found.message) == (
        'small',
        'of the old version too few requests to say anything: 30 of 100',
    )


def test_a_little_worse_adds_up_too() -> None:
    found = phases(COMPARED, *[both(200, 8, 1800, 36)] * 10)
    assert found[0] == 'successful'
    assert 'failed' in found


def test_gross_breakage_of_the_new_version_alone() -> None:
    assert phases(COMPARED, both(12, 11, 100, 1)) == ['gross']
    assert phases(COMPARED, both(12, 11, 100, 90)) == ['small']
    assert phases(COMPARED, both(12, 11, 0, 0)) == ['small']  # nothing to compare with, no limit
    assert phases(COMPARED._replace(failure=OVER_5), both(12, 11, 0, 0)) == ['gross']


def test_a_comparison_tells_both_numbers() -> None:
    (found,) = after(COMPARED, [both(200, 12, 1800, 18)])[1]
    assert found.message == (
        'error rate 6 % (12 of 200 requests failed); worse than the old version 1 % of 1800'
    )
