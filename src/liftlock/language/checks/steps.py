"""What a step reads of the steps before it, and what stands in the properties of both contexts."""

from collections.abc import Iterator
from typing import Final

from liftlock.language.action import Action, Composite
from liftlock.language.checks.subject import Subject, written
from liftlock.language.checks.walk import Document, Use, all_steps
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.expressions.nodes import Reference
from liftlock.language.nearest import nearest, suggestion
from liftlock.language.rule import Rule
from liftlock.language.workflow import Job, Step, Uses

UNKNOWN: Final = Rule(
    'step-unknown',
    Severity.WARNING,
    'An expression reads `steps.<id>` of a step that the job does not have, or that runs later.',
    'The expression is empty, and nothing fails.',
    'Give the step that `id:`, or move it before the one that reads it.',
)
PROPERTY: Final = Rule(
    'context-property',
    Severity.WARNING,
    'An expression reads a property that `steps.<id>` or `needs.<job>` never has. Steps have'
    ' `outputs`, `outcome` and `conclusion`; jobs have `outputs` and `result`.',
    'The expression is empty, and nothing fails. Most often `.outputs` was forgotten.',
    'Write `steps.id.outputs.name` or `needs.job.outputs.name`.',
)
OUTPUT: Final = Rule(
    'step-output',
    Severity.WARNING,
    'An expression reads an output that the composite action of that step does not declare.',
    'The expression is empty, and nothing fails.',
    "Declare the output in the action's `outputs:`, or correct the name.",
)
RULES: Final = (UNKNOWN, PROPERTY, OUTPUT)
PROPERTIES: Final = {
    'steps': ('outputs', 'outcome', 'conclusion'),
    'needs': ('outputs', 'result'),
}


def check(subject: Subject) -> Iterator[Diagnostic]:
    document = subject.document
    for use in subject.uses:
        for path in use.references:
            yield from _property(subject, use, path)
            if path[0] == 'steps' and len(path) > 1 and path[1] not in (None, '*'):
                yield from _step(subject, use, path, _named(document, use))


def _property(subject: Subject, use: Use, path: Reference) -> Iterator[Diagnostic]:
    known = PROPERTIES.get(path[0] or '', ())
    if not known or len(path) < 3 or path[2] in (None, '*', *known):
        return
    near = nearest(str(path[2]), known, cutoff=0.7)
    shown = f'{path[0]}.{path[1] or "*"}'
    yield subject.found(
        PROPERTY,
        subject.spot(use.computed.span, written(path[:3])),
        f'{shown} has no property "{path[2]}"',
        f'did you mean "{near}"?' if near else f'did you mean {shown}.outputs.{path[2]}?',
    )


def _step(
    subject: Subject, use: Use, path: Reference, named: dict[str, Step]
) -> Iterator[Diagnostic]:
    name = str(path[1])
    step = named.get(name)
    span = subject.spot(use.computed.span, written(path[:2]))
    if step is None:
        if subject.doubtful('steps', str(use.job.id.value) if use.job else ''):
            return
        hint = suggestion(name, (one.id for one in named.values()), _listed(named))
        message = f'there is no step with the id "{subject.spelled(span, name)}"'
        yield subject.found(UNKNOWN, span, message, hint)
    elif use.before is not None and name not in use.before:
        itself = use.step is not None and use.step.id.lower() == name
        when = 'is the step itself' if itself else 'runs later'
        message = f'step "{step.id}" {when}, so steps.{step.id} is empty here'
        yield subject.found(UNKNOWN, span, message)
    elif len(path) > 3 and path[2] == 'outputs' and path[3] not in (None, '*'):
        yield from _output(subject, use, path, step)


def _output(subject: Subject, use: Use, path: Reference, step: Step) -> Iterator[Diagnostic]:
    """Only of composite actions: a program can put out what its action.yml does not declare."""
    action = None
    if isinstance(step.does, Uses):
        action = subject.neighbours.get(str(step.does.reference.value))
    if not isinstance(action, Action) or not isinstance(action.runs, Composite):
        return
    declared = [output.name for output in action.outputs]
    if path[3] in {name.lower() for name in declared}:
        return
    known = f'it has: {", ".join(declared)}' if declared else 'it has none'
    yield subject.found(
        OUTPUT,
        subject.spot(use.computed.span, written(path[:4])),
        f'"{action.name or action.path}" has no output "{path[3]}"',
        suggestion(str(path[3]), declared, known),
    )


def _named(document: Document, use: Use) -> dict[str, Step]:
    """The steps of this scope that have an id of their own."""
    steps: tuple[Step, ...] = ()
    if isinstance(use.job, Job):
        steps = use.job.steps
    elif isinstance(document, Action) and isinstance(document.runs, Composite):
        steps = document.runs.steps
    return {step.id.lower(): step for step in all_steps(steps) if step.id and step.id[:2] != '__'}


def _listed(named: dict[str, Step]) -> str:
    ids = [step.id for step in named.values()]
    return f'steps with an id: {", ".join(ids)}' if ids else 'no step here has an id'
