"""How often a good version is taken back, and a bad one found: by simulation, with a fixed seed.

Objective: at most 1 % errors. A good version has 0.5 %, a bad one 5 %. Ten windows; the second
failed one aborts (failureLimit 1).
"""

from random import Random

import pytest

from liftlock.language.settings.model import Analysis, Condition
from liftlock.rollout.analysis import Tally, assess, judge, measured, take
from liftlock.rollout.reading import Reading

RULE = Analysis(
    'error_rate',
    failure=Condition('', '>', 1.0, '%'),
    interval=1.0,
    measurements=10,
    failure_limit=1,
)
WINDOWS, LIMIT, TIMES = 10, 1, 400


def errors(dice: Random, requests: int, rate: float) -> int:
    return sum(dice.random() < rate for _ in range(requests))


def naive(dice: Random, requests: int, rate: float) -> bool:
    """Whether `error_rate > 1%`, window by window, takes the version back."""
    over = sum(errors(dice, requests, rate) / requests > 0.01 for _ in range(WINDOWS))
    return over > LIMIT


def ours(dice: Random, requests: int, rate: float) -> str:
    tally = Tally()
    for at in range(1, WINDOWS + 1):
        bad = errors(dice, requests, rate)
        reading = Reading(bad / requests, requests, bad)
        tally = take(tally, measured(1, 's', 'a', reading, assess(RULE, reading, tally)), at)
        if (phase := judge(RULE, tally, 0.0, at).phase) != 'running':
            return phase
    raise AssertionError('ten measurements end it')


def naive_share(requests: int, rate: float) -> float:
    dice = Random(1)
    return sum(naive(dice, requests, rate) for _ in range(TIMES)) / TIMES


def our_share(requests: int, rate: float, phase: str) -> float:
    dice = Random(1)
    return sum(ours(dice, requests, rate) == phase for _ in range(TIMES)) / TIMES


@pytest.mark.parametrize(
    ('requests', 'least', 'most'),
    [(20, 0.15, 0.35), (50, 0.5, 0.8), (100, 0.15, 0.3), (300, 0.08, 0.2)],
)
def test_a_naive_threshold_takes_good_versions_back(
    requests: int, least: float, most: float
) -> None:
    assert least < naive_share(requests, 0.005) < most


@pytest.mark.parametrize('requests', [20, 50, 100, 300])
def test_our_rule_does_not(requests: int) -> None:
    assert our_share(requests, 0.005, 'failed') < 0.01
    assert our_share(requests, 0.005, 'successful') > 0.99


@pytest.mark.parametrize(('requests', 'found'), [(50, 0.8), (100, 0.99), (300, 1.0)])
def test_our_rule_finds_a_bad_version(requests: int, found: float) -> None:
    assert our_share(requests, 0.05, 'failed') >= found


def test_a_broken_version_is_found_in_its_first_window() -> None:
    reading = Reading(0.9, 20, 18)
    tally = take(Tally(), measured(1, 's', 'a', reading, assess(RULE, reading, Tally())), 1.0)
    assert judge(RULE, tally, 0.0, 1.0).phase == 'failed'
