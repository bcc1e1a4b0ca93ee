"""Where the time of a run went: a row a job, its wait, its steps, and the way that made it as long.

That way, the *critical path*, is found from the end: the job that ended last, before it the one
of those it needs that ended last, and so on. Only there a quicker job makes a quicker run.
"""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Final

from liftlock.language.figures import duration
from liftlock.language.records import NamedTuple
from liftlock.plan import facts as f
from liftlock.plan.board import Job

WIDTH: Final = 1000
THINNEST: Final = 1.5  # of 1000: what took no time is still seen
TICKS: Final = 5


class Part(NamedTuple):
    """A step, from `start` on, in thousandths of the whole."""

    start: float
    length: float
    state: str
    name: str
    number: int
    took: str


class Row(NamedTuple):
    key: str
    name: str
    state: str
    queued: float
    start: float
    length: float
    parts: tuple[Part, ...]
    took: str
    waited: str
    critical: bool


class Waterfall(NamedTuple):
    """`waiting`: seconds that jobs waited for a slot, added up; `path`: of the critical path, with
    what its jobs waited."""

    rows: tuple[Row, ...]
    ticks: tuple[str, ...]
    whole: float
    waiting: float
    path: float


def make(
    jobs: Iterable[Job],
    queued: Mapping[str, float],
    needs: Mapping[str, Iterable[str]],
    now: float,
) -> Waterfall:
    """`queued` tells by key when nothing held a job back any longer, `needs` by key the keys of
    those before it."""
    begun = [job for job in jobs if job.started]
    if not begun:
        return Waterfall((), (), 0.0, 0.0, 0.0)
    first = min(min(job.started, queued.get(job.key, job.started)) for job in begun)
    whole = max(max(job.finished or now for job in begun) - first, 0.001)
    scale = WIDTH / whole
    critical = way({job.key: job for job in begun}, needs, now)

    def row(job: Job) -> Row:
        asked = min(queued.get(job.key, job.started), job.started)
        parts = tuple(
            Part(
                round((step.started - first) * scale, 2),
                round(max(step.seconds(now) * scale, THINNEST), 2),
                step.state,
                step.name,
                step.number,
                duration(step.seconds(now)),
            )
            for step in job.steps.values()
            if step.state != 'skipped' and step.started
        )
        return Row(
            job.key,
            job.name,
            job.state,
            round((asked - first) * scale, 2),
            round((job.started - first) * scale, 2),
            round(max(job.seconds(now) * scale, THINNEST), 2),
            parts,
            duration(job.seconds(now)),
            duration(job.started - asked) if job.started - asked >= 0.05 else '',
            job.key in critical,
        )

    ordered = sorted(begun, key=lambda job: (job.started, job.key))
    return Waterfall(
        tuple(map(row, ordered)),
        tuple(_tick(whole * at / TICKS, whole) for at in range(TICKS + 1)),
        whole,
        sum(max(0.0, job.started - queued.get(job.key, job.started)) for job in begun),
        sum(
            (job.finished or now) - min(queued.get(job.key, job.started), job.started)
            for job in begun
            if job.key in critical
        ),
    )


def _tick(seconds: float, whole: float) -> str:
    """No two are told alike, however short the whole was."""
    return duration(seconds) if whole >= 1 else f'{seconds:.2f}s'


def way(jobs: Mapping[str, Job], needs: Mapping[str, Iterable[str]], now: float) -> frozenset[str]:
    """The keys of the critical path."""
    found: set[str] = set()
    at = max(jobs.values(), key=lambda job: job.finished or now, default=None)
    while at is not None and at.key not in found:
        found.add(at.key)
        before = [jobs[key] for key in needs.get(at.key, ()) if key in jobs]
        at = max(before, key=lambda job: job.finished or now, default=None)
    return frozenset(found)


def queued(facts: Iterable[f.Stamped]) -> dict[str, float]:
    """When each job could have begun: by the last time that it was said."""
    return {one.fact.job: one.at for one in facts if isinstance(one.fact, f.JobQueued)}


def svg(row: Row, address: str) -> str:
    """The row's picture; it stretches, so no text stands in it."""
    lines = ''.join(
        f'<line x1="{at * WIDTH / TICKS:g}" x2="{at * WIDTH / TICKS:g}" y1="-4" y2="22"/>'
        for at in range(TICKS + 1)
    )
    wait = row.start - row.queued
    waits = (
        f'<rect class="queue" x="{row.queued:g}" y="7" width="{wait:g}" height="4">'
        f'<title>waited {escape(row.waited)}</title></rect>'
        if wait > 0.5
        else ''
    )
    steps = ''.join(_part(part, address) for part in row.parts)
    shown = steps or _rect(row.start, row.length, f'is-{row.state}')
    mark = f'<rect class="way" x="{row.start:g}" y="16" width="{row.length:g}" height="2"/>'
    return (
        f'<svg viewBox="0 0 {WIDTH} 18" preserveAspectRatio="none" aria-hidden="true">'
        f'<g class="grid">{lines}</g>{waits}{_rect(row.start, row.length, "box")}{shown}'
        f'{mark if row.critical else ""}</svg>'
    )


def _part(part: Part, address: str) -> str:
    told = f'{part.name}: {part.state}, {part.took}'
    link = f'{escape(address)}#s{part.number}'
    drawn = _rect(part.start, part.length, f'step is-{part.state}', told)
    return f'<a href="{link}" tabindex="-1">{drawn}</a>' if address else drawn


def _rect(start: float, length: float, kind: str, told: str = '') -> str:
    length = min(length, WIDTH - start) if start < WIDTH else length
    title = f'<title>{escape(told)}</title>' if told else ''
    return (
        f'<rect class="{escape(kind)}" x="{start:g}" y="3" width="{length:g}" height="12">'
        f'{title}</rect>'
    )
