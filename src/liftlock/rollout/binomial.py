"""How likely so many errors are by mere chance. Exact, without any library of statistics.

Both tails are sums of the terms of a distribution, from the observed number on. The first term
comes from logarithms of factorials; each next one is the one before times a ratio that is simple to
write down. Summing ends where the terms no longer change the sum, so a million requests cost some
thousand additions.
"""

from collections.abc import Callable, Iterable
from math import exp, lgamma, log, log1p
from typing import Final

_NEGLIGIBLE: Final = 1e-18  # of the sum: beyond the precision of a float

ALPHA: Final = 0.01  # a version exactly as bad as is tolerated is held for worse once in 100 looks


def tail(errors: int, requests: int, rate: float) -> float:
    """The chance of at least so many errors if each request fails at this rate, on its own."""
    if errors <= 0:
        return 1.0
    if errors > requests or rate <= 0.0:
        return 0.0
    if rate >= 1.0:
        return 1.0
    odds = rate / (1.0 - rate)

    def term(k: int) -> float:
        return exp(_chosen(requests, k) + k * log(rate) + (requests - k) * log1p(-rate))

    def ratio(k: int) -> float:
        return (requests - k) / (k + 1) * odds

    return _upper(errors, 0, requests, int((requests + 1) * rate), term, ratio)


def share_tail(errors: int, requests: int, all_errors: int, all_requests: int) -> float:
    """The chance that at least `errors` of all errors fall into these requests, if errors fall on
    all requests alike: Fisher's exact test, one-sided."""
    others = all_requests - requests
    least, most = max(0, all_errors - others), min(all_errors, requests)
    if errors <= least:
        return 1.0
    if errors > most:
        return 0.0

    def term(k: int) -> float:
        ways = _chosen(all_errors, k) + _chosen(all_requests - all_errors, requests - k)
        return exp(ways - _chosen(all_requests, requests))

    def ratio(k: int) -> float:
        return (all_errors - k) * (requests - k) / ((k + 1) * (others - all_errors + k + 1))

    mode = (requests + 1) * (all_errors + 1) // (all_requests + 2)
    return _upper(errors, least, most, mode, term, ratio)


def _chosen(things: int, of_them: int) -> float:
    """The logarithm of the number of ways to choose."""
    return lgamma(things + 1) - lgamma(of_them + 1) - lgamma(things - of_them + 1)


def _upper(
    start: int,
    least: int,
    most: int,
    mode: int,
    term: Callable[[int], float],
    ratio: Callable[[int], float],
) -> float:
    """The terms from `start` to `most`. Summed away from the mode, on whichever side `start` is:
    from there terms only shrink, and the first small one ends it."""
    if start > mode:
        return min(1.0, _summed(term(start), (ratio(k) for k in range(start, most))))
    below = range(start - 1, least, -1)
    return max(0.0, 1.0 - _summed(term(start - 1), (1.0 / ratio(k - 1) for k in below)))


def _summed(first: float, ratios: Iterable[float]) -> float:
    total = one = first
    for ratio in ratios:
        one *= ratio
        total += one
        if one <= total * _NEGLIGIBLE:
            break
    return total
