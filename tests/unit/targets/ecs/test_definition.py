import json
from typing import Any

import pytest

from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision, Version
from liftlock.targets.ecs import definition, documents
from liftlock.targets.ecs.definition import Filling
from liftlock.targets.ecs.register import plain

IMAGE = 'registry.example/shop@sha256:' + 'a' * 64
ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:key'
# As somebody's documentation shows the container's part of one.
DOCUMENTED = """
{
  "environment": [
    {"name": "DATABASE_URL", "value": "..."},
    {"name": "LOG_LEVEL", "value": "INFO"}
  ],
  "secrets": [{"name": "API_KEY", "valueFrom": "arn:aws:secretsmanager:..."}]
}
"""


def container(name: str = 'web', **more: Any) -> dict[str, Any]:
    return {'name': name, 'image': 'shop:old', 'memory': 128, **more}


def task(*containers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {'family': 'shop', 'containerDefinitions': list(containers or [container()]), **more}


def filling(**more: Any) -> Filling:
    made = Filling('web', IMAGE, 'shop/production', 'r12', 'abc123')
    return made._replace(**more)


def described(made: dict[str, Any]) -> dict[str, Any]:
    """As AWS tells it: with an ARN, and with defaults for what was not said."""
    told: dict[str, Any] = json.loads(json.dumps(made))
    for one in told['containerDefinitions']:
        one |= {'cpu': 0, 'mountPoints': [], 'volumesFrom': [], 'essential': True}
    return told | {'taskDefinitionArn': 'arn:shop:7', 'revision': 7, 'status': 'ACTIVE'}


def test_a_definition_is_filled_in() -> None:
    source = task(
        container(**json.loads(DOCUMENTED)), container('sidecar'), volumes=[], cpu='256', revision=3
    )
    made = definition.fill(
        source, filling(variables={'LOG_LEVEL': 'DEBUG', 'MODE': 'x'}, secrets={'TOKEN': ARN})
    )
    content = made['containerDefinitions'][0]['dockerLabels'].pop(definition.CONTENT)
    assert len(content) == 32
    assert made == {
        'family': 'shop',
        'cpu': '256',
        'containerDefinitions': [
            {
                'name': 'web',
                'image': IMAGE,
                'memory': 128,
                'environment': [
                    {'name': 'DATABASE_URL', 'value': '...'},
                    {'name': 'LOG_LEVEL', 'value': 'DEBUG'},
                    {'name': 'MODE', 'value': 'x'},
                ],
                'secrets': [
                    {'name': 'API_KEY', 'valueFrom': 'arn:aws:secretsmanager:...'},
                    {'name': 'TOKEN', 'valueFrom': ARN},
                ],
                'dockerLabels': {
                    'liftlock.environment': 'shop/production',
                    'liftlock.revision': 'r12',
                    'liftlock.version': 'abc123',
                    'liftlock.variables': 'LOG_LEVEL,MODE,TOKEN',
                },
            },
            container('sidecar'),
        ],
    }


def test_the_source_is_left_as_it_is() -> None:
    source = task(container(environment=[{'name': 'A', 'value': '1'}]))
    before = json.dumps(source)
    definition.fill(source, filling(variables={'A': '2'}))
    assert json.dumps(source) == before


def test_a_variable_that_becomes_a_secret_stands_once() -> None:
    source = task(container(environment=[{'name': 'KEY', 'value': 'plain'}]))
    (made,) = definition.fill(source, filling(secrets={'KEY': ARN}))['containerDefinitions']
    assert 'environment' not in made
    assert made['secrets'] == [{'name': 'KEY', 'valueFrom': ARN}]
    (back,) = definition.fill(task(made), filling(variables={'KEY': 'x'}))['containerDefinitions']
    assert back['environment'] == [{'name': 'KEY', 'value': 'x'}]
    assert 'secrets' not in back


def test_variables_that_the_environment_has_no_more_are_dropped() -> None:
    source = task(container(environment=[{'name': 'THEIRS', 'value': '1'}]))
    first = definition.fill(source, filling(variables={'OURS': '1', 'STAYS': '1'}))
    second = definition.fill(described(first), filling(variables={'STAYS': '2'}))
    assert second['containerDefinitions'][0]['environment'] == [
        {'name': 'THEIRS', 'value': '1'},
        {'name': 'STAYS', 'value': '2'},
    ]


def test_other_labels_stay() -> None:
    source = task(container(dockerLabels={'team': 'shop'}))
    assert definition.labels(definition.fill(source, filling()))['team'] == 'shop'


def test_the_same_is_recognised_for_another_revision() -> None:
    made = definition.fill(task(), filling())
    again = definition.fill(task(), filling(revision='r13'))
    assert definition.is_same(described(made), again)
    assert definition.is_same(described(made), definition.fill(described(made), filling()))


@pytest.mark.parametrize(
    'other',
    [{'image': IMAGE.replace('a', 'b')}, {'variables': {'A': '1'}}, {'secrets': {'A': ARN}}],
)
def test_something_else_is_told_apart(other: dict[str, Any]) -> None:
    made = definition.fill(task(), filling())
    assert not definition.is_same(described(made), definition.fill(task(), filling(**other)))


@pytest.mark.parametrize(
    ('containers', 'name', 'chosen'),
    [
        ([container()], '', 'web'),
        ([container(), container('sidecar', image='envoy:1')], 'sidecar', 'sidecar'),
        (
            [container('a', image='envoy:1'), container('b', image='registry.example/shop:3')],
            '',
            'b',
        ),
    ],
)
def test_the_container_that_gets_the_image(
    containers: list[dict[str, Any]], name: str, chosen: str
) -> None:
    assert definition.choose(task(*containers), name, IMAGE) == chosen


@pytest.mark.parametrize(
    ('source', 'name', 'message'),
    [
        (task(), 'gone', 'has no container `gone`'),
        (task(container(), container('other')), '', 'has 2 containers: web, other'),
        ({'family': 'shop'}, '', 'has no containerDefinitions'),
    ],
)
def test_containers_that_cannot_be_chosen(source: dict[str, Any], name: str, message: str) -> None:
    with pytest.raises(Trouble, match=message) as caught:
        definition.choose(source, name, IMAGE)
    assert caught.value.hint


def test_a_file_may_be_json_or_yaml_and_what_aws_prints() -> None:
    source = task()
    text = json.dumps(source)
    assert documents.parse('task.json', text) == source
    assert (
        documents.parse('task.json', json.dumps({'taskDefinition': source, 'tags': []})) == source
    )
    yaml = 'family: shop\ncontainerDefinitions:\n- {name: web, image: "shop:old", memory: 128}\n'
    assert documents.parse('task.yaml', yaml) == source


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('{', 'task.json is no JSON'),
        ('a: [', 'task.json is no YAML: line 2'),
        (DOCUMENTED, 'is no task definition'),
        ('[]', 'is no task definition'),
    ],
)
def test_files_that_are_no_task_definition(text: str, message: str) -> None:
    with pytest.raises(Trouble, match=message):
        documents.parse('task.json', text)


def test_the_log_in_is_not_for_the_application() -> None:
    env = {'AWS_ACCESS_KEY_ID': 'a', 'AWS_SECRET_ACCESS_KEY': 'b', 'AWS_REGION': 'c', 'MODE': 'd'}
    revision = Revision('r1', Version('v1'), env, ('AWS_SECRET_ACCESS_KEY',))
    assert plain(revision, {}) == {'AWS_REGION': 'c', 'MODE': 'd'}


def test_a_secret_is_never_written_into_a_definition() -> None:
    revision = Revision('r1', Version('v1'), {'API_KEY': 'x', 'MODE': 'y'}, ('API_KEY',))
    with pytest.raises(Trouble, match='API_KEY would stand readable') as caught:
        plain(revision, {})
    assert 'Secrets Manager' in caught.value.hint
    assert plain(revision, {'API_KEY': ARN}) == {'MODE': 'y'}
