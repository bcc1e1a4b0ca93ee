"""Which workflows an event starts, and for each of them why or why not: pure."""

from collections.abc import Mapping

from liftlock.engine import workflows
from liftlock.engine.workflows import Found
from liftlock.language.records import NamedTuple
from liftlock.language.workflow import Workflow
from liftlock.plan import triggers
from liftlock.plan.event import Event
from liftlock.plan.trust import PROPOSED
from liftlock.store.intakes import Decision, Tried


class Judged(NamedTuple):
    """`workflow` is None where the event does not start it."""

    decision: Decision
    workflow: Workflow | None = None


def judge(
    files: Mapping[str, str],
    event: Event,
    message: str,
    only: str = '',
    disabled: Mapping[str, str] | None = None,
) -> list[Judged]:
    """`files` are the repository's, by path. `message` is that of the commit that people know.
    `only` is the path of the one workflow that was asked for, '' for all. `disabled` says of
    workflows by whom, by their paths."""
    off = disabled or {}
    wanted = (path for path in files if workflows.is_workflow(path) and only in ('', path))
    found = (workflows.read(path, files[path]) for path in wanted)
    return [
        _judge(one, event, message) if one.path not in off else _off(one, off[one.path])
        for one in found
    ]


def _off(found: Found, by: str) -> Judged:
    reason = f'it is disabled (by {by})'
    name = found.workflow.name if found.workflow else ''
    tried = (Tried('enabled', False, reason),)
    return Judged(Decision(found.path, name or found.path, 'skipped', reason, tried))


def _judge(found: Found, event: Event, message: str) -> Judged:
    workflow = found.workflow
    if workflow is None:
        return Judged(Decision(found.path, '', 'refused', workflows.mistaken(found)))
    name = workflow.name or workflow.path
    trigger = workflow.on.get(event.name)
    if trigger is None:
        known = ', '.join(workflow.on)
        reason = f'it does not start on {event.name}, only on {known}'
        off = (Tried('on', False, reason),)
        return Judged(Decision(found.path, name, 'skipped', reason, off))
    tried = (Tried('on', True, ''), *_tried(workflow, event, message))
    reason = next((one.found for one in tried if not one.passed), '')
    if reason:
        return Judged(Decision(found.path, name, 'skipped', reason, tried))
    return Judged(Decision(found.path, name, 'started', '', tried), workflow)


def _tried(workflow: Workflow, event: Event, message: str) -> list[Tried]:
    trigger = workflow.on[event.name]
    found = [Tried(name, not why, why) for name, why in triggers.examine(trigger, event)]
    if event.name in PROPOSED:
        # Of a pull request the payload does not tell the message of the head.
        why = triggers.silenced(message)
        found = [one for one in found if one.filter != 'commit message']
        found.append(Tried('commit message', not why, why))
    return found
