from fractions import Fraction
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from liftlock.rollout.binomial import share_tail, tail


@pytest.mark.parametrize(
    ('errors', 'requests', 'rate', 'known'),
    [
        (5, 100, 0.01, 0.003432302),  # tables of the binomial distribution
        (4, 100, 0.01, 0.018374),
        (1, 10, 0.5, 1 - 0.5**10),
        (10, 10, 0.5, 0.5**10),
        (60, 1000, 0.05, 0.086732178),
    ],
)
def test_known_values(errors: int, requests: int, rate: float, known: float) -> None:
    assert tail(errors, requests, rate) == pytest.approx(known, rel=1e-4)


def test_a_lady_who_tastes_tea() -> None:
    # Fisher's own example: three of four cups rightly told is nothing much, four of four is.
    assert share_tail(3, 4, 4, 8) == pytest.approx(17 / 70)
    assert share_tail(4, 4, 4, 8) == pytest.approx(1 / 70)


@settings(deadline=None)
@given(some.integers(0, 60), some.integers(0, 60), some.fractions(0, 1, max_denominator=100))
def test_the_tail_is_the_exact_sum(errors: int, requests: int, rate: Fraction) -> None:
    exact = sum(
        comb(requests, k) * rate**k * (1 - rate) ** (requests - k)
        for k in range(errors, requests + 1)
    )
    assert tail(errors, requests, float(rate)) == pytest.approx(float(exact), rel=1e-9, abs=1e-15)


@settings(deadline=None)
@given(some.integers(0, 30), some.integers(0, 30), some.integers(0, 30), some.integers(0, 30))
def test_the_share_is_the_exact_sum(a: int, b: int, c: int, d: int) -> None:
    errors, new, everything = a + c, a + b, a + b + c + d
    exact = sum(
        Fraction(comb(errors, k) * comb(everything - errors, new - k), comb(everything, new))
        for k in range(a, min(errors, new) + 1)
    )
    found = share_tail(a, new, errors, everything)
    assert found == pytest.approx(float(exact), rel=1e-8, abs=1e-15)


@settings(deadline=None)
@given(some.integers(1, 10**6), some.floats(0.0001, 0.9999), some.data())
def test_more_errors_are_never_likelier(requests: int, rate: float, data: some.DataObject) -> None:
    errors = data.draw(some.integers(0, requests))
    one, more = tail(errors, requests, rate), tail(errors + 1, requests, rate)
    assert 0.0 <= more <= one + 1e-9 <= 1.0 + 1e-9


def test_a_million_requests_are_no_matter() -> None:
    assert tail(10_500, 1_000_000, 0.01) == pytest.approx(3.158566e-7, rel=1e-6)
    assert tail(9_500, 1_000_000, 0.01) == pytest.approx(1.0)
    assert share_tail(10_500, 1_000_000, 20_000, 2_000_000) < 1e-9


def test_what_cannot_be_and_what_must() -> None:
    assert tail(0, 0, 0.5) == 1.0
    assert tail(1, 5, 0.0) == 0.0
    assert tail(5, 5, 1.0) == 1.0
    assert tail(6, 5, 0.5) == 0.0
    assert share_tail(0, 5, 0, 10) == 1.0
