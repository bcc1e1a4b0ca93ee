"""Which workflows an event starts, and why it does not start the others.

Every test returns a reason, a sentence for people, or '' where it lets the event through.
Source: GitHub's "Events that trigger workflows" and "Workflow syntax", section `on`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple
from liftlock.language.template import Literal
from liftlock.language.workflow import Trigger, Workflow
from liftlock.plan import globs
from liftlock.plan.event import Event

Patterns: TypeAlias = tuple[Literal, ...] | None

# Without `types:` these events start a workflow by these activities only; all others by any.
DEFAULT_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    'pull_request': ('opened', 'synchronize', 'reopened'),
    'pull_request_target': ('opened', 'synchronize', 'reopened'),
}
SKIPPING: Final = ('[skip ci]', '[ci skip]', '[no ci]', '[skip actions]', '[actions skip]')


class Started(NamedTuple):
    trigger: Trigger


class NotStarted(NamedTuple):
    """`reason` is a sentence for people: "branch `dev` matches none of branches: main"."""

    reason: str


def starts(workflow: Workflow, event: Event) -> Started | NotStarted:
    """Whether this event starts this workflow."""
    trigger = workflow.on.get(event.name)
    if trigger is None:
        known = ', '.join(workflow.on)
        return NotStarted(f'it does not start on {event.name}, only on {known}')
    reasons = (reason for _, reason in examine(trigger, event) if reason)
    first = next(reasons, '')
    return NotStarted(first) if first else Started(trigger)


def examine(trigger: Trigger, event: Event) -> Iterator[tuple[str, str]]:
    """Every filter that counts for the event, by the words of the file, and why it does not let
    the event through; '' where it does."""
    for name, test in (('types', _activity), *FILTERS.get(event.name, ())):
        yield name, test(trigger, event)


def _activity(trigger: Trigger, event: Event) -> str:
    action = event.payload.get('action')
    types = texts(trigger.types) if trigger.types is not None else DEFAULT_TYPES.get(event.name)
    if types is None or not isinstance(action, str) or action in types:
        return ''
    default = '' if trigger.types is not None else ' (the default)'
    return f'activity `{action}` is none of types{default}: {", ".join(types)}'


# --- push


def _pushed_ref(trigger: Trigger, event: Event) -> str:
    """Filters for branches only keep tags out, and the other way round."""
    if event.payload.get('deleted') is True:
        return f'{event.ref} was deleted'
    for_branches = trigger.branches is not None or trigger.branches_ignore is not None
    for_tags = trigger.tags is not None or trigger.tags_ignore is not None
    if event.ref.startswith('refs/tags/'):
        if for_branches and not for_tags:
            return 'a tag was pushed, and only branches are named'
        return _matching('tag', event.ref[10:], trigger.tags, trigger.tags_ignore)
    if for_tags and not for_branches:
        return 'a branch was pushed, and only tags are named'
    name = event.ref.removeprefix('refs/heads/')
    return _matching('branch', name, trigger.branches, trigger.branches_ignore)


def _pushed_paths(trigger: Trigger, event: Event) -> str:
    return '' if event.ref.startswith('refs/tags/') else _paths(trigger, event)


def _skipped(trigger: Trigger, event: Event) -> str:
    """A commit can ask for silence: of a push its head, of a pull request the same."""
    head = event.payload.get('head_commit')
    message = head.get('message') if isinstance(head, dict) else None
    return silenced(message) if isinstance(message, str) else ''


def silenced(message: str) -> str:
    """Why a commit with this message starts nothing; '' if it may."""
    for words in SKIPPING:
        if words in message:
            return f'the commit message says {words}'
    trailers = message.rstrip().rpartition('\n\n')[2].lower().splitlines()
    if any(line.replace(' ', '') == 'skip-checks:true' for line in trailers):
        return 'the commit message says skip-checks: true'
    return ''


# --- pull requests, merge queues, other workflows, schedules


def _base(trigger: Trigger, event: Event) -> str:
    base = event.base_ref.removeprefix('refs/heads/')
    return _matching('base branch', base, trigger.branches, trigger.branches_ignore)


def _paths(trigger: Trigger, event: Event) -> str:
    if event.changed is None:
        return ''
    if trigger.paths is not None:
        patterns = texts(trigger.paths)
        if not any(globs.match(patterns, path) for path in event.changed):
            return f'no changed file matches paths: {", ".join(patterns)}'
    if trigger.paths_ignore is not None:
        patterns = texts(trigger.paths_ignore)
        if all(globs.match(patterns, path) for path in event.changed):
            return f'every changed file matches paths-ignore: {", ".join(patterns)}'
    return ''


def _other_workflow(trigger: Trigger, event: Event) -> str:
    run = _inside(event.payload, 'workflow_run')
    name = str(run.get('name') or '')
    names = texts(trigger.workflows)
    if trigger.workflows is not None and name not in names:
        return f'workflow `{name}` is none of workflows: {", ".join(names)}'
    branch = str(run.get('head_branch') or '')
    return _matching('branch', branch, trigger.branches, trigger.branches_ignore)


def _slot(trigger: Trigger, event: Event) -> str:
    cron = event.payload.get('schedule')
    crons = tuple(str(schedule.cron.value) for schedule in trigger.schedules)
    if not isinstance(cron, str) or not cron or cron in crons:
        return ''
    return f'`{cron}` is none of its schedules: {", ".join(crons)}'


def _image(trigger: Trigger, event: Event) -> str:
    image = _inside(event.payload, 'image_version')
    name, version = str(image.get('name') or ''), str(image.get('version') or '')
    return _matching('image', name, trigger.names, None) or _matching(
        'version', version, trigger.versions, None
    )


Filter: TypeAlias = Callable[[Trigger, Event], str]
FILTERS: Final[Mapping[str, tuple[tuple[str, Filter], ...]]] = {
    'push': (
        ('branches, tags', _pushed_ref),
        ('paths', _pushed_paths),
        ('commit message', _skipped),
    ),
    'pull_request': (('branches', _base), ('paths', _paths), ('commit message', _skipped)),
    'pull_request_target': (('branches', _base), ('paths', _paths)),
    'merge_group': (('branches', _base),),
    'workflow_run': (('workflows, branches', _other_workflow),),
    'schedule': (('cron', _slot),),
    'image_version': (('names, versions', _image),),
}


def _matching(noun: str, name: str, wanted: Patterns, ignored: Patterns) -> str:
    if wanted is not None and not globs.match(texts(wanted), name):
        return f'{noun} `{name}` matches none of {_key(noun)}: {", ".join(texts(wanted))}'
    if ignored is not None and globs.match(texts(ignored), name):
        return f'{noun} `{name}` matches {_key(noun)}-ignore: {", ".join(texts(ignored))}'
    return ''


def _key(noun: str) -> str:
    """The key of the file that a noun is filtered by."""
    last = noun.rpartition(' ')[2]
    return {'branch': 'branches', 'image': 'names'}.get(last, f'{last}s')


def texts(literals: Patterns) -> tuple[str, ...]:
    return tuple(str(literal.value) for literal in literals or ())


def _inside(payload: Mapping[str, Value], name: str) -> Mapping[str, Value]:
    found = payload.get(name)
    return found if isinstance(found, dict) else {}
