"""A job before its first step: contexts, variables and secrets."""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH123

import json
import os
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Final

from liftlock.language.expressions.values import Function, Scope, Value, to_text
from liftlock.plan.contexts import workflow_ref
from liftlock.runner import environment, evaluation
from liftlock.runner.state import CANCELLED, FAILURE, SUCCESS, Frame, Job

_DEBUG: Final = 'ACTIONS_STEP_DEBUG'
_RUNNER_PATHS: Final = ('temp', 'tool_cache', 'workspace')
_UNMASKED: Final = frozenset({_DEBUG, 'ACTIONS_RUNNER_DEBUG'})


def prepare(job: Job) -> Frame:
    """Fill the job and give the frame of its own steps. Raises TemplateError and OSError."""
    request = job.request
    contexts = request.plan.contexts
    job.debug = request.debug or _wants_debug(request.secrets) or _wants_debug(contexts.get('vars'))
    _mask(job)
    job.github = _github(job)
    _write_event(job)
    uname = os.uname()
    runner = environment.runner(
        uname.sysname, uname.machine, uname.nodename, job.directories, str(job.world.tool_cache),
        debug=job.debug,
    )  # fmt: skip
    job.status_context.update(_job_context(job))
    job.contexts = {
        **contexts,
        'secrets': dict(request.secrets),
        'runner': runner,
        'job': job.status_context,
    }
    job.base = environment.base(
        job.world.host_env,
        job.directories.home,
        str(job.world.cache_home),
        request.tracking_id,
    )
    job.fixed = environment.fixed(job.github, runner)
    job.fixed['ACTIONS_ORCHESTRATION_ID'] = _identity(job)
    _lay_env(job)
    job.functions = functions(job)
    frame = Frame(job, job.contexts, job.functions)
    frame.defaults = _defaults(frame)
    return frame


def move_in(job: Job) -> None:
    """Let contexts tell paths as the job's processes see them, now that it has a place."""
    inside = job.workplace.inside
    runner = job.contexts['runner']
    assert isinstance(runner, dict)
    for context, keys in ((job.github, ('workspace', 'event_path')), (runner, _RUNNER_PATHS)):
        for key in keys:
            context[key] = inside(to_text(context[key]))


def _identity(job: Job) -> str:
    """By which services tell this job from others: letters, digits and dots."""
    key = job.key.replace('/', '.').replace('[', '.').replace(']', '')
    return f'{to_text(job.github.get("run_id"))}.{key}'


def _wants_debug(values: object) -> bool:
    return isinstance(values, Mapping) and str(values.get(_DEBUG, '')).lower() == 'true'


def _mask(job: Job) -> None:
    for name, secret in job.request.secrets.items():
        if name.upper() not in _UNMASKED:
            job.masker.add(secret)
    token = job.request.secrets.get('GITHUB_TOKEN')
    if token:  # how git and HTTP clients send it
        job.masker.add(b64encode(f'x-access-token:{token}'.encode()).decode())


def _github(job: Job) -> dict[str, Value]:
    known = job.request.plan.contexts.get('github')
    forge = job.world.home.forge
    return {
        **(known if isinstance(known, dict) else {}),
        **({'api_url': forge.api} if forge else {}),
        'job': str(job.request.plan.job.id.value),
        'workspace': job.directories.workspace,
        'event_path': job.directories.event,
        'token': job.request.secrets.get('GITHUB_TOKEN', ''),
        'action_path': None,
        'action_ref': '',
        'action_repository': '',
        'action_status': None,
    }


def _write_event(job: Job) -> None:
    with open(job.directories.event, 'wb', buffering=0) as file:
        file.write(_payloads.text(job.github.get('event')))


class _Payloads:
    """The event as JSON. All jobs of a run have the same one, which is made into text once."""

    __slots__ = ('_event', '_text')

    def __init__(self) -> None:
        self._event: Value = None
        self._text = b'{}'

    def text(self, event: Value) -> bytes:
        if event is not self._event:
            self._event = event
            self._text = json.dumps({} if event is None else _written(event)).encode()
        return self._text


_payloads: Final = _Payloads()


def _written(value: Value) -> object:
    """A value as GitHub's JSON has it, where a whole number has no fraction."""
    if isinstance(value, dict):
        return {key: _written(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_written(inner) for inner in value]
    whole = isinstance(value, float) and value.is_integer()
    return int(value) if whole else value  # type: ignore[arg-type]


def _job_context(job: Job) -> dict[str, Value]:
    """`workflow_…` is the file in which the job stands; in `github` it is the one that started."""
    github, path = job.github, job.request.plan.workflow.path
    reference = workflow_ref(github, path)
    context: dict[str, Value] = {'status': SUCCESS, 'workflow_ref': reference}
    if '@' in path:  # a called workflow of another repository: owner/name/path@ref
        owner, name, inside = path.rpartition('@')[0].split('/', 2)
        return context | {
            'workflow_repository': f'{owner}/{name}',
            'workflow_file_path': inside,
        }
    repository = to_text(github.get('repository'))
    return context | {
        'workflow_sha': github.get('workflow_sha'),
        'workflow_repository': repository,
        'workflow_file_path': path,
    }


def _defaults(frame: Frame) -> tuple[str, str]:
    """Shell and working directory of scripts that name none. Raises TemplateError."""
    plan = frame.job.request.plan
    defaults = plan.job.defaults or plan.workflow.defaults
    if defaults is None:
        return '', ''
    scope = frame.scope(frame.job.env, frame.job.github)
    if defaults.computed is not None:
        found = evaluation.texts(defaults.computed, scope)
        return found.get('shell', ''), found.get('working-directory', '')
    shell, folder = defaults.shell, defaults.working_directory
    return evaluation.text(shell, scope), evaluation.text(folder, scope)


def _lay_env(job: Job) -> None:
    plan = job.request.plan
    job.env.update(plan.request_env)
    for token in (plan.workflow.env, plan.job.env):
        if token is not None:
            scope = Scope({**job.contexts, 'github': job.github, 'env': _context(job.env)})
            job.env.update(evaluation.texts(token, scope))


def _context(env: Mapping[str, str]) -> Value:
    return dict(env)


def functions(job: Job) -> dict[str, Function]:
    """The functions of expressions that depend on the job."""
    return {
        'success': lambda _: job.status == SUCCESS,
        'failure': lambda _: job.status == FAILURE,
        'cancelled': lambda _: job.status == CANCELLED,
        'always': lambda _: True,
        'hashfiles': lambda arguments: _hash_files(job, arguments),
    }


def _hash_files(job: Job, arguments: Sequence[Value]) -> Value:
    from liftlock.runner.hashfiles import hash_files

    outside = job.workplace.outside
    lines = [to_text(argument).split('\n') for argument in arguments]
    patterns = ['\n'.join(map(outside, pattern)) for pattern in lines]
    places = job.directories
    return hash_files(patterns, places.workspace, places.home, job.workplace.files)
