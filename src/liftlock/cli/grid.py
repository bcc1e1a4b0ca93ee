"""What is where: one line an environment, and below it what is going on there."""

from collections.abc import Iterator, Sequence
from typing import Final

from liftlock.cli.colour import Paint
from liftlock.cli.figures import moment, span
from liftlock.cli.loglines import harmless
from liftlock.cli.runs import fitted
from liftlock.engine.delivery.standing import Standing, word
from liftlock.rollout.deployment import Deployment
from liftlock.rollout.phases import Phase

MARKS: Final = {
    'healthy': '✓',
    'running': '●',
    'deploying': '▸',
    'paused': '‖',
    'going back': '↩',
    'unhealthy': '✗',
}
COLUMNS: Final = {
    'ENVIRONMENT': 24,
    'VERSION': 24,
    'COMMIT': 7,
    'SINCE': 5,
    'BY': 16,
    'STATE': 10,
    'READY': 7,
}  # and how wide each may be


ALONE: Final = 'Nobody watches over what runs there. Start somebody with: liftlock supervise'


def lines(standings: Sequence[Standing], paint: Paint, now: float) -> Iterator[str]:
    """Grouped by repository, where there are several."""
    widths = _widths([_cells(one, now) for one in standings])
    owners = list(dict.fromkeys(one.place.repository for one in standings))
    yield paint.dim('  ' + _joined(tuple(COLUMNS), widths))
    for owner in owners:
        if len(owners) > 1:
            yield paint.bold(harmless(owner))
        for one in standings:
            if one.place.repository == owner:
                yield from _environment(one, widths, paint, now)
    if any(alone(one) for one in standings):
        yield ''
        yield paint.yellow(ALONE)


def _environment(one: Standing, widths: list[int], paint: Paint, now: float) -> Iterator[str]:
    row = _joined(_cells(one, now), widths)
    told = word(one)
    if told == 'empty':
        yield paint.dim(f'· {row}')
    else:
        yield f'{mark(paint, told)} {row}'
    for note in (*notes(one, paint), *comings(one, paint, now)):
        yield f'    {note}'


def _cells(one: Standing, now: float) -> tuple[str, ...]:
    last, version = one.environment.last, one.version
    told = word(one)
    if last is None or version is None:
        return (harmless(one.place.name), '-', '', '', '', '-' if told == 'empty' else told, '')
    return (
        harmless(one.place.name),
        harmless(version.name),
        version.commit[:7],
        span(now - (last.served_at or last.finished_at)),
        harmless(last.request.by),
        told,
        ready(one, one.environment.stable),
    )


def ready(one: Standing, revision: str) -> str:
    """`2/3`: how many of a revision's instances are ready; '' where nobody looks."""
    wanted = one.environment.wanted.get(revision, 0)
    if one.live.sight is None or not wanted:
        return ''
    group = one.live.groups.get(revision)
    return f'{group.ready if group else 0}/{wanted}'


def mark(paint: Paint, state: str) -> str:
    colours = {
        'healthy': paint.green,
        'running': paint.green,
        'deploying': paint.blue,
        'paused': paint.yellow,
        'going back': paint.yellow,
        'unhealthy': paint.red,
    }
    return colours.get(state, paint.dim)(MARKS.get(state, '·'))


def notes(one: Standing, paint: Paint) -> Iterator[str]:
    """What a person should know besides the version."""
    environment = one.environment
    if environment.healthy is False:
        yield paint.red(harmless(environment.health_message or 'it is not healthy'))
    for fact, _ in environment.alerts.values():
        shade = paint.red if fact.severity == 'critical' else paint.yellow
        yield shade(harmless(f'alert: {fact.alert}: {fact.message}'))
    if environment.held is not None:
        held = environment.held
        reason = f': {harmless(held.reason)}' if held.reason else ''
        yield paint.yellow(f'nothing is deployed by itself: held by {harmless(held.by)}{reason}')
    for freeze in one.frozen:
        yield paint.blue(harmless(freeze.reason))
    if environment.drift:
        first, _, more = environment.drift.partition('\n')
        yield paint.yellow(f'out of sync: {harmless(first)}{" …" if more else ""}')


def alone(one: Standing) -> bool:
    """Whether something runs there, or shall, and no supervisor lives."""
    return one.running and not one.live.watched


def comings(one: Standing, paint: Paint, now: float) -> Iterator[str]:
    """Deployments that go on, or will."""
    environment = one.environment
    if environment.active is not None:
        yield going_on(environment.active, paint, now)
    for waiting in environment.waiting:
        yield paint.yellow(f'{named(waiting)}: {harmless(waiting.held or "waits to be judged")}')
    if environment.line:
        yield f'in line: {", ".join(map(named, environment.line))}'


def going_on(one: Deployment, paint: Paint, now: float) -> str:
    """`v2 (#4 by mona): setWeight 25, step 4 of 9, paused until 12:04`."""
    parts = [f'{named(one)} by {harmless(one.request.by)}']
    if one.phase is Phase.RETURNING and one.back is not None:
        parts.append(paint.red(f'goes back: {harmless(one.back.reason)}'))
    elif one.step < len(one.steps):
        parts.append(f'{harmless(one.steps[one.step])}, step {one.step + 1} of {len(one.steps)}')
    if one.paused is not None:
        parts.append(paint.yellow(_paused(one, now)))
    return '  '.join(parts)


def _paused(one: Deployment, now: float) -> str:
    assert one.paused is not None
    if one.paused.until:
        return f'until {moment(one.paused.until, now)}'
    return 'until somebody promotes'


def named(one: Deployment) -> str:
    return f'{harmless(one.version.name)} (#{one.number})'


# --- columns


def _widths(rows: Sequence[tuple[str, ...]]) -> list[int]:
    return [
        min(widest, max(len(row[column]) for row in (tuple(COLUMNS), *rows)))
        for column, widest in enumerate(COLUMNS.values())
    ]


def _joined(row: tuple[str, ...], widths: Sequence[int]) -> str:
    return '  '.join(map(fitted, row, widths)).rstrip()
