"""The steps of a job, or of a composite action, and the rules that bind them to one another.

Steps that run in the background, and those that wait for them, came in June 2026. What they may
name: an id of the same job that stands before them. Rules: steps.ts of actions/languageservices.
"""

from typing import Final

from liftlock.language.reading.identifiers import Identifiers, of_action, repository
from liftlock.language.reading.mistakes import Gap, Mistakes
from liftlock.language.reading.trees import Record, Tree, mapping, records
from liftlock.language.records import NamedTuple
from liftlock.language.template import Literal
from liftlock.language.workflow import Cancel, Parallel, Run, Step, Uses, Wait

_HERE: Final = ('docker://', './', '.\\', '$/')  # references that need no repository

# Alternatives of the grammar that may not stand inside `parallel:`, and GitHub's words for it.
_OUTSIDE: Final = {
    'wait': "'wait' is not allowed inside a parallel block.",
    'wait_all': "'wait-all' is not allowed inside a parallel block.",
    'cancel': "'cancel' is not allowed inside a parallel block.",
    'parallel': "Nested 'parallel' blocks are not allowed.",
}
_BACKGROUND: Final = (
    "'background' is not allowed inside a parallel block. Steps in a parallel block are "
    'automatically run as background steps.'
)


class _Scope(NamedTuple):
    """What all steps of one job (or of an action: '') share."""

    job: str
    ids: Identifiers
    mistakes: Mistakes


def read(tree: Tree | None, mistakes: Mistakes, job: str = '') -> tuple[Step, ...]:
    """The steps of one job. All of them share one scope of ids."""
    scope = _Scope(job, Identifiers(), mistakes)
    return tuple([_step(record, scope) for record in records(tree)])


def _step(record: Record, scope: _Scope) -> Step:
    own = record.literal('id')
    if own is not None and (wrong := scope.ids.add(str(own.value))):
        scope.mistakes.add(own.span, 'id', wrong)
    scope.mistakes.doubt(own is None and 'id' in record.fields, 'steps', scope.job)
    match record.name:
        case 'run' | '':
            return _run(record, own, scope.ids)
        case 'uses':
            return _uses(record, own, scope)
        case 'parallel':
            return _parallel(record, scope)
    return _control(record, own, scope)


def _work(record: Record, id: str, does: Run | Uses) -> Step:
    fields = record.token
    return Step(
        id,
        does,
        record.span,
        fields('name'),
        record.computed('if'),
        fields('env'),
        fields('continue-on-error'),
        fields('timeout-minutes'),
        record.true('background'),
    )


def _run(record: Record, own: Literal | None, ids: Identifiers) -> Step:
    script = record.required('run')
    does = Run(script, record.token('shell'), record.token('working-directory'))
    return _work(record, str(own.value) if own else ids.make('run'), does)


def _uses(record: Record, own: Literal | None, scope: _Scope) -> Step:
    reference = record.literal('uses') or Literal('', record.span)
    text = str(reference.value)
    if text and not text.startswith(_HERE) and not repository(text):
        scope.mistakes.add(
            reference.span,
            'schema',
            f"Expected format {{org}}/{{repo}}[/path]@ref. Actual '{text}'",
        )
    does = Uses(reference, mapping(record.fields.get('with')))
    return _work(record, str(own.value) if own else scope.ids.make(of_action(text)), does)


def _control(record: Record, own: Literal | None, scope: _Scope) -> Step:
    """`wait`, `wait-all` and `cancel`. They have a name where their author gave none."""
    does: Wait | Cancel
    match record.name:
        case 'wait':
            does, word, name = Wait(record.literals('wait')), 'wait', 'Wait'
        case 'cancel':
            does, word, name = Cancel(record.literals('cancel')), 'cancel', 'Cancel'
        case _:
            does, word, name = Wait(), 'wait-all', 'Wait for all'
            value = record.literal('wait-all')
            if value is not None and value.value is False:
                message = "The value of 'wait-all' must be true or omitted"
                scope.mistakes.add(value.span, 'steps', message)
    for target in does.ids:
        _target(target, own, scope)
    return Step(
        str(own.value) if own else scope.ids.make(word),
        does,
        record.span,
        record.token('name') or Literal(name, record.span, name),
        continue_on_error=record.token('continue-on-error'),
    )


def _target(target: Literal, own: Literal | None, scope: _Scope) -> None:
    name = str(target.value)
    if name.startswith('__'):
        message = f"The identifier '{name}' is invalid. IDs starting with '__' are reserved."
    elif own is not None and name.lower() == str(own.value).lower():
        message = f"Step '{own.value}' cannot reference itself"
    elif not scope.ids.known(name) and Gap('steps', scope.job) not in scope.mistakes.gaps:
        message = f"Step references unknown step ID '{name}'"
    else:
        return
    scope.mistakes.add(target.span, 'steps', message, 'name a step of this job that stands before')


def _parallel(record: Record, scope: _Scope) -> Step:
    """A group is shown as one step; its members are background steps that it waits for."""
    id = scope.ids.make('parallel')
    members = []
    scope.mistakes.doubt(record.doubtful('parallel'), 'steps', scope.job)
    for inner in records(record.fields['parallel']):
        if inner.name in _OUTSIDE:
            scope.mistakes.add(inner.span, 'steps', _OUTSIDE[inner.name])
            continue
        if 'background' in inner.fields:
            scope.mistakes.add(inner.key('background').span, 'steps', _BACKGROUND)
        members.append(_step(inner, scope)._replace(background=True))
    name = Literal('Parallel group', record.span, 'Parallel group')
    return Step(id, Parallel(tuple(members)), record.span, name)
