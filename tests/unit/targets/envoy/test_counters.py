"""What counts for a revision, out of numbers as Envoy printed them."""

import math
import re
from typing import Any

from liftlock.rollout.sight import Window
from liftlock.targets.envoy import counters, gauges
from liftlock.targets.envoy.counters import Totals
from liftlock.targets.envoy.gauges import Gauges

# The new revision answered 5 times, each time with 500, and was ejected; the old one took over.
GUARDED = {
    'cluster.r1@prod.upstream_rq_completed': '100',
    'cluster.r1@prod.zone.router.r1.upstream_rq_completed': '100',
    'cluster.r1@prod.zone.router.r1.upstream_rq_5xx': '2',
    'cluster.r2@prod.upstream_rq_completed': '0',
    'cluster.r2@prod+r1.upstream_rq_5xx': '5',
    'cluster.r2@prod+r1.upstream_rq_completed': '60',
    'cluster.r2@prod+r1.zone.router.r1.upstream_rq_completed': '55',
    'cluster.r2@prod+r1.zone.router.r2.upstream_rq_5xx': '5',
    'cluster.r2@prod+r1.zone.router.r2.upstream_rq_completed': '5',
}
# Nobody was there: Envoy answered 503 by itself.
NOBODY = {
    'cluster.r2@prod.upstream_rq_503': '10',
    'cluster.r2@prod.upstream_rq_5xx': '10',
    'cluster.r2@prod.upstream_rq_completed': '10',
}


def histogram(name: str, *counts: int) -> dict[str, Any]:
    bounds = (50, 100, 86_400_000)
    return {
        'name': name,
        'buckets': [
            {'upper_bound': bound, 'interval': 0, 'cumulative': count}
            for bound, count in zip(bounds, counts, strict=True)
        ],
    }


def test_what_a_fallback_answered_is_an_error_of_whom_it_was_meant_for() -> None:
    assert counters.totals('r2', GUARDED, {}) == Totals(60, 60)


def test_who_took_over_is_counted_for_what_it_answered() -> None:
    assert counters.totals('r1', GUARDED, {}) == Totals(155, 2)


def test_a_request_that_nobody_was_found_for_is_an_error() -> None:
    assert counters.totals('r2', NOBODY, {}) == Totals(10, 10)


def test_latencies_are_those_of_the_revision_wherever_it_answered() -> None:
    document = {
        'stats': [
            {
                'histograms': [
                    histogram('cluster.r2@prod+r1.upstream_rq_time', 9, 9, 9),
                    histogram('cluster.r2@prod+r1.zone.router.r2.upstream_rq_time', 1, 2, 3),
                    histogram('cluster.r2@prod+r1.zone.router.r1.upstream_rq_time', 6, 7, 6),
                    histogram('cluster.r2@prod.zone.router.r2.upstream_rq_time', 1, 1, 1),
                ]
            }
        ]
    }
    found = counters.totals('r2', {}, document)
    assert found.latencies == ((50, 2), (100, 3), (math.inf, 4))


def test_a_window_is_what_came_since() -> None:
    before = Totals(10, 1, ((50, 4), (math.inf, 10)))
    now = Totals(25, 2, ((50, 6), (math.inf, 25)))
    assert counters.between(before, now) == Window(15, 1, ((50, 2), (math.inf, 15)))


def test_where_nothing_was_timed_there_are_no_latencies() -> None:
    same = Totals(10, 1, ((50, 4), (math.inf, 10)))
    assert counters.between(same, same) == Window()


def test_after_envoy_began_anew_everything_is_new() -> None:
    before = Totals(100, 1, ((50, 40), (math.inf, 100)))
    now = Totals(3, 1, ((50, 1), (math.inf, 3)))
    assert counters.between(before, now) == Window(3, 1, ((50, 1), (math.inf, 3)))


def test_other_environments_do_not_count() -> None:
    asked = re.compile(counters.pattern('prod', 'completed|5xx'))
    assert all(asked.match(name) for name in GUARDED)
    assert not asked.match('cluster.r2@prod-eu.upstream_rq_completed')
    assert not asked.match('cluster.r2@prod.external.upstream_rq_completed')
    assert not asked.match('cluster.r2@production+r1.zone.router.r1.upstream_rq_5xx')


def test_gauges_are_told_by_revision() -> None:
    found = gauges.by_revision(
        {
            'cluster.r1@prod.upstream_rq_active': '3',
            'cluster.r1@prod.membership_healthy': '2',
            'cluster.r1@prod.warming_state': '0',
            'cluster.r2@prod.warming_state': '1',
        }
    )
    assert found == {'r1': Gauges(3, 2), 'r2': Gauges(warming=True)}
    asked = re.compile(gauges.pattern('prod'))
    assert asked.match('cluster.r1@prod.upstream_rq_active')
    assert not asked.match('cluster.r2@prod+r1.upstream_rq_active')
