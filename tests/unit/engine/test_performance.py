"""How workflows do, from the runs that ended."""

import pytest

from liftlock.engine.performance import Running, Span, span, workflows
from liftlock.store.listing import Ended


def run(conclusion: str = 'success', attempt: int = 1, took: float = 10.0, **more: str) -> Ended:
    known = {'repository': 'octo/shop', 'workflow': 'ci.yml', 'name': 'CI', **more}
    return Ended(**known, conclusion=conclusion, attempt=attempt, created=100.0, started=102.0,
                 finished=102.0 + took)  # fmt: skip


def test_what_was_cancelled_says_nothing_about_a_workflow() -> None:
    (one,) = workflows([run(), run('failure'), run('cancelled'), run('skipped'), run()])
    assert (one.success, one.failure, one.other, one.judged) == (2, 1, 2, 3)
    assert one.rate == pytest.approx(2 / 3)


def test_without_a_verdict_there_is_no_rate() -> None:
    (one,) = workflows([run('cancelled')])
    assert (one.rate, one.duration) == (None, Span(None, None))


def test_what_succeeded_only_when_it_was_started_again_is_told() -> None:
    (one,) = workflows([run(attempt=2), run()])
    assert (one.success, one.first) == (2, 1)
    assert one.wait == Span(2.0, 2.0), 'how long people took to start it again is no wait'


def test_workflows_come_by_how_much_they_run_with_their_newest_name() -> None:
    renamed = run(name='Checks')._replace(finished=900.0)
    other = run(workflow='deploy.yml', name='Deploy')
    found: list[Running] = list(workflows([other, run(), renamed]))
    assert [(one.name, one.judged) for one in found] == [('Checks', 2), ('Deploy', 1)]


def test_times_are_told_by_their_middle_and_by_what_most_stay_below() -> None:
    assert span([float(number) for number in range(1, 102)]) == Span(51.0, pytest.approx(96.0))
    assert span([3.0]) == Span(3.0, 3.0)
