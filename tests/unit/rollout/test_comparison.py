from random import Random

import pytest

from liftlock.rollout.binomial import ALPHA
from liftlock.rollout.comparison import Counts, Excess, chance, excess, lasting_chance


def test_equal_versions_have_no_excess() -> None:
    assert excess(Counts(100, 5, 900, 45)).errors == pytest.approx(0.0)
    assert chance(Counts(100, 5, 900, 45)) > 0.5


def test_ten_times_as_many_errors_are_no_chance() -> None:
    assert chance(Counts(500, 21, 4500, 9)) < 1e-9
    assert chance(Counts(500, 1, 4500, 9)) > ALPHA


def test_without_errors_or_without_the_other_nothing_is_compared() -> None:
    assert excess(Counts(100, 0, 900, 0)) == excess(Counts(100, 5)) == Excess()
    assert chance(Counts(100, 5)) == 1.0


def test_a_little_more_in_every_window_adds_up() -> None:
    window = Counts(200, 8, 1800, 36)  # 4 % against 2 %
    assert chance(window) > ALPHA
    beyond = Excess()
    for _ in range(10):
        beyond = beyond.plus(excess(window))
    assert lasting_chance(beyond) < ALPHA


def test_too_little_is_not_held_against_the_normal_distribution() -> None:
    assert lasting_chance(excess(Counts(20, 5, 180, 0))) == 1.0


def test_a_canary_is_not_blamed_for_having_more_traffic_in_a_bad_hour() -> None:
    # 10 % of the traffic while 1 % fails everywhere, then 50 % while 10 % fails everywhere.
    dice, pooled_wrong, ours_wrong = Random(4), 0, 0
    for _ in range(200):
        total, beyond = Counts(), Excess()
        for new, rate in ((100, 0.01),) * 5 + ((500, 0.1),) * 5:
            window = Counts(
                new,
                sum(dice.random() < rate for _ in range(new)),
                1000 - new,
                sum(dice.random() < rate for _ in range(1000 - new)),
            )
            total, beyond = total.plus(window), beyond.plus(excess(window))
        pooled_wrong += chance(total) <= ALPHA
        ours_wrong += lasting_chance(beyond) <= ALPHA
    assert pooled_wrong > 150
    assert ours_wrong <= 6
