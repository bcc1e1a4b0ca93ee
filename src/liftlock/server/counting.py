"""Counters and histograms of this process, in the words of Prometheus. No library: a histogram is
a list of numbers, and the text format is ten lines.
"""

import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.store import backlogs, listing
from liftlock.store.database import Store

REQUESTS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
JOBS: Final = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0)

Labels = Mapping[str, str]


class Family(NamedTuple):
    """`kind` is counter, gauge or histogram; samples are (suffix, labels, value)."""

    name: str
    kind: str
    help: str
    samples: Sequence[tuple[str, Labels, float]]


class Histogram:
    """Of what has one and the same labels."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def samples(self, labels: Labels) -> Iterator[tuple[str, Labels, float]]:
        total = 0
        for bound, count in zip((*self._bounds, float('inf')), self._counts, strict=True):
            total += count
            yield (
                '_bucket',
                {**labels, 'le': '+Inf' if bound == float('inf') else f'{bound:g}'},
                total,
            )
        yield '_sum', labels, self._sum
        yield '_count', labels, total


class Requests:
    """How long answers took, by method, route and status: as many series as there are routes."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], Histogram] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        key = method, route, str(status)
        self._known.setdefault(key, Histogram(REQUESTS)).observe(seconds)

    def family(self) -> Family:
        samples = [
            sample
            for (method, route, status), one in sorted(self._known.items())
            for sample in one.samples({'method': method, 'route': route, 'status': status})
        ]
        return Family(
            'liftlock_http_request_duration_seconds',
            'histogram',
            'How long requests took, but for streams.',
            samples,
        )


class Jobs:
    """How long jobs took that ended while this process was there. Whoever looks reads what is new
    since the last look."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Histogram] = {}
        self._seq = listing.newest_fact(store)
        self._since = time.time()

    def family(self) -> Family:
        seq, now = listing.newest_fact(self._store), time.time()
        for one in backlogs.finished_jobs(self._store, self._seq, self._since):
            self._known.setdefault(one.conclusion, Histogram(JOBS)).observe(one.seconds)
        self._seq, self._since = seq, now
        samples = [
            sample
            for conclusion, one in sorted(self._known.items())
            for sample in one.samples({'conclusion': conclusion})
        ]
        told = 'How long jobs took that ended since this process began to serve.'
        return Family('liftlock_job_duration_seconds', 'histogram', told, samples)


def text(families: Sequence[Family]) -> str:
    """Of version 0.0.4 of the format. What has no sample is left out."""
    return ''.join(_family(one) for one in families if one.samples)


def _family(one: Family) -> str:
    lines = [f'# HELP {one.name} {one.help}', f'# TYPE {one.name} {one.kind}']
    lines += [
        f'{one.name}{suffix}{_labels(labels)} {_number(value)}'
        for suffix, labels, value in one.samples
    ]
    return '\n'.join(lines) + '\n'


def _labels(labels: Labels) -> str:
    told = ','.join(f'{name}="{quoted(value)}"' for name, value in labels.items())
    return f'{{{told}}}' if told else ''


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def quoted(value: str) -> str:
    return value.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n')
