"""How the tree of a run grows: what a job sees of the others, its legs, the workflow it calls."""

from collections.abc import Iterator
from typing import Final

from liftlock.language.expressions.errors import ExpressionError
from liftlock.language.expressions.values import Value, find, to_text
from liftlock.language.records import NamedTuple
from liftlock.language.workflow import Call
from liftlock.plan import calls, matrix
from liftlock.plan.evaluation import Evaluator, Unusable, place
from liftlock.plan.job import bound, concurrency, display, leg_contexts, path
from liftlock.plan.names import leg_key
from liftlock.plan.plan import Group, Passed, Plan, Request
from liftlock.plan.tree import Frame, Leg, Slot, build

PROBLEMS: Final = (Unusable, matrix.BadMatrix, ExpressionError)


def explain(problem: Exception, slot: Slot) -> str:
    """A problem with the place it has: its own, that of the matrix, or that of the job."""
    if isinstance(problem, Unusable):
        return str(problem)
    written = slot.job.strategy
    token = written.matrix or written.computed
    span = (token if isinstance(problem, matrix.BadMatrix) and token else slot.job.id).span
    return f'{place(slot.frame.workflow.path, span)}: {problem}'


def root(plan: Plan) -> Frame:
    frame = Frame(plan.workflow, plan.contexts, permissions=plan.workflow.permissions)
    return build(frame, chosen(plan.request, ''))


def chosen(request: Request, call: str) -> frozenset[str] | None:
    """Which jobs of a workflow a person asked for (lower-case ids); None for all.

    `deploy/smoke` asks for one job inside the call `deploy`; `call` is '' for the workflow itself.
    """
    prefix = f'{call}/'.lower() if call else ''
    asked = [job.lower() for job in request.only_jobs]
    inside = [job.removeprefix(prefix) for job in asked if job.startswith(prefix)]
    return frozenset(job.partition('/')[0] for job in inside) or None


def slot_contexts(slot: Slot, attempt: int) -> dict[str, Value]:
    """The workflow's contexts in this attempt of the run, and `needs`: the jobs needed directly."""
    needs: dict[str, Value] = {need.id: _ended(need) for need in slot.needs}
    github = slot.frame.contexts['github']
    assert isinstance(github, dict)
    return {
        **slot.frame.contexts,
        'github': {**github, 'run_attempt': str(attempt)} if attempt > 1 else github,
        'needs': needs,
    }


def _ended(slot: Slot) -> dict[str, Value]:
    return {'result': slot.result, 'outputs': {**slot.outputs}}


def outputs(frame: Frame) -> dict[str, str]:
    """What a called workflow gives back; nothing where an output cannot be evaluated."""
    jobs: dict[str, Value] = {slot.id: _ended(slot) for slot in frame.slots.values()}
    try:
        return calls.outputs(frame.workflow, {**frame.contexts, 'jobs': jobs})
    except Unusable:
        return {}


def deploys(leg: Leg, request: Request) -> bool:
    job = leg.slot.job
    if isinstance(job, Call):
        return False
    return job.environment is not None or bound(leg.slot, request) != ''


# --- legs


def expand(slot: Slot, request: Request) -> list[Leg]:
    """The legs of a job: the one it has without a matrix, else one for each configuration."""
    wanted = _strategy(slot)
    slot.fail_fast = wanted.fail_fast
    if wanted.matrix is None:
        return slot.legs
    slot.window = max(0, wanted.max_parallel)
    configurations = matrix.expand(wanted.matrix)
    slot.total = len(configurations)
    return [
        _leg(slot, number, configuration)
        for number, configuration in enumerate(configurations)
        if _asked_for(configuration.values, request)
    ]


class Strategy(NamedTuple):
    """A `strategy:` evaluated. Without a matrix the rest means nothing."""

    matrix: Value = None
    fail_fast: bool = True
    max_parallel: int = 0


def _strategy(slot: Slot) -> Strategy:
    """From its keys, or from one expression for all of them."""
    written = slot.job.strategy
    evaluate = Evaluator(slot.frame.workflow.path, slot.contexts)
    if written.computed is None:
        return Strategy(
            evaluate.value(written.matrix) if written.matrix else None,
            evaluate.boolean(written.fail_fast, True),
            evaluate.number(written.max_parallel, 0),
        )
    value = evaluate.value(written.computed)
    if not isinstance(value, dict):
        raise evaluate.unusable(written.computed, 'A mapping was expected')
    return Strategy(
        value.get('matrix'),
        evaluate.as_boolean(written.computed, value.get('fail-fast', True)),
        evaluate.as_number(written.computed, value.get('max-parallel', 0.0)),
    )


def _leg(slot: Slot, number: int, configuration: matrix.Configuration) -> Leg:
    leg = Leg(slot, leg_key(slot.key, number), number)
    leg.matrix, leg.segments = configuration
    return leg


def _asked_for(values: dict[str, Value], request: Request) -> bool:
    """Several values of one key mean any of them; a matrix without the key is left alone."""
    wanted: dict[str, set[str]] = {}
    for key, value in request.matrix:
        wanted.setdefault(key, set()).add(value.lower())
    return all(
        to_text(find(values, key)).lower() in any_of
        for key, any_of in wanted.items()
        if find(values, key) is not None
    )


# --- calls


def call(leg: Leg, plan: Plan, attempt: int) -> None:
    """Give a call its inside, and the groups that it must enter first. Raises Unusable."""
    job, frame = leg.slot.job, leg.slot.frame
    assert isinstance(job, Call)
    known = leg_contexts(leg, attempt)
    evaluate = Evaluator(frame.workflow.path, known)
    callee = plan.workflows[calls.reference(job, frame.workflow.path)]
    inputs: dict[str, Value] = calls.inputs(job, callee, evaluate)
    contexts = {**frame.contexts, 'inputs': inputs}
    inside = Frame(
        callee,
        contexts,
        leg,
        title=display(leg, evaluate),
        passed=(*frame.passed, Passed(job.secrets, known)),
        permissions=callee.permissions or job.permissions or frame.permissions,
    )
    groups = (
        concurrency(job.concurrency, evaluate),
        concurrency(callee.concurrency, Evaluator(callee.path, contexts)),
    )
    leg.groups = tuple(_unique(group for group in groups if group))
    leg.inside = build(inside, chosen(plan.request, path(leg.slot)))


def _unique(groups: Iterator[Group]) -> Iterator[Group]:
    """Caller and called often name the same group; one place in its line is enough."""
    seen: set[str] = set()
    for group in groups:
        if group.name.lower() not in seen:
            seen.add(group.name.lower())
            yield group
