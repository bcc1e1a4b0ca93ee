"""One environment, whole: what runs, where its traffic goes, what is going on, and who waits."""

from collections.abc import Iterator, Sequence
from typing import Final

from liftlock.cli import timeline
from liftlock.cli.colour import Paint
from liftlock.cli.figures import count, duration, moment, size, span
from liftlock.cli.grid import ALONE, MARKS, alone, mark, named, notes, ready
from liftlock.cli.loglines import harmless
from liftlock.cli.runs import fitted
from liftlock.cli.walk import Taken, walk
from liftlock.engine.delivery.standing import Standing, word
from liftlock.rollout import facts as f
from liftlock.rollout.deployment import Deployment, Trial
from liftlock.rollout.phases import Phase
from liftlock.rollout.sight import Instance

EVENTS: Final = 8
BAR: Final = 20  # characters for all of the traffic
SIGNS: Final = {'successful': '✓', 'failed': '✗', 'error': '✗', 'inconclusive': '?'}


def lines(one: Standing, paint: Paint, now: float, events: int = EVENTS) -> Iterator[str]:
    yield from _head(one, paint, now)
    for title, section in (
        ('', _going_on(one, paint, now)),
        ('Out of sync', _drift(one, paint)),
        ('Traffic', _traffic(one, paint)),
        ('Instances', _instances(one, paint, now)),
        ('In line', _queue(one, paint, now)),
        ('Ready to take over', _kept(one, now)),
        ('Last events', _events(one, paint, now, events)),
    ):
        found = list(section)
        if found:
            yield ''
        if found and title:
            yield paint.bold(title)
        yield from found
    yield from _next(one, paint)


# --- what is there


def _head(one: Standing, paint: Paint, now: float) -> Iterator[str]:
    state, environment, live = word(one), one.environment, one.live
    told = {'empty': 'nothing was deployed yet', 'down': 'down'}.get(state, state)
    count_of = ready(one, environment.stable)
    where = f'  {live.address}' if live.address else ''
    yield (
        f'{mark(paint, state)} {paint.bold(harmless(one.place.name))}  {told}'
        + (f', {count_of} ready' if count_of else '')
        + (f', {one.sync}' if one.sync == 'in sync' else '')
        + where
    )
    last, version = environment.last, environment.current
    if last is not None and version is not None:
        since = last.served_at or last.finished_at
        short = version.commit[:7]  # which may be its name, too
        commit = f' ({short})' if short and short != version.name else ''
        kind = '' if last.request.kind == f.DEPLOY else f', a {last.request.kind}'
        yield (
            f'  {paint.bold(harmless(version.name))}{commit} since {moment(since, now)}, '
            f'for {span(now - since)}: #{last.number} by {harmless(last.request.by)}{kind}'
        )
    for note in notes(one, paint):
        yield f'  {note}'
    if alone(one):
        yield f'  {paint.yellow(ALONE)}'


LONGEST: Final = 40  # lines of drift
SHADES: Final = {'+': 'green', '-': 'red'}


def _drift(one: Standing, paint: Paint) -> Iterator[str]:
    """What the note on it has no room for."""
    lines = one.environment.drift.splitlines()
    for line in lines[:LONGEST] if len(lines) > 1 else ():
        shade = SHADES.get(line[:1])
        safe = f'  {harmless(line)}'
        yield getattr(paint, shade)(safe) if shade else safe
    if len(lines) > LONGEST:
        yield paint.dim(f'  … {len(lines) - LONGEST} more lines: liftlock sync --dry-run')


def _traffic(one: Standing, paint: Paint) -> Iterator[str]:
    routes = one.environment.routes
    rows = [
        (name, percent) for name, percent in routes.weights if percent or name == routes.preview
    ]
    width = max((len(one.version_of(name)) for name, _ in rows), default=0)
    for name, percent in rows:
        filled = round(BAR * percent / 100) or (1 if percent else 0)
        bar = paint.green('█' * filled) + paint.dim('░' * (BAR - filled))
        version = harmless(one.version_of(name)).ljust(width)
        yield f'  {version}  {name:<4}  {bar}  {percent:>3} %'
    for header in routes.headers:
        matches = ', '.join(f'{each.header}: {each.value}' for each in header.matches)
        yield f'  requests with {harmless(matches)} go to {header.revision}'
    for mirror in routes.mirrors:
        yield f'  {mirror.percent} % of the requests are sent to {mirror.revision} a second time'
    if routes.preview and one.live.preview:
        version = harmless(one.version_of(routes.preview))
        yield f'  preview of {version} ({routes.preview}): {one.live.preview}'


INSTANCES: Final = ('ID', 'VERSION', 'STATE', 'RESTARTS', 'CPU', 'MEMORY', 'AGE', 'ADDRESS')
WIDEST: Final = (36, 20, 44, 8, 7, 9, 5, 40)


def _instances(one: Standing, paint: Paint, now: float) -> Iterator[str]:
    found = one.live.sight.instances if one.live.sight else ()
    if not found:
        if one.live.sight and one.live.sight.message:
            yield f'  {harmless(one.live.sight.message)}'
        return
    rows = [_instance(one, each, now) for each in found]
    widths = [
        min(widest, max(len(row[column]) for row in (INSTANCES, *rows)))
        for column, widest in enumerate(WIDEST)
    ]
    yield paint.dim(_row(INSTANCES, widths))
    for each, row in zip(found, rows, strict=True):
        line = _row(row, widths)
        yield line if each.alive else paint.red(line)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    shown = (
        cell.rjust(width) if column in (3, 4, 5, 6) else fitted(cell, width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return ('  ' + '  '.join(shown)).rstrip()


def _instance(one: Standing, each: Instance, now: float) -> tuple[str, ...]:
    return (
        harmless(each.id),
        harmless(one.version_of(each.revision)),
        harmless(_state(one, each)),
        str(each.restarts),
        f'{each.cpu:.1f} %' if each.alive and (each.cpu or each.memory) else '',
        size(each.memory) if each.memory else '',
        span(now - each.since) if each.since else '',
        each.address,
    )


def _state(one: Standing, each: Instance) -> str:
    """What its group knows is only of one that is not ready, and how many are."""
    if not each.alive:
        return f'ended: {each.message}' if each.message else 'ended'
    group = one.live.groups.get(each.revision)
    if group is not None and group.ready == group.running:
        return 'ready'
    if group is not None and group.message.startswith(f'{each.id}: '):
        return group.message.removeprefix(f'{each.id}: ')
    if each.ready is False or (group is not None and not group.ready):
        return each.message or 'not ready'
    return 'ready' if each.ready else 'runs'


def _kept(one: Standing, now: float) -> Iterator[str]:
    for revision, until in one.environment.kept.items():
        version = harmless(one.version_of(revision))
        left = f'until {moment(until, now)}, {span(until - now)} more' if until else 'for good'
        yield f'  {version} ({revision}) {left}'


# --- what is going on


def _going_on(one: Standing, paint: Paint, now: float) -> Iterator[str]:
    active = one.environment.active
    if active is None:
        return
    took = duration(now - active.started_at)
    what = 'Going back from' if active.phase is Phase.RETURNING else 'Deploying'
    yield (
        f'{paint.bold(f"{what} {named(active)}")} by {harmless(active.request.by)}, '
        f'as {active.revision}, for {took} now{", paused" if active.paused else ""}'
    )
    if active.back is not None:
        yield paint.red(f'  {harmless(active.back.reason)}')
    steps = list(walk(one.facts, active.number))
    width = min(40, max((len(step.name) for step in steps), default=0))
    for step in steps:
        yield _step(step, width, active, paint, now)
    for (stage, name), trial in active.trials.items():
        yield from _trial(stage, name, trial, paint)


def _step(step: Taken, width: int, active: Deployment, paint: Paint, now: float) -> str:
    name = fitted(harmless(step.name), width)
    if not step.started:
        return paint.dim(f'  · {name}'.rstrip())
    took = f'{duration((step.finished or now) - step.started):>7}'
    if step.finished:
        sign = paint.red('✗') if step.broken else paint.green('✓')
        return f'  {sign} {name}  {paint.dim(took)}  {paint.dim(harmless(step.message))}'.rstrip()
    if active.paused is not None:
        until = active.paused.until
        when = moment(until, now) if until else 'somebody promotes'
        told = paint.yellow(f'{harmless(active.paused.reason)}, until {when}')
        return f'  {paint.yellow(MARKS["paused"])} {name}  {paint.dim(took)}  {told}'
    return f'  {paint.blue(MARKS["deploying"])} {name}  {paint.dim(took)}'


def _trial(stage: str, name: str, trial: Trial, paint: Paint) -> Iterator[str]:
    colour = {'successful': paint.green, 'failed': paint.red, 'error': paint.red}
    sign = colour.get(trial.phase, paint.yellow)(SIGNS.get(trial.phase, '~'))
    told = trial.message or trial.tally.said
    why = f': {harmless(told)}' if told else ''
    yield f'  {sign} analysis {harmless(name)} ({stage}) {trial.phase or "goes on"}{why}'
    total = trial.tally.total
    parts = [count(trial.tally.measurements, 'measurement')]
    if total.requests:
        parts.append(_failed('', total.requests, total.errors))
    if total.baseline_requests:
        old = total.baseline_requests, total.baseline_errors
        parts.append(_failed(' of the old version', *old))
    yield paint.dim(f'      {", ".join(parts)}')


def _failed(whose: str, requests: int, errors: int) -> str:
    return f'{errors:,} of {requests:,} requests{whose} failed ({errors / requests:.2%})'


def _queue(one: Standing, paint: Paint, now: float) -> Iterator[str]:
    for waiting in (*one.environment.line, *one.environment.waiting):
        why = waiting.held or 'queued'
        until = f', until {moment(waiting.held_until, now)}' if waiting.held_until else ''
        by = ', '.join(approval.by for approval, _ in waiting.approvals)
        approved = f'; approved by {harmless(by)}' if by else ''
        age = paint.dim(f'for {span(now - waiting.requested_at)}')
        yield f'  {named(waiting)} by {harmless(waiting.request.by)}: {why}{until}{approved}  {age}'


def _events(one: Standing, paint: Paint, now: float, wanted: int) -> Iterator[str]:
    found: list[str] = []
    for stamped in reversed(one.facts):
        if len(found) == wanted:
            break
        told = timeline.line(stamped.fact, paint)
        if told:
            number = getattr(stamped.fact, 'number', 0)
            which = f'#{number}' if number else ''
            first = told.splitlines()[0]
            found.append(f'  {paint.dim(f"{moment(stamped.at, now)}  {which:<4}")}  {first}')
    yield from reversed(found)


def _next(one: Standing, paint: Paint) -> Iterator[str]:
    name, active = harmless(one.place.name), one.environment.active
    hints = []
    if active is not None and active.paused is not None:
        hints.append(f'go on: liftlock promote {name}')
    if active is not None and active.phase is not Phase.RETURNING:
        hints.append(f'take back: liftlock abort {name}')
    if one.environment.waiting:
        hints.append(f'approve: liftlock approve {name}')
    if hints:
        yield ''
        yield paint.dim('   '.join(hints))
