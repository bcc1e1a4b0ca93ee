"""What is said of a workflow by its last runs."""

from typing import Any

import pytest

from liftlock.engine import trend
from liftlock.store.runs import Run


def run(conclusion: str, seconds: float = 10.0, **given: Any) -> Run:
    values: dict[str, Any] = dict.fromkeys(Run._fields, '')
    values |= {'id': 1, 'number': 1, 'attempt': 1, 'created': 0.0, 'started': 100.0}
    values |= {'status': 'completed', 'conclusion': conclusion, 'finished': 100.0 + seconds}
    return Run(**(values | given))


def test_what_was_cancelled_is_not_judged() -> None:
    found = trend.measure(
        [run('success'), run('failure'), run('cancelled'), run('', status='queued')]
    )
    assert (found.runs, found.judged, found.other, found.rate) == (3, 2, 1, 0.5)


def test_durations_are_those_of_runs_that_succeeded() -> None:
    good = [run('success', float(seconds)) for seconds in range(1, 101)]
    found = trend.measure([*good, run('failure', 5000.0)])
    assert (found.p50, found.p95) == (50.0, 95.0)
    assert trend.measure([run('failure')]).p50 is None


def test_a_workflow_is_red_since_its_first_failure_after_a_success() -> None:
    newest_first = [run('failure', 30.0), run('cancelled', 25.0), run('failure', 20.0)]
    assert trend.measure([*newest_first, run('success')]).red == 120.0
    assert trend.measure([run('success'), run('failure')]).red == 0.0


def test_runs_of_the_second_attempt_are_no_first_successes() -> None:
    assert trend.measure([run('success'), run('success', attempt=2)]).first == 1


def test_few_runs_leave_much_open() -> None:
    low, high = trend.wilson(3, 5)
    assert (round(low, 2), round(high, 2)) == (0.23, 0.88)
    assert trend.wilson(0, 0) == (0.0, 1.0)


def test_days_without_runs_have_their_place() -> None:
    day = trend.DAY
    found = trend.days(
        [run('success', created=0.5 * day), run('failure', created=2.5 * day)], 0, 2.9 * day
    )
    assert [(one.succeeded, one.failed) for one in found] == [(1, 0), (0, 0), (0, 1)]


@pytest.mark.parametrize('share', [0.0, 0.5, 1.0])
def test_a_percentile_is_a_value_that_there_was(share: float) -> None:
    assert trend.percentile([1.0, 2.0, 7.0], share) in (1.0, 2.0, 7.0)
