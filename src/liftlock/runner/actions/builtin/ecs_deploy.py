"""aws-actions/amazon-ecs-deploy-task-definition, all majors: register, run a task, update."""

import json
from collections.abc import Mapping
from typing import Any, Final

from liftlock.runner.actions import codedeploy, ecs, waiting
from liftlock.runner.actions.aws import Aws, Refused, open_aws
from liftlock.runner.actions.documents import BadDocument, parse_yaml
from liftlock.runner.actions.inputs import read_required
from liftlock.runner.actions.waiting import Patience
from liftlock.runner.workbench import StepFailed, Workbench

_NAMES: Final = (
    'task-definition', 'desired-count', 'service', 'cluster', 'wait-for-service-stability',
    'wait-for-minutes', 'wait-max-delay-seconds', 'codedeploy-appspec', 'codedeploy-application',
    'codedeploy-deployment-group', 'codedeploy-deployment-description',
    'codedeploy-deployment-config', 'force-new-deployment', 'service-managed-ebs-volume-name',
    'service-managed-ebs-volume', 'run-task', 'run-task-container-overrides',
    'run-task-security-groups', 'run-task-subnets', 'run-task-assign-public-IP',
    'run-task-capacity-provider-strategy', 'run-task-launch-type', 'run-task-started-by',
    'run-task-tags', 'run-task-managed-ebs-volume-name', 'run-task-managed-ebs-volume',
    'wait-for-task-stopped', 'enable-ecs-managed-tags', 'propagate-tags', 'keep-null-value-keys',
    'max-retries',
)  # fmt: skip
INPUTS: Final[Mapping[str, str]] = dict.fromkeys(_NAMES, '')
_ACTION: Final = 'aws-actions/amazon-ecs-deploy-task-definition'


async def main(bench: Workbench) -> None:
    definition = _read_definition(bench)
    aws = await open_aws(bench, _ACTION)
    tries = bench.inputs['max-retries'].strip()
    attempts = tries if tries.isdecimal() and int(tries) else '3'
    aws = aws._replace(variables={**aws.variables, 'AWS_MAX_ATTEMPTS': attempts})
    try:
        await _deploy(bench, aws, definition)
    except Refused as error:
        raise StepFailed(str(error)) from None


async def _deploy(bench: Workbench, aws: Aws, definition: Mapping[str, Any]) -> None:
    try:
        told = await aws.call('ecs', 'RegisterTaskDefinition', **definition)
    except Refused as error:
        raise StepFailed(f'Failed to register task definition in ECS: {error}') from None
    arn = str(told['taskDefinition']['taskDefinitionArn'])
    bench.set_output('task-definition-arn', arn)
    bench.log(f'Registered {arn}')
    cluster = bench.inputs['cluster'].strip() or 'default'
    if _is(bench, 'run-task'):
        await _run_task(bench, aws, cluster, arn)
    if bench.inputs['service'].strip():
        await _update(bench, aws, cluster, bench.inputs['service'].strip(), arn)


def _read_definition(bench: Workbench) -> dict[str, Any]:
    name = read_required(bench, 'task-definition')
    try:
        with bench.open(bench.workspace / name) as file:
            content = parse_yaml(file.read().decode())
    except OSError as error:
        raise StepFailed(f'{name} cannot be read: {error.strerror}') from None
    except (BadDocument, UnicodeDecodeError) as error:
        raise StepFailed(f'{name} is neither JSON nor YAML: {error}') from None
    if not isinstance(content, dict):
        raise StepFailed(f'{name} holds no task definition')
    kept = [key.strip() for key in bench.inputs['keep-null-value-keys'].split(',') if key.strip()]
    return ecs.clean(content, kept, bench.warning)


def _is(bench: Workbench, name: str) -> bool:
    return bench.inputs[name].strip().lower() == 'true'


def _json(bench: Workbench, name: str, otherwise: str) -> Any:
    try:
        return json.loads(bench.inputs[name].strip() or otherwise)
    except ValueError as error:
        raise StepFailed(f'{name} is no JSON: {error}') from None


def _volumes(bench: Workbench, prefix: str) -> list[dict[str, Any]] | None:
    name = bench.inputs[f'{prefix}-managed-ebs-volume-name'].strip()
    settings = _json(bench, f'{prefix}-managed-ebs-volume', '{}')
    if name and not settings:
        bench.warning(
            f'{prefix}-managed-ebs-volume-name provided without {prefix}-managed-ebs-volume value. '
            'VolumeConfigurations property will not be included in the API call'
        )
    if not name or not settings:
        return None
    if 'roleArn' not in settings:
        raise StepFailed(
            'managed-ebs-volume must provide "role-arn" to associate with the EBS volume'
        )
    return [{'name': name, 'managedEBSVolume': settings}]


def _managed_tags(bench: Workbench) -> bool | None:
    return (
        _is(bench, 'enable-ecs-managed-tags') if bench.inputs['enable-ecs-managed-tags'] else None
    )


# --- a task of its own


async def _run_task(bench: Workbench, aws: Aws, cluster: str, arn: str) -> None:
    strategy = _json(bench, 'run-task-capacity-provider-strategy', '[]')
    launch = bench.inputs['run-task-launch-type'].strip() or 'FARGATE'
    told = await aws.call(
        'ecs',
        'RunTask',
        startedBy=bench.inputs['run-task-started-by'].strip() or 'GitHub-Actions',
        cluster=cluster,
        taskDefinition=arn,
        overrides={'containerOverrides': _json(bench, 'run-task-container-overrides', '[]')},
        capacityProviderStrategy=strategy or None,
        launchType=None if strategy else launch,
        networkConfiguration=_network(bench),
        enableECSManagedTags=_managed_tags(bench),
        tags=_json(bench, 'run-task-tags', '[]') or None,
        volumeConfigurations=_volumes(bench, 'run-task'),
    )
    tasks = [str(task['taskArn']) for task in told.get('tasks') or ()]
    bench.set_output('run-task-arn', json.dumps(tasks, separators=(',', ':')))
    _refuse_failures(told)
    bench.log(f'Task running: {", ".join(tasks)}')
    if not _is(bench, 'wait-for-task-stopped'):
        return
    patience = Patience.read(bench)
    bench.log(f'Waiting for tasks to stop. Will wait for {patience.minutes} minutes')

    async def stopped() -> bool:
        found = await aws.call('ecs', 'DescribeTasks', cluster=cluster, tasks=tasks)
        return all(task['lastStatus'] == 'STOPPED' for task in found['tasks'])

    await waiting.wait(patience, stopped, 'the tasks have not stopped')
    bench.log('All tasks have stopped.')
    await _check_exits(aws, cluster, tasks)


def _network(bench: Workbench) -> dict[str, Any] | None:
    made: dict[str, Any] = {}
    for key, name in (('subnets', 'subnets'), ('securityGroups', 'security-groups')):
        listed = bench.inputs[f'run-task-{name}'].strip()
        if listed:
            made[key] = listed.split(',')
    if not made:
        return None
    made['assignPublicIp'] = bench.inputs['run-task-assign-public-IP'].strip() or 'DISABLED'
    return {'awsvpcConfiguration': made}


async def _check_exits(aws: Aws, cluster: str, tasks: list[str]) -> None:
    told = await aws.call('ecs', 'DescribeTasks', cluster=cluster, tasks=tasks)
    containers = [one for task in told['tasks'] for one in task.get('containers') or ()]
    failed = [
        f'{one.get("name")}: {one.get("reason") or "exit code " + str(one.get("exitCode"))}'
        for one in containers
        if one.get('exitCode') != 0
    ]
    if failed:
        raise StepFailed(f'Run task failed: {"; ".join(failed)}')


def _refuse_failures(told: Mapping[str, Any]) -> None:
    for failure in told.get('failures') or ():
        raise StepFailed(f'{failure.get("arn")} is {failure.get("reason")}')


# --- a service


async def _update(bench: Workbench, aws: Aws, cluster: str, service: str, arn: str) -> None:
    told = await aws.call('ecs', 'DescribeServices', services=[service], cluster=cluster)
    _refuse_failures(told)
    found = told['services'][0]
    if found.get('status') != 'ACTIVE':
        raise StepFailed(f'Service is {found.get("status")}')
    controller = (found.get('deploymentController') or {}).get('type') or 'ECS'
    if controller == 'CODE_DEPLOY':
        await codedeploy.deploy(bench, aws, cluster, service, arn)
    elif controller == 'ECS':
        await _update_service(bench, aws, cluster, service, arn, ecs.primary(found))
    else:
        raise StepFailed(f'Unsupported deployment controller: {controller}')


async def _update_service(
    bench: Workbench, aws: Aws, cluster: str, service: str, arn: str, before: str
) -> None:
    count = bench.inputs['desired-count'].strip()
    told = await aws.call(
        'ecs',
        'UpdateService',
        cluster=cluster,
        service=service,
        taskDefinition=arn,
        forceNewDeployment=_is(bench, 'force-new-deployment'),
        enableECSManagedTags=_managed_tags(bench),
        propagateTags=bench.inputs['propagate-tags'].strip() or None,
        volumeConfigurations=_volumes(bench, 'service'),
        desiredCount=int(count) if count.isdecimal() else None,
    )
    made = ecs.primary(told['service'])
    bench.log(f'Deployment started: {service} on {cluster} in {aws.region or "its region"}')
    if not _is(bench, 'wait-for-service-stability'):
        return
    patience = Patience.read(bench)
    bench.log(f'Waiting for the service to become stable, at most {patience.minutes} minutes')

    async def stable() -> bool:
        return ecs.is_stable(await _describe(aws, cluster, service))

    await waiting.wait(patience, stable, f'the service {service} is not stable')
    if made and made != before:
        state = ecs.check_deployment(await _describe(aws, cluster, service), made)
        bench.log(f'Deployment {made} verified: rolloutState={state or "N/A"}')


async def _describe(aws: Aws, cluster: str, service: str) -> Mapping[str, Any]:
    told = await aws.call('ecs', 'DescribeServices', services=[service], cluster=cluster)
    _refuse_failures(told)
    found: Mapping[str, Any] = told['services'][0]
    if found.get('status') in ('DRAINING', 'INACTIVE'):
        raise StepFailed(f'Service is {found["status"]}')
    return found
