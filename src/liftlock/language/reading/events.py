"""`on:` in its three shapes, with filters, schedules, inputs, secrets and outputs."""

from typing import Final

from liftlock.language.reading import schedules
from liftlock.language.reading.mistakes import Mistakes
from liftlock.language.reading.trees import (
    Record,
    Tree,
    entries,
    holed,
    is_unread,
    listed,
    records,
    unread,
)
from liftlock.language.template import Literal
from liftlock.language.workflow import Input, Output, Schedule, Secret, Trigger

MOST_INPUTS: Final = 25


def read(tree: Tree | None, mistakes: Mistakes) -> dict[str, Trigger]:
    """Triggers by the event's name, in the order of the file."""
    if not isinstance(tree, Record):
        mistakes.doubt(tree is None or holed(tree), 'on')
        return {str(event.value): Trigger(event) for event in listed(tree)}
    mistakes.doubt(not tree.whole, 'on')
    return {name: _trigger(tree.key(name), under, mistakes) for name, under in tree.fields.items()}


def _trigger(event: Literal, under: Tree, mistakes: Mistakes) -> Trigger:
    if event.value == 'schedule':
        return Trigger(event, schedules=_schedules(under, mistakes))
    if not isinstance(under, Record):
        mistakes.doubt(is_unread(under), 'inputs')
        return Trigger(event)
    if event.value in ('workflow_dispatch', 'workflow_call'):
        return _entrance(event, under, mistakes)

    def given(key: str) -> tuple[Literal, ...] | None:
        there = key in under.fields and not under.doubtful(key)
        return under.literals(key) if there else None

    return Trigger(
        event,
        types=given('types'),
        branches=given('branches'),
        branches_ignore=given('branches-ignore'),
        tags=given('tags'),
        tags_ignore=given('tags-ignore'),
        paths=given('paths'),
        paths_ignore=given('paths-ignore'),
        workflows=given('workflows'),
        names=given('names'),
        versions=given('versions'),
    )


def _schedules(tree: Tree, mistakes: Mistakes) -> tuple[Schedule, ...]:
    found = []
    for record in records(tree):
        cron, timezone = record.literal('cron'), record.literal('timezone')
        if cron is None:
            continue
        if wrong := schedules.cron_problem(str(cron.value)):
            mistakes.add(cron.span, 'schedule', *wrong)
        if timezone is not None and (unknown := schedules.timezone_problem(str(timezone.value))):
            mistakes.add(timezone.span, 'schedule', *unknown)
        found.append(Schedule(cron, timezone))
    return tuple(found)


def _entrance(event: Literal, under: Record, mistakes: Mistakes) -> Trigger:
    """`workflow_dispatch` and `workflow_call`: events that bring values with them."""
    mistakes.doubt(under.doubtful('inputs'), 'inputs')
    inputs = tuple(
        _input(name, tree, mistakes) for name, tree in entries(under.fields.get('inputs'))
    )
    if event.value == 'workflow_dispatch' and len(inputs) > MOST_INPUTS:
        message = (
            f'you may only define up to {MOST_INPUTS} `inputs` for a `workflow_dispatch` event'
        )
        mistakes.add(under.key('inputs').span, 'inputs', message)
    secrets = tuple(_secret(name, tree) for name, tree in entries(under.fields.get('secrets')))
    outputs = tuple(_output(name, tree) for name, tree in entries(under.fields.get('outputs')))
    return Trigger(event, inputs=inputs, secrets=secrets, outputs=outputs)


def _input(name: Literal, tree: Tree, mistakes: Mistakes) -> Input:
    if not isinstance(tree, Record):
        return Input(name, '' if is_unread(tree) else 'string')
    kind = '' if tree.doubtful('type') else tree.text('type') or 'string'
    options = tuple(str(option.value) for option in tree.literals('options'))
    if kind == 'choice' and not options and not tree.doubtful('options'):
        hint = 'add options: [one, another]'
        mistakes.add(tree.span, 'inputs', "Missing 'options' for choice input", hint)
    if kind not in ('choice', '') and options:
        message = "Input type is not 'choice', but 'options' is defined"
        mistakes.add(tree.key('options').span, 'inputs', message, 'add `type: choice`')
    return Input(
        name, kind, tree.true('required'), tree.token('default'), options, tree.text('description')
    )


def _secret(name: Literal, tree: Tree) -> Secret:
    if isinstance(tree, Record):
        return Secret(name, tree.true('required'), tree.text('description'))
    return Secret(name)


def _output(name: Literal, tree: Tree) -> Output:
    if not isinstance(tree, Record):
        return Output(name, unread(name.span))
    return Output(name, tree.required('value'), tree.text('description'))
