"""`liftlock plan`: which jobs an event would start, and why the other workflows would not."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from liftlock.cli import called, events, options, workflows
from liftlock.cli.options import Asked
from liftlock.language.workflow import Workflow
from liftlock.plan import drawing, graph
from liftlock.plan import make as plans
from liftlock.plan.event import Event
from liftlock.plan.plan import Plan, Request
from liftlock.runner import repository

FOLDER: Final = Path(workflows.FOLDER)


@click.command('plan', short_help='Show which jobs an event would start.')
@options.event_options
@click.option('--json', is_flag=True, help='Print the plan as JSON.')
@click.pass_obj
def command(state: str | None, /, *, json: bool, **given: Any) -> int:
    """Show which jobs EVENT (default: push) would start, and why other workflows would not."""
    asked = options.asked(given)
    seen = repository.look(Path.cwd())
    files = _read(seen.top)
    found = workflows.find(files, asked, seen.top, Path.cwd())
    known = [one.workflow for one in found if one.workflow is not None]
    facts = repository.describe(seen, changed=_by_paths(known))
    event = events.read_event(asked, facts, known)
    started, reasons = workflows.choose(found, event, asked.jobs)
    planned = [_plan(one, asked, event, files, state) for one in started]
    if json:
        click.echo(_json(planned, reasons))
    else:
        click.echo('\n'.join(_lines(planned, reasons)))
    return 0


def _read(top: Path) -> dict[str, str]:
    """The workflow files as they stand, by path. Bytes that are no UTF-8 come as surrogates."""
    folder = top / FOLDER
    return {
        (FOLDER / file.name).as_posix(): file.read_bytes().decode('utf-8', 'surrogateescape')
        for file in sorted(folder.glob('*.y*ml'))
        if file.is_file()
    }


def _by_paths(known: Sequence[Workflow]) -> bool:
    triggers = (trigger for workflow in known for trigger in workflow.on.values())
    return any(trigger.paths or trigger.paths_ignore for trigger in triggers)


def _plan(
    workflow: Workflow, asked: Asked, event: Event, files: Mapping[str, str], state: str | None
) -> Plan:
    request = Request(
        event=event,
        workflow=workflow.path,
        files={workflow.path: files[workflow.path]},
        run_id=1,
        run_number=1,
        inputs=dict(options.pairs(asked.input, '--input')),
        vars=options.pairs(asked.var, '--var'),
        only_jobs=tuple(job for job in asked.jobs if job in workflow.jobs),
        matrix=tuple(options.pairs(asked.matrix, '--matrix', ':').items()),
    )
    while True:
        match plans.make(request):
            case Plan() as plan:
                return plan
            case plans.Refused(diagnostics):
                raise workflows.refused(diagnostics, request.files)
            case plans.Lacking(references):
                more = {name: called.read(name, files, state) for name in references}
                request = request._replace(files={**request.files, **more})


def _lines(planned: Sequence[Plan], reasons: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    for plan in planned:
        lines += [*drawing.draw(plan), '']
    if reasons:
        width = max(map(len, reasons))
        lines += ['not started', *(f'  {path:{width}}  {why}' for path, why in reasons.items())]
    return lines


def _json(planned: Sequence[Plan], reasons: Mapping[str, str]) -> str:
    import json

    document = {
        'workflows': [
            {
                'path': plan.workflow.path,
                'name': plan.name,
                'title': plan.title,
                'concurrency': plan.concurrency and plan.concurrency._asdict(),
                'jobs': [_node(node) for node in graph.graph(plan)],
            }
            for plan in planned
        ],
        'not_started': [{'path': path, 'reason': why} for path, why in reasons.items()],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _node(node: graph.Node) -> dict[str, Any]:
    legs = None if node.legs is None else [leg._asdict() for leg in node.legs]
    inside = [_node(inner) for inner in node.inside]
    return {**node._asdict(), 'legs': legs, 'inside': inside}
