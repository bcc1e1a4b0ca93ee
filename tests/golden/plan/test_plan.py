"""Each file is: options, a workflow, files that it calls (path, then text), and the plan of it all.

Parts stand between lines of `---`. The plan is what `liftlock plan` draws, a refusal with its
places, or the reason why the workflow does not start. Options: event (push), branch, tag, base,
action, changed, inputs, jobs, matrix, vars, message (of the head commit), payload.
A new case is a new file; `--update-golden` writes its last part, for a reader to judge.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from liftlock.language.parse import parse
from liftlock.plan import drawing, event, triggers
from liftlock.plan.event import Commit, Event
from liftlock.plan.make import Lacking, Refused, make
from liftlock.plan.plan import Plan, Request
from story import REPOSITORY

HERE = Path(__file__).parent
PATH = '.github/workflows/ci.yml'


@pytest.mark.parametrize('path', sorted(HERE.glob('*.yml')), ids=lambda path: path.stem)
def test_the_plan_is_as_expected(path: Path, update_golden: bool) -> None:
    *given, expected = path.read_text().split('\n---\n')
    found = planned(*given)
    if update_golden:
        path.write_text('\n---\n'.join((*given, found + '\n')))
        return
    assert found == expected.rstrip('\n')


def planned(options: str, text: str, *called: str) -> str:
    wanted: dict[str, Any] = yaml.safe_load(options) or {}
    happened = what_happened(wanted)
    files = {PATH: text, **dict(zip(called[::2], called[1::2], strict=True))}
    parsed = parse(PATH, text)
    if parsed.workflow is not None:
        answer = triggers.starts(parsed.workflow, happened)
        if isinstance(answer, triggers.NotStarted):
            return f'not started: {answer.reason}'
    request = Request(
        happened,
        PATH,
        files,
        1,
        1,
        inputs=wanted.get('inputs', {}),
        vars=wanted.get('vars', {}),
        only_jobs=tuple(wanted.get('jobs', ())),
        matrix=tuple(tuple(pair) for pair in wanted.get('matrix', ())),
    )
    match make(request):
        case Plan() as plan:
            return '\n'.join(drawing.draw(plan))
        case Lacking(references):
            return f'lacking: {", ".join(references)}'
        case Refused(diagnostics):
            return '\n'.join(
                f'{one.file}:{one.span.line}:{one.span.column}: {one.message}'
                for one in diagnostics
            )


def what_happened(wanted: dict[str, Any]) -> Event:
    head = Commit('a' * 40, wanted.get('message', 'feat: something'))
    changed = tuple(wanted['changed']) if 'changed' in wanted else None
    here = REPOSITORY._replace(
        branch=wanted.get('branch', 'main'), commits=(head,), changed=changed
    )
    name = wanted.get('event', 'push')
    match name:
        case 'push' if 'tag' in wanted:
            return event.tag(here, wanted['tag'])
        case 'push':
            return event.push(here)
        case 'pull_request' | 'pull_request_target':
            action = wanted.get('action', 'synchronize')
            return event.pull_request(here, base=wanted.get('base', ''), action=action, name=name)
        case 'workflow_dispatch':
            return event.workflow_dispatch(here)
        case 'schedule':
            return event.schedule(here, wanted['cron'])
        case 'workflow_run':
            return event.workflow_run(here, wanted['workflow'])
        case 'release':
            return event.release(here, wanted['tag'], action=wanted.get('action', 'published'))
        case _:
            return event.from_payload(here, name, wanted.get('payload', {}))
