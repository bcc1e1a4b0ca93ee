"""A workflow in the JSON that GitHub's own test-suite compares: its template, job by job."""

from math import inf
from typing import Any

from liftlock.language.expressions.values import to_text
from liftlock.language.grammar.workflow import SCOPES
from liftlock.language.template import Computed, Insert, Literal, Mapping, Sequence, Token
from liftlock.language.workflow import (
    AnyJob,
    Call,
    Cancel,
    Defaults,
    Environment,
    Job,
    Parallel,
    Permissions,
    Run,
    Schedule,
    Step,
    Strategy,
    Trigger,
    Uses,
    Wait,
    Workflow,
)

Json = Any
# What `read-all` and `write-all` were when the cases were written.
LATER = {'artifact-metadata', 'attestations', 'code-quality', 'copilot-requests', 'drives'}
ALL_SCOPES = sorted(SCOPES.keys() - LATER - {'models', 'vulnerability-alerts'})
SUCCESS = {'type': 3, 'expr': 'success()'}


def template(workflow: Workflow) -> dict[str, Json]:
    return _given(
        env=_token(workflow.env),
        defaults=_defaults(workflow.defaults),
        concurrency=_concurrency(workflow),
        permissions=_permissions(workflow.permissions),
        jobs=[_job(job, workflow) for job in workflow.jobs.values()],
    )


def events(workflow: Workflow) -> dict[str, Json]:
    shown: dict[str, Json] = {}
    for name, trigger in workflow.on.items():
        lists = {
            'branches': trigger.branches,
            'branches-ignore': trigger.branches_ignore,
            'tags': trigger.tags,
            'tags-ignore': trigger.tags_ignore,
            'paths': trigger.paths,
            'paths-ignore': trigger.paths_ignore,
            'types': trigger.types,
            'versions': trigger.versions,
            'names': trigger.names,
            'workflows': trigger.workflows,
        }
        shown[name] = {
            key: [item.value for item in items] for key, items in lists.items() if items is not None
        } | _entrance(trigger)
        if trigger.schedules:
            shown[name] = [_schedule(schedule) for schedule in trigger.schedules]
    return shown


def _schedule(schedule: Schedule) -> dict[str, Json]:
    return _given(cron=schedule.cron.value, timezone=_token(schedule.timezone))


def _entrance(trigger: Trigger) -> dict[str, Json]:
    """What a call or a dispatch brings in; what was left out is left out here too."""
    inputs = {
        input.name.value: _given(
            type=input.type,
            description=input.description or None,
            required=input.required or None,
            default=_token(input.default),
        )
        for input in trigger.inputs
    }
    secrets = {
        secret.name.value: _given(
            description=secret.description or None, required=secret.required or None
        )
        for secret in trigger.secrets
    }
    return _given(inputs=inputs or None, secrets=secrets or None)


def canonical(value: Json) -> Json:
    """Without source, order of known keys, and long forms of what has a short one."""
    if isinstance(value, list):
        return [canonical(item) for item in value]
    if isinstance(value, float):
        return to_text(value) if value != value or value in (inf, -inf) else value
    if not isinstance(value, dict):
        return value
    if value.get('needs') == []:
        return canonical({key: inner for key, inner in value.items() if key != 'needs'})
    if 'type' in value and value['type'] in (0, 5, 6, 7):
        return canonical(next((value[key] for key in ('lit', 'bool', 'num') if key in value), None))
    if value.get('type') == 2:
        pairs = [
            (canonical(pair['Key']), canonical(pair['Value'])) for pair in value.get('map', ())
        ]
        if len(pairs) == 1 and pairs[0][0] in ('group', 'name'):
            return pairs[0][1]
        return {'map': sorted(pairs, key=repr)}
    if value.get('type') == 3:
        return {'expr': value['expr']}
    return {key: canonical(inner) for key, inner in value.items()}


def _given(**fields: Json) -> dict[str, Json]:
    return {key.replace('_', '-'): value for key, value in fields.items() if value is not None}


def _map(**fields: Json) -> dict[str, Json]:
    pairs = [{'Key': key, 'Value': value} for key, value in _given(**fields).items()]
    return {'type': 2, 'map': pairs}


def _token(token: Token | None) -> Json:
    match token:
        case None:
            return None
        case Literal(value):
            return value if value is not None else {'type': 7}
        case Computed(expression):
            return {'type': 3, 'expr': expression.source}
        case Sequence(items):
            return {'type': 1, 'seq': [_token(item) for item in items]}
        case Mapping(entries):
            return {
                'type': 2,
                'map': [{'Key': _key(key), 'Value': _token(value)} for key, value in entries],
            }


def _key(key: Literal | Computed | Insert) -> Json:
    return {'type': 4, 'directive': 'insert'} if isinstance(key, Insert) else _token(key)


def _job(job: AnyJob, workflow: Workflow) -> dict[str, Json]:
    name = _token(job.name)
    shared = _given(
        id=job.id.value,
        name=job.id.value if name in (None, '') else name,
        needs=[need.value for need in job.needs] or None,
        if_=_token(job.condition) or SUCCESS,
        strategy=_strategy(job.strategy),
        concurrency=_concurrency(job),
        permissions=_permissions(job.permissions or workflow.permissions),
    )
    shared['if'] = shared.pop('if-')
    if isinstance(job, Call):
        return {'type': 'reusableWorkflowJob', 'ref': job.uses.value, **shared, **_call(job)}
    return {'type': 'job', **shared, **_own(job)}


def _call(job: Call) -> dict[str, Json]:
    inherit = isinstance(job.secrets, Literal)
    return _given(
        input_values=_token(job.inputs),
        secret_values=None if inherit else _token(job.secrets),
        inherit_secrets=True if inherit else None,
    )


def _own(job: Job) -> dict[str, Json]:
    return _given(
        runs_on=_token(job.runs_on),
        env=_token(job.env),
        defaults=_defaults(job.defaults),
        environment=_environment(job.environment),
        container=_token(job.container),
        services=_token(job.services),
        outputs=_token(job.outputs),
        timeout_minutes=_token(job.timeout_minutes),
        cancel_timeout_minutes=_token(job.cancel_timeout_minutes),
        continue_on_error=_token(job.continue_on_error),
        steps=[_step(step) for step in job.steps] or None,
    )


def _step(step: Step) -> dict[str, Json]:
    shown = _given(
        id=step.id,
        name=_token(step.name),
        env=_token(step.env),
        continue_on_error=_token(step.continue_on_error),
        timeout_minutes=_token(step.timeout_minutes),
        background=step.background or None,
    )
    match step.does:
        case Run(script, shell, directory):
            shown |= _given(
                run=_token(script), shell=_token(shell), working_directory=_token(directory)
            )
        case Uses(reference, inputs):
            shown['uses'] = reference.value
            shown |= {'with': _token(inputs)} if inputs else {}
        case Wait(()):
            return shown | {'wait-all': True}
        case Wait(ids):
            return shown | {'wait': [id.value for id in ids]}
        case Cancel((id, *_)):
            return shown | {'cancel': id.value}
        case Parallel(steps):
            return shown | {'parallel': [_step(inner) for inner in steps]}
    return shown | {'if': _token(step.condition) or SUCCESS}


def _strategy(strategy: Strategy) -> Json:
    if strategy == Strategy():
        return None
    return _token(strategy.computed) or _map(
        matrix=_token(strategy.matrix),
        fail_fast=_token(strategy.fail_fast),
        max_parallel=_token(strategy.max_parallel),
    )


def _concurrency(owner: AnyJob | Workflow) -> Json:
    concurrency = owner.concurrency
    if concurrency is None:
        return None
    queue = None if concurrency.queue == 'single' else concurrency.queue
    cancel = _token(concurrency.cancel_in_progress)
    group = _token(concurrency.group)
    return _map(group=group, cancel_in_progress=cancel, queue=queue)


def _environment(environment: Environment | None) -> Json:
    if environment is None:
        return None
    return _map(
        name=_token(environment.name),
        url=_token(environment.url),
        deployment=_token(environment.deployment),
    )


def _defaults(defaults: Defaults | None) -> Json:
    if defaults is None:
        return None
    directory = _token(defaults.working_directory)
    run = _token(defaults.computed) or _map(
        shell=_token(defaults.shell), working_directory=directory
    )
    return _map(run=run)


def _permissions(permissions: Permissions | None) -> dict[str, str] | None:
    if permissions is None:
        return None
    if permissions.everything:
        return dict.fromkeys(ALL_SCOPES, permissions.everything)
    return {scope: level for scope, level in permissions.scopes if level != 'none'}
