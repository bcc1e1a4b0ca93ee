"""How long one waits after failures."""

import pytest

from liftlock.engine.triggers.backoff import LONGEST, pause


@pytest.mark.parametrize(
    ('failures', 'seconds'), [(1, 5.0), (2, 10.0), (5, 80.0), (11, LONGEST), (5000, LONGEST)]
)
def test_one_waits_twice_as_long_each_time_up_to_an_hour(failures: int, seconds: float) -> None:
    assert pause(failures, 0.5) == seconds


def test_chance_spreads_those_who_failed_together() -> None:
    assert (pause(1, 0.0), pause(1, 1.0)) == pytest.approx((4.0, 6.0))
