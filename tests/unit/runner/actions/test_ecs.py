"""Task definitions, and what becomes of services."""

from typing import Any

import pytest

from liftlock.runner.actions.ecs import Filling, check_deployment, clean, fill, is_stable, primary
from liftlock.runner.workbench import StepFailed

ROLE = 'arn:aws:iam::123456789012:role/task'


def definition(**more: Any) -> dict[str, Any]:
    web = {'name': 'web', 'image': 'old', 'environment': [{'name': 'A', 'value': '1'}]}
    return {'family': 'shop', 'containerDefinitions': [web, {'name': 'side', 'image': 'x'}], **more}


def test_the_image_of_one_container_is_changed_and_the_original_is_not() -> None:
    given = definition()
    made = fill(given, Filling('web', 'new:1'))
    assert [one['image'] for one in made['containerDefinitions']] == ['new:1', 'x']
    assert given == definition()


def test_everything_that_can_be_put_in() -> None:
    filling = Filling(
        'web,side',
        'new:1',
        environment='A=2\n\n B=x=y ',
        env_files='arn:aws:s3:::b/one.env',
        secrets='S=arn:aws:ssm:s',
        log_driver='awslogs',
        log_options='awslogs-group=/x\nmode=a=b',
        labels='l=1',
        command='python -m app',
        task_role=ROLE,
        execution_role=ROLE,
    )
    made = fill(definition(), filling)
    web, side = made['containerDefinitions']
    assert web['environment'] == [{'name': 'A', 'value': '2'}, {'name': 'B', 'value': 'x=y'}]
    assert side['environment'] == web['environment']
    assert web['environmentFiles'] == [{'value': 'arn:aws:s3:::b/one.env', 'type': 's3'}]
    assert web['secrets'] == [{'name': 'S', 'valueFrom': 'arn:aws:ssm:s'}]
    assert web['logConfiguration'] == {
        'logDriver': 'awslogs',
        'options': {'awslogs-group': '/x', 'mode': 'a=b'},
    }
    assert web['dockerLabels'] == {'l': '1'}
    assert web['command'] == ['python', '-m', 'app']
    assert made['taskRoleArn'] == made['executionRoleArn'] == ROLE


def test_what_aws_adds_is_left_out() -> None:
    made = fill(
        definition(revision=7, taskDefinitionArn='arn', status='ACTIVE'), Filling('web', 'n')
    )
    assert set(made) == {'family', 'containerDefinitions'}


@pytest.mark.parametrize(
    ('filling', 'message'),
    [
        (Filling('db', 'n'), "container definition with matching name: 'db'"),
        (Filling('web,,side', 'n'), 'Invalid format for container name'),
        (Filling('web', 'n', environment='A'), "Cannot parse the environment variable 'A'"),
        (Filling('web', 'n', secrets='A'), "Cannot parse the secret 'A'"),
        (Filling('web', 'n', log_driver='x'), "'x' is invalid logConfigurationLogDriver"),
        (Filling('web', 'n', task_role='x'), 'Invalid ARN format for task-role-arn'),
    ],
)
def test_what_cannot_be_put_in(filling: Filling, message: str) -> None:
    with pytest.raises(StepFailed, match=message):
        fill(definition(), filling)


def test_a_definition_needs_containers() -> None:
    with pytest.raises(StepFailed, match='containerDefinitions section is not present'):
        fill({'family': 'shop'}, Filling('web', 'n'))


def test_empty_values_fall_away_unless_they_are_to_be_kept() -> None:
    warnings: list[str] = []
    given = {
        'family': 'shop',
        'tags': [],
        'volumes': [{'name': ''}],
        'status': 'ACTIVE',
        'containerDefinitions': [
            {'name': 'web', 'command': [''], 'environment': [{'name': 'A', 'value': ''}]}
        ],
        'proxyConfiguration': {'type': 'APPMESH', 'properties': [{'name': 'p', 'value': ''}]},
    }
    assert clean(given, ['tags'], warnings.append) == {
        'family': 'shop',
        'tags': [],
        'containerDefinitions': [{'name': 'web', 'environment': [{'name': 'A', 'value': ''}]}],
        'proxyConfiguration': {'type': 'APPMESH', 'properties': [{'name': 'p', 'value': ''}]},
    }
    assert len(warnings) == 1
    assert warnings[0].startswith("Ignoring property 'status'")


@pytest.mark.parametrize(
    ('deployments', 'running', 'expected'),
    [([{}], 2, True), ([{}], 1, False), ([{}, {}], 2, False), ([], 2, False)],
)
def test_a_service_is_stable_with_one_deployment_that_runs(
    deployments: list[Any], running: int, expected: bool
) -> None:
    service = {'deployments': deployments, 'runningCount': running, 'desiredCount': 2}
    assert is_stable(service) is expected


def test_a_deployment_that_is_gone_was_taken_back() -> None:
    service = {'deployments': [{'id': 'old', 'status': 'PRIMARY', 'rolloutState': 'COMPLETED'}]}
    assert primary(service) == 'old'
    assert check_deployment(service, 'old') == 'COMPLETED'
    with pytest.raises(StepFailed, match='likely rolled back'):
        check_deployment(service, 'new')
    failed = {'deployments': [{'id': 'new', 'rolloutState': 'FAILED', 'rolloutStateReason': 'oom'}]}
    with pytest.raises(StepFailed, match='Deployment new FAILED: oom'):
        check_deployment(failed, 'new')
