"""What a job reads of the jobs before it: only of those it names in `needs`, only their outputs."""

from collections.abc import Iterator
from typing import Final

from liftlock.language.action import Action
from liftlock.language.checks.subject import Subject, written
from liftlock.language.checks.walk import Use, fixed, keys
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.expressions.nodes import Reference
from liftlock.language.nearest import suggestion
from liftlock.language.rule import Rule
from liftlock.language.template import Computed, Token
from liftlock.language.workflow import AnyJob, Call, Workflow

MISSING: Final = Rule(
    'needs-missing',
    Severity.WARNING,
    'An expression reads `needs.<job>`, but the job does not have that one in its own `needs:`.',
    'The `needs` context holds only the jobs that are named there, not those that they need in'
    ' turn. The expression is empty, and nothing fails.',
    'Add the job to `needs:`.',
)
OUTPUT: Final = Rule(
    'needs-output',
    Severity.WARNING,
    'An expression reads an output that the needed job, or a job of the called workflow, does not'
    ' declare in `outputs:`.',
    "Outputs of a job's steps are not outputs of the job. The expression is empty, and nothing"
    ' fails.',
    'Declare it: `outputs: {name: "${{ steps.id.outputs.name }}"}`.',
)
RULES: Final = (MISSING, OUTPUT)


def check(subject: Subject) -> Iterator[Diagnostic]:
    workflow = subject.document
    if isinstance(workflow, Action):
        return
    for use in subject.uses:
        for path in use.references:
            if path[0] == 'needs' and use.job and len(path) > 1:
                yield from _needed(subject, workflow, use, path)
    for trigger in workflow.on.values():
        for output in trigger.outputs:
            yield from _exported(subject, workflow, output.value)


def _needed(
    subject: Subject, workflow: Workflow, use: Use, path: Reference
) -> Iterator[Diagnostic]:
    assert use.job is not None
    name = path[1]
    if name in (None, '*'):
        return
    needed = {str(need.value).lower() for need in use.job.needs}
    if name not in needed:
        stray = any(_job(workflow, other) is None for other in needed)
        if stray or subject.doubtful('needs', str(use.job.id.value)):
            return  # a need that is no job was told when the file was read; it may be this one
        span = subject.spot(use.computed.span, written(path[:2]))
        message = f'job "{use.job.id.value}" does not need "{name}", so needs.{name} is empty'
        yield subject.found(MISSING, span, message, _remedy(workflow, needed, name))
        return
    job = _job(workflow, name)
    if job is not None:
        yield from _output(subject, job, use.computed, path)


def _remedy(workflow: Workflow, needed: set[str], name: str) -> str:
    if _job(workflow, name) is not None:
        return f'add it: needs: [{", ".join([*sorted(needed), name])}]'
    return suggestion(name, needed or workflow.jobs, 'there is no such job')


def _exported(subject: Subject, workflow: Workflow, token: Token) -> Iterator[Diagnostic]:
    """Outputs of a workflow that can be called are read from `jobs`."""
    if not isinstance(token, Computed):
        return
    for path, _ in token.expression.references:
        if path[0] != 'jobs' or len(path) < 2 or path[1] in (None, '*'):
            continue
        job = _job(workflow, str(path[1]))
        if job is not None:
            yield from _output(subject, job, token, path)
            continue
        if subject.doubtful('jobs'):
            continue
        hint = suggestion(str(path[1]), workflow.jobs)
        span = subject.spot(token.span, written(path[:2]))
        yield subject.found(OUTPUT, span, f'there is no job "{path[1]}"', hint)


def _output(
    subject: Subject, job: AnyJob, computed: Computed, path: Reference
) -> Iterator[Diagnostic]:
    if len(path) < 4 or path[2] != 'outputs' or path[3] in (None, '*'):
        return
    declared = _declared(subject, job)
    if declared is None or path[3] in {name.lower() for name in declared}:
        return
    known = f'it has: {", ".join(declared)}' if declared else 'it has none'
    yield subject.found(
        OUTPUT,
        subject.spot(computed.span, written(path[:4])),
        f'job "{job.id.value}" has no output "{path[3]}"',
        suggestion(str(path[3]), declared, known),
    )


def _declared(subject: Subject, job: AnyJob) -> list[str] | None:
    """Names of a job's outputs; None when that cannot be known here."""
    if isinstance(job, Call):
        callee = subject.neighbours.get(str(job.uses.value))
        if not isinstance(callee, Workflow) or 'workflow_call' not in callee.on:
            return None
        return [str(output.name.value) for output in callee.on['workflow_call'].outputs]
    if job.outputs is None:
        return []
    return list(keys(job.outputs)) if fixed(job.outputs) else None


def _job(workflow: Workflow, name: str) -> AnyJob | None:
    return next((job for id, job in workflow.jobs.items() if id.lower() == name), None)
