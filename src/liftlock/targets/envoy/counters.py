"""What Envoy counts of a revision, out of its statistics.

With a fallback, requests go to a cluster that stands for both revisions, and Envoy counts the
answers there, whoever gave them. By zone it tells them apart: every revision is a zone of its own.
So of a revision there count

    the answers of its zone, in whatever cluster
    what was sent to a cluster that it leads and it did not answer: the fallback did, or nobody

and the latter are errors of it: users may not have seen them, whoever judges the revision must.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from liftlock.language.records import NamedTuple
from liftlock.rollout.sight import Window
from liftlock.targets.envoy.bootstrap import BUCKETS, ZONE

_NAME: Final = re.compile(
    rf'cluster\.(?P<leader>[^.@]+)@[^.]+?\.(?:zone\.{ZONE}\.(?P<zone>[^.]+)\.)?upstream_rq_(?P<leaf>\w+)'
)


class Totals(NamedTuple):
    """Since Envoy started, or since the revision came last."""

    requests: int = 0
    errors: int = 0
    latencies: tuple[tuple[float, int], ...] = ()


def pattern(environment: str, leaf: str) -> str:
    """The names of all that counts in an environment."""
    among = rf'[^.@]+@{re.escape(environment)}(\+[^.]+)?'
    return rf'^cluster\.{among}\.(zone\.{ZONE}\.[^.]+\.)?upstream_rq_({leaf})$'


def totals(revision: str, counters: Mapping[str, str], histograms: Mapping[str, Any]) -> Totals:
    requests = errors = 0
    for name, value in counters.items():
        found = _NAME.fullmatch(name)
        if found is None:
            continue
        count, leaf = int(value), found['leaf']
        led, zone = found['leader'] == revision, found['zone']
        if leaf == 'completed' and led:  # all that was sent there, less what others have answered
            requests += count if zone is None else 0
            errors += count if zone is None else -count if zone == revision else 0
        if leaf == 'completed' and not led and zone == revision:
            requests += count
        if leaf == '5xx' and zone == revision:
            errors += count
    return Totals(requests, errors, _latencies(revision, histograms))


def _latencies(revision: str, document: Mapping[str, Any]) -> tuple[tuple[float, int], ...]:
    counts: Counter[float] = Counter()
    for histogram in _histograms(document):
        found = _NAME.fullmatch(histogram['name'])
        if found is not None and found['zone'] == revision:
            for bucket in histogram['buckets']:
                counts[float(bucket['upper_bound'])] += int(bucket['cumulative'])
    return tuple(
        (math.inf if bound == BUCKETS[-1] else bound, counts[bound]) for bound in sorted(counts)
    )


def _histograms(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for one in document.get('stats', ()):
        yield from one.get('histograms', ())


def between(before: Totals, now: Totals) -> Window:
    """Envoy may have begun anew in the meantime: then all that it has counted is new."""
    if now.requests < before.requests or now.errors < before.errors:
        before = Totals()
    known = dict(before.latencies)
    if any(count < known.get(bound, 0) for bound, count in now.latencies):
        known = {}
    latencies = tuple((bound, count - known.get(bound, 0)) for bound, count in now.latencies)
    if not any(count for _, count in latencies):
        latencies = ()
    return Window(now.requests - before.requests, now.errors - before.errors, latencies)
