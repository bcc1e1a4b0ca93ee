"""`liftlock plan`: which jobs an event would start, and why the other workflows would not."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from liftlock.cli import events, forecast, options, planning, stored, wiring, workflows
from liftlock.cli.figures import duration
from liftlock.cli.forecast import Forecast
from liftlock.engine import declared
from liftlock.engine import workflows as texts
from liftlock.plan import drawing, graph
from liftlock.plan.estimate import Estimate, estimate
from liftlock.plan.plan import Plan
from liftlock.runner import repository, snapshot
from liftlock.store import runs

PLACES: Final = os.cpu_count() or 1


@click.command('plan', short_help='Show which jobs an event would start.')
@options.event_options
@click.option('--json', is_flag=True, help='Print the plan as JSON.')
@click.pass_obj
def command(state: str | None, /, *, json: bool, **given: Any) -> int:
    """Show which jobs EVENT (default: push) would start, and why other workflows would not."""
    asked = options.asked(given)
    seen = repository.look(Path.cwd())
    files = snapshot.read_tree(seen.top, texts.FOLDER)
    files |= snapshot.read_tree(seen.top, declared.FILE)
    found = workflows.find(files, asked, seen.top, Path.cwd())
    known = [one.workflow for one in found if one.workflow is not None]
    facts = repository.describe(seen, changed=workflows.filtered_by_paths(found, asked))
    event = events.read_event(asked, facts, known)
    started, reasons = texts.choose(found, event, asked.jobs)
    if not started:
        texts.refuse(found, files)
    where = wiring.place(state)
    kept = stored.variables(where, event)
    planned = [planning.plan(one, asked, event, files, where, stored=kept) for one in started]
    planning.check_legs(planned, asked)
    now = time.time()
    foretold = [[*forecast.forecasts(one, files, where.config.teams, now)] for one in planned]
    estimates = [_estimate(plan, where) for plan in planned]
    if json:
        click.echo(_json(planned, estimates, foretold, reasons))
    else:
        click.echo('\n'.join(_lines(planned, estimates, foretold, reasons)))
    return 0


def _estimate(plan: Plan, where: wiring.Place) -> Estimate | None:
    """Going by earlier runs; None where there were none. Asking makes no store."""
    if not wiring.has_store(where):
        return None
    repository, workflow = plan.request.event.repository, plan.workflow.path
    past = runs.durations(wiring.opened(where), repository, workflow)
    return estimate(graph.graph(plan), past, PLACES)


def _lines(
    planned: Sequence[Plan],
    estimates: Sequence[Estimate | None],
    foretold: Sequence[Sequence[Forecast]],
    reasons: Mapping[str, str],
) -> list[str]:
    lines: list[str] = []
    for plan, guess, found in zip(planned, estimates, foretold, strict=True):
        lines += [*drawing.draw(plan), *forecast.lines(found), *_guessed(guess), '']
    if reasons:
        width = max(map(len, reasons))
        lines += ['not started', *(f'  {path:{width}}  {why}' for path, why in reasons.items())]
    return lines


def _guessed(guess: Estimate | None) -> Iterator[str]:
    if guess is None:
        return
    but = f', without {", ".join(guess.unknown)}, which never succeeded' if guess.unknown else ''
    yield f'  about {duration(guess.seconds)} with {PLACES} at a time, going by earlier runs{but}'


def _json(
    planned: Sequence[Plan],
    estimates: Sequence[Estimate | None],
    foretold: Sequence[Sequence[Forecast]],
    reasons: Mapping[str, str],
) -> str:
    import json

    document = {
        'workflows': [
            {
                'path': plan.workflow.path,
                'name': plan.name,
                'title': plan.title,
                'concurrency': plan.concurrency and plan.concurrency._asdict(),
                'estimate': guess and guess._asdict(),
                'environments': [one._asdict() for one in found],
                'jobs': [_node(node) for node in graph.graph(plan)],
            }
            for plan, guess, found in zip(planned, estimates, foretold, strict=True)
        ],
        'not_started': [{'path': path, 'reason': why} for path, why in reasons.items()],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _node(node: graph.Node) -> dict[str, Any]:
    legs = None if node.legs is None else [leg._asdict() for leg in node.legs]
    inside = [_node(inner) for inner in node.inside]
    return {**node._asdict(), 'legs': legs, 'inside': inside}
