"""Event and workflow in, plan out.

match make(request):
    case Plan() as plan: …
    case Lacking(references): …   # read these files, put them into request.files, ask again
    case Refused(diagnostics): …  # the file, or one it calls, is wrong
"""

from functools import lru_cache
from typing import Final

from liftlock.errors import UserError
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.expressions.values import Value
from liftlock.language.parse import Parsed, parse
from liftlock.language.records import NamedTuple
from liftlock.language.workflow import Call, Permissions, Workflow
from liftlock.plan import agreement, calls, contexts, inputs, permissions
from liftlock.plan.evaluation import Evaluator, Unusable
from liftlock.plan.job import concurrency
from liftlock.plan.plan import Plan, Request

DEEPEST: Final = 10  # workflows in a row, the first one included
MOST: Final = 50  # called files of one run
NAME_THEIR_WORKFLOW: Final = ('workflow_dispatch', 'schedule')
MOST_JOBS: Final = 10_000  # of one run, matrices not counted: calls multiply


class Lacking(NamedTuple):
    """Called workflows that have not been read yet, as keys of `Request.files`.

    `.github/workflows/x.yml` stands in the repository itself;
    `owner/repo/.github/workflows/x.yml@ref` elsewhere.
    """

    references: tuple[str, ...]


class Refused(NamedTuple):
    diagnostics: tuple[Diagnostic, ...]


class _Found:
    """What following the calls brought together."""

    __slots__ = ('diagnostics', 'entered', 'lacking', 'workflows')

    def __init__(self) -> None:
        self.workflows: dict[str, Workflow] = {}
        self.entered: set[tuple[str, int, Permissions]] = set()
        self.lacking: dict[str, None] = {}
        self.diagnostics: dict[Diagnostic, None] = {}


def make(request: Request, policy: str = 'Write') -> Plan | Lacking | Refused:
    """`policy` is what a token may do without any `permissions:`, Write or LimitedRead.

    Raises UserError for inputs that don't fit, and jobs that don't exist.
    """
    workflow, diagnostics = read(request.workflow, request.files[request.workflow])
    if workflow is None:
        return Refused(diagnostics)
    found = _Found()
    found.diagnostics.update(dict.fromkeys(diagnostics))
    allowed = permissions.POLICIES[policy]
    _follow(workflow, request, found, workflow.permissions or allowed, depth=2)
    errors = tuple(found.diagnostics)
    if errors:
        return Refused(errors)
    if found.lacking:
        return Lacking(tuple(found.lacking))
    jobs = _count(workflow, found.workflows, {})
    if jobs > MOST_JOBS:
        first = next(job for job in workflow.jobs.values() if isinstance(job, Call))
        limit = f'This run would have {jobs:,} jobs, more than {MOST_JOBS:,}'
        return Refused((agreement.mistake(workflow.path, first.uses.span, limit),))
    _check_chosen(request, workflow)
    try:
        return _plan(request, workflow, found.workflows)
    except Unusable as problem:
        return Refused((_early(workflow, problem),))


@lru_cache(maxsize=128)
def read(path: str, text: str) -> Parsed:
    """`parse`, but the same text is read once: by whoever asks which workflows start, and here."""
    return parse(path, text)


def _follow(
    caller: Workflow, request: Request, found: _Found, allowed: Permissions, depth: int
) -> None:
    """Read what a workflow calls, and what that calls."""
    for job in caller.jobs.values():
        if isinstance(job, Call):
            _enter(job, caller, request, found, job.permissions or allowed, depth)


def _enter(
    call: Call,
    caller: Workflow,
    request: Request,
    found: _Found,
    allowed: Permissions,
    depth: int,
) -> None:
    reference = calls.reference(call, caller.path)
    if depth > DEEPEST or (reference not in found.workflows and len(found.workflows) >= MOST):
        limit = (
            f'Nested reusable workflow depth exceeded {DEEPEST}.'
            if depth > DEEPEST
            else f'More than {MOST} reusable workflows are called.'
        )
        found.diagnostics[agreement.mistake(caller.path, call.uses.span, limit)] = None
        return
    if reference not in request.files:
        found.lacking[reference] = None
        return
    callee, errors = read(reference, request.files[reference])
    found.diagnostics.update(dict.fromkeys(errors))
    if callee is None:
        return
    found.workflows[reference] = callee
    wrong = [
        *agreement.check(call, caller.path, callee),
        *agreement.check_permissions(call, caller.path, callee, reference, allowed),
    ]
    found.diagnostics.update(dict.fromkeys(wrong))
    way = reference, depth, allowed
    if not wrong and way not in found.entered:  # else it was followed with the same outcome
        found.entered.add(way)
        _follow(callee, request, found, callee.permissions or allowed, depth + 1)


def _count(workflow: Workflow, called: dict[str, Workflow], known: dict[str, int]) -> int:
    """Jobs of a run, those of called workflows included, before any matrix is expanded."""
    if workflow.path not in known:
        known[workflow.path] = sum(
            _count(called[calls.reference(job, workflow.path)], called, known)
            if isinstance(job, Call)
            else 1
            for job in workflow.jobs.values()
        )
    return known[workflow.path]


def _check_chosen(request: Request, workflow: Workflow) -> None:
    """A person asked for these jobs by name."""
    ids = {str(job.id.value) for job in workflow.jobs.values()}
    for asked in request.only_jobs:
        if asked.partition('/')[0].lower() not in {id.lower() for id in ids}:
            raise UserError(
                f'{workflow.path} has no job {asked}', f'its jobs are: {", ".join(sorted(ids))}'
            )


def _plan(request: Request, workflow: Workflow, called: dict[str, Workflow]) -> Plan:
    typed = inputs.of_event(request, workflow)
    payload = inputs.told(request.event.payload, request.event.name, typed)
    if request.event.name in NAME_THEIR_WORKFLOW:
        payload = {'workflow': workflow.path, **payload}
    known: dict[str, Value] = {
        'github': contexts.github(request, workflow, payload),
        'inputs': typed,
        'vars': {**request.vars},
    }
    evaluate = Evaluator(workflow.path, known)
    name = workflow.name or workflow.path
    title = evaluate.text(workflow.run_name) if workflow.run_name else ''
    return Plan(
        request=request,
        workflow=workflow,
        name=name,
        title=title.strip() or contexts.title(request.event, name),
        workflows=called,
        contexts=known,
        concurrency=concurrency(workflow.concurrency, evaluate),
    )


def _early(workflow: Workflow, problem: Unusable) -> Diagnostic:
    return Diagnostic(
        workflow.path, problem.span, Severity.ERROR, 'workflow-value', problem.message
    )
