from math import inf

import pytest

from liftlock.language.settings.model import Analysis, Condition
from liftlock.observe.metrics.router import Slow, interpret, percentile, slower
from liftlock.rollout.quantities import of
from liftlock.rollout.reading import Reading
from liftlock.rollout.sight import Window

TIMES = ((50.0, 60), (100.0, 90), (200.0, 98), (inf, 100))


def reading(analysis: Analysis, new: Window, old: Window | None = None) -> Reading:
    return interpret(analysis, of(analysis), new, old)


# --- rates


def test_rates_are_shares_with_their_counts() -> None:
    window = Window(200, 6)
    assert reading(Analysis('error_rate'), window) == Reading(0.03, 200, 6)
    assert reading(Analysis('success_rate'), window) == Reading(0.97, 200, 6)
    assert reading(Analysis('requests'), window) == Reading(200.0, 200, 6)


def test_nothing_counted_is_no_value() -> None:
    assert reading(Analysis('error_rate'), Window()) == Reading()
    assert reading(Analysis('requests'), Window()).value == 0.0


def test_both_versions_are_read_for_a_comparison() -> None:
    compared = Analysis('error_rate', baseline=True)
    assert reading(compared, Window(100, 5), Window(900, 9)) == Reading(0.05, 100, 5, 0.01, 900, 9)
    assert reading(compared, Window(100, 5), Window()) == Reading(0.05, 100, 5, None, 0, 0)


# --- latencies


@pytest.mark.parametrize(
    ('limit', 'expected'),
    [
        (100.0, Slow(10, 100)),
        (200.0, Slow(2, 100)),
        (50.0, Slow(40, 100)),
        (75.0, Slow(25, 100, exact=False)),  # half of the thirty between 50 and 100
        (25.0, Slow(70, 100, exact=False)),
        (300.0, Slow(None, 100)),
    ],
)
def test_a_bound_is_exact_and_what_lies_between_is_not(limit: float, expected: Slow) -> None:
    assert slower(TIMES, limit) == expected


def test_where_nobody_lies_between_the_bounds_it_is_exact() -> None:
    assert slower(((50.0, 60), (100.0, 60), (inf, 70)), 75.0) == Slow(10, 70)
    assert slower(((50.0, 60), (inf, 60)), 75.0) == Slow(0, 60)
    assert slower((), 75.0) == Slow(0, 0)


def test_a_percentile_is_estimated_for_people() -> None:
    assert percentile(TIMES, 0.9) == pytest.approx(0.1)
    assert percentile(TIMES, 0.75) == pytest.approx(0.075)
    assert percentile(TIMES, 0.99) == pytest.approx(0.2)  # or more: nobody knows
    assert percentile((), 0.5) is None


def test_a_latency_counts_the_slow_requests() -> None:
    exact = Analysis('p90', failure=Condition('', '>', 100.0, 'ms'))
    found = reading(exact, Window(100, 0, TIMES))
    assert (found.value, found.requests, found.errors) == (pytest.approx(0.1), 100, 10)
    assert found.message == ''


def test_what_is_approximated_is_said() -> None:
    rough = Analysis('p90', failure=Condition('', '>', 120.0, 'ms'))
    found = reading(rough, Window(100, 0, TIMES))
    assert found.errors == 8
    assert found.message == 'approximated: 120 ms lies between the bounds 100 and 200 ms'


def test_beyond_the_last_bound_nobody_can_tell() -> None:
    beyond = Analysis('p90', failure=Condition('', '>', 5.0, 's'))
    found = reading(beyond, Window(100, 0, TIMES))
    assert found.error == 'the router cannot tell times above 5000 ms apart'


def test_without_a_limit_both_versions_are_held_against_their_common_percentile() -> None:
    compared = Analysis('p90', baseline=True)
    slow = ((50.0, 10), (100.0, 20), (200.0, 95), (inf, 100))
    fast = ((50.0, 800), (100.0, 890), (200.0, 900), (inf, 900))
    found = reading(compared, Window(100, 0, slow), Window(900, 0, fast))
    assert (found.requests, found.errors) == (100, 80)  # slower than 100 ms, within which are 90 %
    assert (found.baseline_requests, found.baseline_errors) == (900, 10)
