"""Task definitions are rendered, registered, run and deployed at moto's AWS."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.actions.cloud import ACCOUNT, REGION, Cloud, open_cloud
from liftlock.runner.workbench import StepFailed

RENDER = 'aws-actions/amazon-ecs-render-task-definition@v1'
DEPLOY = 'aws-actions/amazon-ecs-deploy-task-definition@v2'
DEFINITION = {
    'family': 'shop',
    'containerDefinitions': [{'name': 'web', 'image': 'old', 'memory': 128, 'essential': True}],
}


@pytest.fixture(scope='module')
def cloud() -> Iterator[Cloud]:
    with open_cloud() as running:
        yield running


@pytest.fixture
def service(cloud: Cloud) -> Iterator[str]:
    """One that wants two tasks; nothing runs any unless a test says so."""
    client = cloud.client('ecs')
    client.create_cluster(clusterName='shop')
    client.register_task_definition(**DEFINITION)
    name = f'web-{time.monotonic_ns()}'
    client.create_service(cluster='shop', serviceName=name, taskDefinition='shop', desiredCount=2)
    yield name
    client.delete_service(cluster='shop', service=name, force=True)


def run_tasks_for_the_look(patch: pytest.MonkeyPatch, name: str, number: int) -> list[int]:
    """Whoever asks for the service that many times finds its tasks running, and none before. The
    list that comes back holds how many ran at each look."""
    from moto.ecs.models import EC2ContainerServiceBackend

    describe_services = EC2ContainerServiceBackend.describe_services
    seen: list[int] = []

    def look(backend: Any, cluster: str, names: list[str]) -> Any:
        services, failures = describe_services(backend, cluster, names)
        for service in services:
            if service.name == name:
                service.running_count = service.desired_count if len(seen) + 1 >= number else 0
                seen.append(service.running_count)
        return services, failures

    patch.setattr(EC2ContainerServiceBackend, 'describe_services', look)
    return seen


def describe(cloud: Cloud, name: str) -> dict[str, Any]:
    told = cloud.client('ecs').describe_services(cluster='shop', services=[name])
    (found,) = told['services']
    return dict(found)


def lay(root: Path, content: Any = DEFINITION) -> Path:
    file = root / 'job/work/task.json'
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))
    return file


def test_a_file_is_rendered(cloud: Cloud, tmp_path: Path) -> None:
    lay(tmp_path)
    inputs = {'task-definition': 'task.json', 'container-name': 'web', 'image': 'new:1'}
    bench = cloud.step(tmp_path, RENDER, inputs)
    bench.main()
    made = Path(bench.outputs['task-definition'])
    assert made.is_relative_to(bench.temp)
    assert json.loads(made.read_text())['containerDefinitions'][0]['image'] == 'new:1'


def test_a_definition_is_fetched_and_rendered(cloud: Cloud, tmp_path: Path) -> None:
    cloud.client('ecs').register_task_definition(**{**DEFINITION, 'family': 'kept'})
    inputs = {'task-definition-family': 'kept', 'container-name': 'web', 'image': 'new:1'}
    bench = cloud.step(tmp_path, RENDER, inputs)
    bench.main()
    content = json.loads(Path(bench.outputs['task-definition']).read_text())
    assert content['family'] == 'kept'
    assert 'revision' not in content
    missing = cloud.step(tmp_path, RENDER, {**inputs, 'task-definition-revision': '99'})
    with pytest.raises(StepFailed, match='Failed to describe task definition in ECS: '):
        missing.main()


@pytest.mark.parametrize(
    ('inputs', 'message'),
    [
        ({}, 'Either task definition, task definition arn'),
        ({'task-definition-revision': '1'}, 'just revision'),
        ({'task-definition': 'gone.json'}, 'does not exist: gone.json'),
    ],
)
def test_nothing_to_render(
    cloud: Cloud, tmp_path: Path, inputs: dict[str, str], message: str
) -> None:
    given = {'container-name': 'web', 'image': 'new:1', **inputs}
    with pytest.raises(StepFailed, match=message):
        cloud.step(tmp_path, RENDER, given).main()


def test_a_definition_is_registered_and_that_is_all_without_a_service(
    cloud: Cloud, tmp_path: Path
) -> None:
    lay(tmp_path, {**DEFINITION, 'family': 'alone', 'revision': 3, 'volumes': []})
    bench = cloud.step(tmp_path, DEPLOY, {'task-definition': 'task.json'})
    bench.main()
    arn = bench.outputs['task-definition-arn']
    assert arn == f'arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/alone:1'
    assert bench.warnings[0].startswith("Ignoring property 'revision'")
    told = cloud.client('ecs').describe_task_definition(taskDefinition=arn)
    assert told['taskDefinition']['containerDefinitions'][0]['memory'] == 128


def test_a_service_is_updated_and_waited_for(
    cloud: Cloud, tmp_path: Path, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(tmp_path)
    inputs = {
        'task-definition': 'task.json',
        'service': service,
        'cluster': 'shop',
        'wait-for-service-stability': 'true',
        'wait-max-delay-seconds': '1',
    }
    bench = cloud.step(tmp_path, DEPLOY, inputs)
    seen = run_tasks_for_the_look(monkeypatch, service, 4)
    bench.main()
    assert seen == [0, 0, 0, 2]  # once before the update, then until both run
    found = describe(cloud, service)
    assert found['taskDefinition'] == bench.outputs['task-definition-arn']


def test_as_many_tasks_are_wanted_as_are_asked_for(
    cloud: Cloud, tmp_path: Path, service: str
) -> None:
    lay(tmp_path)
    inputs = {'task-definition': 'task.json', 'service': service, 'cluster': 'shop'}
    cloud.step(tmp_path, DEPLOY, {**inputs, 'desired-count': '3'}).main()
    assert describe(cloud, service)['desiredCount'] == 3


def test_without_waiting_nobody_waits(cloud: Cloud, tmp_path: Path, service: str) -> None:
    lay(tmp_path)
    inputs = {'task-definition': 'task.json', 'service': service, 'cluster': 'shop'}
    bench = cloud.step(tmp_path, DEPLOY, inputs)
    bench.main()
    assert any(line.startswith(f'Deployment started: {service}') for line in bench.lines)


@pytest.mark.parametrize(
    ('inputs', 'message'),
    [
        ({'service': 'gone', 'cluster': 'shop'}, 'is MISSING'),
        ({'task-definition': 'gone.json'}, 'gone.json cannot be read: No such file'),
        ({'run-task': 'true', 'run-task-tags': '{'}, 'run-task-tags is no JSON'),
    ],
)
def test_deployments_that_cannot_be(
    cloud: Cloud, tmp_path: Path, inputs: dict[str, str], message: str
) -> None:
    cloud.client('ecs').create_cluster(clusterName='shop')
    lay(tmp_path)
    bench = cloud.step(tmp_path, DEPLOY, {'task-definition': 'task.json', **inputs})
    with pytest.raises(StepFailed, match=message):
        bench.main()


def test_a_definition_that_aws_refuses(cloud: Cloud, tmp_path: Path) -> None:
    lay(tmp_path, {**DEFINITION, 'nonsense': 1})
    bench = cloud.step(tmp_path, DEPLOY, {'task-definition': 'task.json'})
    with pytest.raises(StepFailed, match=r'Failed to register task definition in ECS: .*nonsense'):
        bench.main()


def stop_tasks(cloud: Cloud, cluster: str) -> None:
    client = cloud.client('ecs')
    for _ in range(1200):
        for task in client.list_tasks(cluster=cluster)['taskArns']:
            client.stop_task(cluster=cluster, task=task)
            return
        time.sleep(0.1)


def test_a_task_is_run_by_itself_and_waited_for(cloud: Cloud, tmp_path: Path) -> None:
    ec2 = cloud.client('ec2')
    subnet = ec2.describe_subnets()['Subnets'][0]['SubnetId']
    group = ec2.describe_security_groups()['SecurityGroups'][0]['GroupId']
    cloud.client('ecs').create_cluster(clusterName='tasks')
    lay(tmp_path, {**DEFINITION, 'networkMode': 'awsvpc', 'requiresCompatibilities': ['FARGATE'],
                   'cpu': '256', 'memory': '512'})  # fmt: skip
    inputs = {
        'task-definition': 'task.json',
        'cluster': 'tasks',
        'run-task': 'true',
        'run-task-subnets': subnet,
        'run-task-security-groups': group,
        'run-task-tags': '[{"key": "a", "value": "b"}]',
        'wait-for-task-stopped': 'true',
        'wait-max-delay-seconds': '1',
    }
    bench = cloud.step(tmp_path, DEPLOY, inputs)
    stopper = threading.Thread(target=stop_tasks, args=(cloud, 'tasks'))
    stopper.start()
    bench.main()
    stopper.join()
    assert 'All tasks have stopped.' in bench.lines
    (arn,) = json.loads(bench.outputs['run-task-arn'])
    told = cloud.client('ecs').describe_tasks(cluster='tasks', tasks=[arn], include=['TAGS'])
    assert told['tasks'][0]['startedBy'] == 'GitHub-Actions'
    assert told['tasks'][0]['tags'] == [{'key': 'a', 'value': 'b'}]


def test_codedeploy_gets_the_definition_in_its_own_file(cloud: Cloud, tmp_path: Path) -> None:
    name = f'blue-{time.monotonic_ns()}'
    ecs, codedeploy = cloud.client('ecs'), cloud.client('codedeploy')
    ecs.create_cluster(clusterName='shop')
    ecs.register_task_definition(**DEFINITION)
    ecs.create_service(
        cluster='shop', serviceName=name, taskDefinition='shop', desiredCount=1,
        deploymentController={'type': 'CODE_DEPLOY'},
    )  # fmt: skip
    application, group = f'AppECS-shop-{name}', f'DgpECS-shop-{name}'
    codedeploy.create_application(applicationName=application, computePlatform='ECS')
    codedeploy.create_deployment_group(
        applicationName=application, deploymentGroupName=group,
        serviceRoleArn=f'arn:aws:iam::{ACCOUNT}:role/x',
    )  # fmt: skip
    lay(tmp_path)
    (tmp_path / 'job/work/appspec.yaml').write_text(
        'version: 0.0\nResources:\n  - Target:\n      Type: AWS::ECS::Service\n'
        '      Properties:\n        TaskDefinition: <placeholder>\n'
    )
    inputs = {'task-definition': 'task.json', 'service': name, 'cluster': 'shop'}
    bench = cloud.step(tmp_path, DEPLOY, inputs)
    bench.main()
    told = codedeploy.get_deployment(deploymentId=bench.outputs['codedeploy-deployment-id'])
    revision = told['deploymentInfo']['revision']['appSpecContent']
    spec = json.loads(revision['content'])
    properties = spec['Resources'][0]['Target']['Properties']
    assert properties['TaskDefinition'] == bench.outputs['task-definition-arn']
