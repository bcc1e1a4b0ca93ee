"""aws-actions/amazon-ecs-render-task-definition, v1: an image goes into a task definition."""

import json
import os
import tempfile
from collections.abc import Mapping
from typing import Any, Final

from liftlock.runner.actions import ecs
from liftlock.runner.actions.aws import Refused, open_aws
from liftlock.runner.actions.inputs import read_required
from liftlock.runner.workbench import StepFailed, Workbench

_NAMES: Final = (
    'task-definition', 'task-definition-arn', 'task-definition-family',
    'task-definition-revision', 'container-name', 'image', 'environment-variables',
    'log-configuration-log-driver', 'log-configuration-options', 'docker-labels', 'command',
    'task-role-arn', 'execution-role-arn', 'env-files', 'secrets',
)  # fmt: skip
INPUTS: Final[Mapping[str, str]] = dict.fromkeys(_NAMES, '')


async def main(bench: Workbench) -> None:
    given = {name: bench.inputs[name].strip() for name in _NAMES}
    filling = ecs.Filling(
        containers=read_required(bench, 'container-name'),
        image=read_required(bench, 'image'),
        environment=given['environment-variables'],
        env_files=given['env-files'],
        secrets=given['secrets'],
        log_driver=given['log-configuration-log-driver'],
        log_options=given['log-configuration-options'],
        labels=given['docker-labels'],
        command=given['command'],
        task_role=given['task-role-arn'],
        execution_role=given['execution-role-arn'],
    )
    made = ecs.fill(await _read(bench, given), filling)
    opened, path = tempfile.mkstemp(prefix='task-definition-', suffix='.json', dir=bench.temp)
    with os.fdopen(opened, 'w', encoding='utf-8') as stream:
        json.dump(made, stream, indent=2, ensure_ascii=False)
    bench.set_output('task-definition', path)


async def _read(bench: Workbench, given: Mapping[str, str]) -> Mapping[str, Any]:
    if given['task-definition']:
        return _of_file(bench, given['task-definition'])
    family, revision = given['task-definition-family'], given['task-definition-revision']
    wanted = given['task-definition-arn'] or (f'{family}:{revision}' if revision else family)
    if not wanted:
        raise StepFailed(
            'Either task definition, task definition arn or task definition family must be provided'
        )
    if wanted.startswith(':'):
        raise StepFailed(
            "You can't fetch task definition with just revision: Either use task definition file, "
            'arn or family name'
        )
    bench.log(f'Fetching the task definition {wanted}')
    aws = await open_aws(bench, 'aws-actions/amazon-ecs-render-task-definition')
    try:
        told = await aws.call(
            'ecs', 'DescribeTaskDefinition', taskDefinition=wanted, include=['TAGS']
        )
    except Refused as error:
        raise StepFailed(f'Failed to describe task definition in ECS: {error}') from None
    found: dict[str, Any] = told['taskDefinition']
    return {**found, 'tags': told['tags']} if told.get('tags') else found


def _of_file(bench: Workbench, name: str) -> Mapping[str, Any]:
    try:
        with bench.open(bench.workspace / name) as file:
            content = json.loads(file.read())
    except OSError:
        raise StepFailed(f'Task definition file does not exist: {name}') from None
    except ValueError as error:
        raise StepFailed(f'{name} is no JSON: {error}') from None
    if not isinstance(content, dict):
        raise StepFailed(f'{name} holds no task definition: it must be a JSON object')
    return content
