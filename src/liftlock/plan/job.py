"""From a job as written to a job that somebody can run: everything that is decided beforehand."""

from liftlock.language.expressions.values import Value, to_text
from liftlock.language.template import Computed, Token
from liftlock.language.workflow import Concurrency, Job, Permissions
from liftlock.plan import contexts, names, permissions, trust
from liftlock.plan.evaluation import Evaluator, Unusable, names_in
from liftlock.plan.plan import Group, JobPlan, Request
from liftlock.plan.tree import Leg, Slot

LONGEST_GROUP = 400  # characters of a concurrency group's name
RUNNER_GROUPS = ('org', 'organization', 'ent', 'enterprise')


def prepare(leg: Leg, request: Request, attempt: int) -> JobPlan:
    """Decide every name, number and label of a job. Raises Unusable."""
    job, frame = leg.slot.job, leg.slot.frame
    assert isinstance(job, Job)
    known = leg_contexts(leg, attempt)
    evaluate = Evaluator(frame.workflow.path, known)
    labels, runner_group = _runs_on(job.runs_on, evaluate)
    group = concurrency(job.concurrency, evaluate)
    environment = _environment(leg, request, evaluate)
    return JobPlan(
        key=leg.key,
        name=display(leg, evaluate),
        job=job,
        workflow=frame.workflow,
        contexts={**known, 'vars': _vars(request, environment)},
        labels=labels,
        calls=frame.passed,
        timeout_minutes=evaluate.number(job.timeout_minutes, 360),
        cancel_timeout_minutes=evaluate.number(job.cancel_timeout_minutes, 5),
        continue_on_error=evaluate.boolean(job.continue_on_error, False),
        concurrency_group=group.name if group else '',
        cancel_in_progress=bool(group and group.cancel_in_progress),
        queue=group.queue if group else 'single',
        environment=environment,
        request_env=request.env,
        runner_group=runner_group,
        permissions=_granted(job.permissions or frame.permissions, request),
        deployment=_deployment(job, evaluate),
    )


def _granted(given: Permissions | None, request: Request) -> Permissions | None:
    if given is None or not trust.only_reads(request.event):
        return given
    return permissions.only_reading(given)


def path(slot: Slot) -> str:
    """The ids of a job and of the calls around it, without the legs of their matrices."""
    call = slot.frame.call
    return f'{path(call.slot)}/{slot.id}' if call else slot.id


def leg_contexts(leg: Leg, attempt: int) -> dict[str, Value]:
    """What expressions of this leg may use: its slot's contexts, its own strategy and matrix."""
    slot = leg.slot
    github = slot.contexts['github']
    assert isinstance(github, dict)
    return {
        **slot.contexts,
        'github': {**github, 'job': slot.id, 'run_attempt': str(attempt)},
        'strategy': contexts.strategy(
            leg.number, slot.total, fail_fast=slot.fail_fast, max_parallel=slot.window
        ),
        'matrix': leg.matrix,
    }


def display(leg: Leg, evaluate: Evaluator) -> str:
    """As GitHub shows it. A name with an expression of its own gets no values appended."""
    job, frame = leg.slot.job, leg.slot.frame
    name = evaluate.text(job.name) if job.name else ''
    own = name or leg.slot.id
    segments = () if isinstance(job.name, Computed) else leg.segments
    return names.inner_name(frame.title, names.leg_name(own, segments))


def early_name(slot: Slot) -> str:
    """The name of a job before anything of it is known, for one that is skipped or refused."""
    job = slot.job
    written = ''
    if job.name is not None and not names_in(job.name) & {'matrix', 'strategy'}:
        try:
            known = slot.contexts or slot.frame.contexts
            written = Evaluator(slot.frame.workflow.path, known).text(job.name)
        except Unusable:
            written = ''
    return names.inner_name(slot.frame.title, names.shorten(written or slot.id))


def concurrency(wanted: Concurrency | None, evaluate: Evaluator) -> Group | None:
    """The group, evaluated. Raises Unusable for a name that is empty or too long."""
    if wanted is None:
        return None
    value = evaluate.value(wanted.group)
    in_progress = evaluate.boolean(wanted.cancel_in_progress, False)
    if isinstance(value, dict):
        in_progress = evaluate.as_boolean(wanted.group, value.get('cancel-in-progress', False))
        value = value.get('group')
    name = to_text(value)
    if not name:
        raise evaluate.unusable(wanted.group, 'Concurrency group name cannot be empty')
    if len(name) > LONGEST_GROUP:
        message = f'Concurrency group name must be less than {LONGEST_GROUP} characters'
        raise evaluate.unusable(wanted.group, message)
    return Group(name, in_progress, wanted.queue)


def _environment(leg: Leg, request: Request, evaluate: Evaluator) -> str:
    job = leg.slot.job
    assert isinstance(job, Job)
    if job.environment is None:
        return bound(leg.slot, request)
    value = evaluate.value(job.environment.name)
    return to_text(value.get('name') if isinstance(value, dict) else value)


def _deployment(job: Job, evaluate: Evaluator) -> bool:
    return job.environment is None or evaluate.boolean(job.environment.deployment, True)


def bound(slot: Slot, request: Request) -> str:
    """The environment to which `liftlock.yml` binds a job that names none. Ids ignore case."""
    if not request.deploys:
        return ''
    known = {job.lower(): environment for job, environment in request.deploys.items()}
    return known.get(path(slot).lower(), '')


def _vars(request: Request, environment: str) -> dict[str, Value]:
    """An environment's variables stand before the repository's. Names ignore case."""
    own: dict[str, str] = {}
    for name, values in request.environments.items():
        if name.lower() == environment.lower():
            own.update(values)
    return {**request.vars, **own}


def _runs_on(token: Token, evaluate: Evaluator) -> tuple[tuple[str, ...], str]:
    """Labels, and the group of runners: from a label, a list of them, or a mapping of both."""
    value = evaluate.value(token)
    group = ''
    if isinstance(value, dict):
        group = to_text(value.get('group'))
        prefix, slash, name = group.partition('/')
        if slash and (prefix not in RUNNER_GROUPS or not name or '/' in name):
            raise evaluate.unusable(token, f"Invalid runs-on group name '{group}'.")
        value = value.get('labels')
    items = value if isinstance(value, list) else [value]
    labels = tuple(to_text(item) for item in items if item is not None)
    if not group and not any(labels):
        raise evaluate.unusable(token, 'runs-on names no runner')
    return labels, group
