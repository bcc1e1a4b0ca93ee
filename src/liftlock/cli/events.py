"""From the words of a command line to the event that they mean."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from liftlock.cli.options import Asked, pairs
from liftlock.errors import UserError
from liftlock.language.expressions.values import Value
from liftlock.language.workflow import Workflow
from liftlock.plan import event as e
from liftlock.plan.event import Event, RepositoryFacts

LIMIT: Final = 25 * 1024 * 1024  # bytes; GitHub sends no payload above 25 MB
PULLS: Final = ('pull_request', 'pull_request_target')


def read_event(asked: Asked, repository: RepositoryFacts, workflows: Iterable[Workflow]) -> Event:
    """The event that was asked for. `workflows` answer what only they know: a cron line, say."""
    found = _at_ref(asked, repository)
    if asked.event_path:
        return e.from_payload(found, asked.event, read_payload(Path(asked.event_path)))
    if asked.event in PULLS:
        return e.pull_request(
            found,
            base=_short(asked.base),
            head=_short(asked.head),
            action=asked.activity or 'synchronize',
            name=asked.event,
        )
    return _other(asked, found, tuple(workflows))


def _other(asked: Asked, facts: RepositoryFacts, workflows: tuple[Workflow, ...]) -> Event:
    match asked.event:
        case 'push':
            tag = _tag(asked, facts)
            return e.tag(facts, tag) if tag else e.push(facts)
        case 'workflow_dispatch':
            return e.workflow_dispatch(facts)
        case 'workflow_call':
            return e.workflow_call(facts)
        case 'schedule':
            return e.schedule(facts, _cron(workflows))
        case 'workflow_run':
            action = asked.activity or 'completed'
            return e.workflow_run(facts, _watched(workflows), action=action)
        case 'repository_dispatch':
            return e.repository_dispatch(facts, asked.activity or 'local', _payload(asked))
        case 'release':
            tag = asked.ref.removeprefix('refs/tags/') or 'v0.0.0'
            return e.release(facts, tag, action=asked.activity or 'published')
        case 'merge_group':
            return e.merge_group(facts, base=_short(asked.base))
        case name:
            payload: dict[str, Value] = {'action': asked.activity} if asked.activity else {}
            return e.from_payload(facts, name, payload)


def read_payload(path: Path) -> dict[str, Value]:
    """The JSON object in this file. Numbers become doubles, as the language has them."""
    try:
        with path.open('rb') as file:
            data = file.read(LIMIT + 1)
        if len(data) > LIMIT:
            raise UserError(f'{path} is larger than 25 MB; GitHub would not send it')
        content = json.loads(data.decode('utf-8'), parse_int=float)
    except OSError as error:
        raise UserError(f'{path} cannot be read: {error.strerror}') from error
    except (ValueError, RecursionError) as error:
        raise UserError(f'{path} is not JSON: {error}') from error
    if not isinstance(content, dict):
        raise UserError(f'{path} must hold a JSON object, as a webhook sends it')
    return content


def _at_ref(asked: Asked, facts: RepositoryFacts) -> RepositoryFacts:
    """`--ref` moves the event to another branch; the files stay those that are here."""
    if not asked.ref or _tag(asked, facts):
        return facts
    return facts._replace(branch=_short(asked.ref))


def _tag(asked: Asked, facts: RepositoryFacts) -> str:
    """The tag that is pushed: one that is named, or the one that is checked out. '' for none."""
    if asked.ref.startswith('refs/tags/'):
        return asked.ref.removeprefix('refs/tags/')
    if asked.ref:
        return asked.ref if asked.ref in facts.tags and asked.ref != facts.branch else ''
    return facts.tags[0] if facts.tags and not facts.branch else ''


def _short(ref: str) -> str:
    return ref.removeprefix('refs/heads/')


def _cron(workflows: Iterable[Workflow]) -> str:
    """The first schedule that any of them has: the event is that this time has come."""
    for workflow in workflows:
        for schedule in workflow.on['schedule'].schedules if 'schedule' in workflow.on else ():
            return schedule.cron.text or str(schedule.cron.value)
    return '0 0 * * *'


def _watched(workflows: Iterable[Workflow]) -> str:
    for workflow in workflows:
        trigger = workflow.on.get('workflow_run')
        if trigger and trigger.workflows:
            return str(trigger.workflows[0].value)
    return ''


def _payload(asked: Asked) -> dict[str, Value]:
    return {**pairs(asked.input, '--input')}
