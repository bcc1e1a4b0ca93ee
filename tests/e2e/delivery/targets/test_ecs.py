"""A service on moto's ECS, brought to life, is deployed to; and the real `aws` command agrees."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from e2e.actions.cloud import ACCOUNT, REGION
from liftlock.language.settings import model
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision, Version
from liftlock.targets.ecs import Ecs
from liftlock.targets.whole import BEFORE
from places.ecs import DEFINITION, EcsPlace, open_ecs
from places.place import look_until, revision, settle

ARN = f'arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:api-key'
# From a team's documentation: the part of the container that says what it is told.
DOCUMENTED = {
    'environment': [
        {'name': 'DATABASE_URL', 'value': '...'},
        {'name': 'LOG_LEVEL', 'value': 'INFO'},
    ],
    'secrets': [{'name': 'API_KEY', 'valueFrom': ARN}],
}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[EcsPlace]:
    with open_ecs(tmp_path) as opened:
        yield opened


async def deploy(place: EcsPlace, target: Ecs, number: int, version: Version, **env: str) -> str:
    made = revision(number, version, env)
    await target.prepare(made)
    return await target.apply(made, back=False)


# --- what is registered


def test_only_the_image_of_the_present_definition_is_replaced(place: EcsPlace) -> None:
    asyncio.run(place.open().prepare(revision(1, place.version('v1'), {'MODE': 'x'})))
    made = place.container('shop:2')
    assert made['image'] == place.version('v1').image
    assert made['memory'] == 128
    assert made['environment'] == [{'name': 'MODE', 'value': 'x'}]
    assert made['dockerLabels']['liftlock.revision'] == 'r1'
    assert place.container('shop:1')['image'] == 'shop:old'


def test_a_file_of_the_commit_is_filled_in_with_secrets_by_their_arns(place: EcsPlace) -> None:
    container = {'name': 'web', 'image': '<IMAGE>', 'memory': 256, **DOCUMENTED}
    place.files['deploy/task.json'] = json.dumps(
        {'family': 'filed', 'containerDefinitions': [container], 'revision': 9}
    )
    target = place.open(task_definition='deploy/task.json', secrets={'DATABASE_URL': ARN})
    env = {'DATABASE_URL': 'postgres://secret', 'LOG_LEVEL': 'DEBUG'}
    made = Revision('r1', place.version('v1'), env, ('DATABASE_URL',))
    assert asyncio.run(target.prepare(made)) == 'task definition filed:1'
    told = place.container('filed:1')
    assert told['environment'] == [{'name': 'LOG_LEVEL', 'value': 'DEBUG'}]
    assert told['secrets'] == [
        {'name': 'API_KEY', 'valueFrom': ARN},
        {'name': 'DATABASE_URL', 'valueFrom': ARN},
    ]
    assert 'postgres://secret' not in json.dumps(told)


def test_a_secret_without_an_arn_is_refused_before_anything_moves(place: EcsPlace) -> None:
    made = Revision('r1', place.version('v1'), {'API_KEY': 'hunter2'}, ('API_KEY',))
    with pytest.raises(Trouble, match='API_KEY would stand readable'):
        asyncio.run(place.open().prepare(made))
    assert len(place.definitions()) == 1


def test_an_image_is_pinned_by_what_the_registry_says_of_the_commits_tag(place: EcsPlace) -> None:
    ecr = place.cloud.client('ecr')
    host = ecr.create_repository(repositoryName='shop')['repository']['repositoryUri']
    version = Version('v1', commit='c0ffee' + '0' * 34)
    target = place.open(image=host)
    with pytest.raises(Trouble, match='there is no image of v1 on ECR: none of'):
        asyncio.run(target.prepare(Revision('r1', version)))
    manifest = json.dumps(
        {
            'schemaVersion': 2,
            'mediaType': 'application/vnd.docker.distribution.manifest.v2+json',
            'config': {'digest': f'sha256:{"a" * 64}', 'size': 1, 'mediaType': 'x'},
            'layers': [],
        }
    )
    told = ecr.put_image(repositoryName='shop', imageManifest=manifest, imageTag=version.commit)
    digest = told['image']['imageId']['imageDigest']
    asyncio.run(target.prepare(Revision('r1', version)))
    assert place.container('shop:2')['image'] == f'{host}@{digest}'


@pytest.mark.parametrize(
    ('version', 'message'),
    [
        (Version('v1', commit='a' * 40), 'v1 has no image'),
        (Version('v1', image='ghcr.io/octo/shop:v1'), 'names no digest'),
    ],
)
def test_what_is_no_certain_image_is_refused(
    place: EcsPlace, version: Version, message: str
) -> None:
    with pytest.raises(Trouble, match=message) as caught:
        asyncio.run(place.open().prepare(Revision('r1', version)))
    assert caught.value.hint


def test_a_registration_is_found_again_without_our_records(place: EcsPlace) -> None:
    made = revision(1, place.version('v1'))
    asyncio.run(place.open().prepare(made))
    for note in place.root.glob('*.json'):
        note.unlink()  # as if the process had been killed before it wrote down the answer
    asyncio.run(place.open().prepare(made))
    assert len(place.definitions()) == 2


def test_the_same_version_again_has_the_same_definition(place: EcsPlace) -> None:
    async def scene() -> None:
        target = place.open()
        await deploy(place, target, 1, place.version('v1'))
        await settle(target)
        before = place.changes()
        await deploy(place, target, 2, place.version('v1'))
        seen = await settle(target)
        assert (seen.revision, seen.settled) == ('r2', True)
        assert place.changes() == before

    asyncio.run(scene())


def test_another_environment_of_the_account_is_left_alone(place: EcsPlace) -> None:
    async def scene() -> None:
        await place.open().prepare(revision(1, place.version('v1')))
        other = Ecs(
            place.settings, place.root / 'other', environment='shop/staging', read=place.read,
            env={'AWS_ENDPOINT_URL': place.cloud.url, 'AWS_ACCESS_KEY_ID': 'x',
                 'AWS_SECRET_ACCESS_KEY': 'y'},
        )  # fmt: skip
        await other.prepare(revision(1, place.version('v1')))

    asyncio.run(scene())
    assert len(place.definitions()) == 3


# --- how it goes


def test_a_deployment_that_ecs_takes_back_is_a_failure_with_its_reasons(place: EcsPlace) -> None:
    async def scene() -> None:
        target = place.open()
        await deploy(place, target, 1, place.version('v1'))
        await settle(target)
        await deploy(place, target, 2, place.version('v2', bad=True))
        seen = await settle(target)
        assert seen.revision == 'r2'
        assert 'container web: exit code 1' in seen.failed
        seen = await look_until(target, lambda seen: 'ECS has gone back to shop:2' in seen.failed)
        assert 'rolling back to deployment' in seen.failed

    asyncio.run(scene())


def test_without_a_rollback_of_its_own_ecs_is_taken_back_by_us(place: EcsPlace) -> None:
    async def scene() -> None:
        place.life.breaker = 'stop'
        target = place.open()
        first = place.version('v1')
        await deploy(place, target, 1, first)
        await settle(target)
        await deploy(place, target, 2, place.version('v2', bad=True))
        seen = await settle(target)
        assert seen.failed.startswith('ECS deployment circuit breaker: tasks failed to start.')
        await target.apply(revision(1, first), back=True)
        assert (await settle(target)).settled
        assert place.running() == 'v1'

    asyncio.run(scene())


def test_without_a_circuit_breaker_the_failed_tasks_are_told(place: EcsPlace) -> None:
    async def scene() -> None:
        place.life.breaker = ''
        target = place.open()
        await deploy(place, target, 1, place.version('v1', bad=True))
        crashed = 'container web: exit code 1'
        seen = await look_until(target, lambda seen: crashed in seen.message)
        assert not seen.settled
        assert not seen.failed

    asyncio.run(scene())


def test_tasks_are_told_as_instances_of_their_revisions(place: EcsPlace) -> None:
    async def scene() -> None:
        target = place.open()
        await deploy(place, target, 1, place.version('v1'))
        await settle(target)
        place.life.held = True
        await deploy(place, target, 2, place.version('v2'))
        seen = await target.look()
        assert (seen.revision, seen.settled) == ('r2', False)
        assert [(one.revision, one.alive, one.ready) for one in seen.instances] == [
            ('r1', True, True)
        ] * 2
        place.life.held = False
        seen = await settle(target)
        assert {one.revision for one in seen.instances} == {'r2'}
        assert all(one.since for one in seen.instances)

    asyncio.run(scene())


def test_as_many_tasks_are_wanted_as_the_settings_say(place: EcsPlace) -> None:
    async def scene() -> None:
        target = place.open(instances=3)
        await deploy(place, target, 1, place.version('v1'))
        seen = await settle(target)
        assert len(seen.instances) == place.state()['desiredCount'] == 3

    asyncio.run(scene())


def test_going_back_goes_to_a_definition_with_its_settings(place: EcsPlace) -> None:
    async def scene() -> None:
        target = place.open()
        first = place.version('v1')
        await deploy(place, target, 1, first, MODE='old')
        await settle(target)
        await deploy(place, target, 2, place.version('v2'), MODE='new')
        await settle(target)
        await target.apply(revision(1, first), back=True)
        await settle(target)
        assert place.container()['environment'] == [{'name': 'MODE', 'value': 'old'}]

    asyncio.run(scene())
    assert len(place.definitions()) == 3


def test_a_rollback_under_a_new_revision_finds_the_definition_of_its_version(
    place: EcsPlace,
) -> None:
    async def scene() -> None:
        target = place.open()
        await deploy(place, target, 1, place.version('v1'))
        await settle(target)
        await deploy(place, target, 2, place.version('v2'))
        await settle(target)
        await target.apply(revision(3, place.version('v1')), back=True)
        seen = await settle(target)
        assert (seen.revision, place.running()) == ('r3', 'v1')

    asyncio.run(scene())
    assert len(place.definitions()) == 3


def test_a_definition_that_somebody_has_deregistered_is_made_anew(place: EcsPlace) -> None:
    async def scene() -> None:
        target = place.open()
        await deploy(place, target, 1, place.version('v1'))
        await settle(target)
        await deploy(place, target, 2, place.version('v2'))
        await settle(target)
        place.client.deregister_task_definition(taskDefinition='shop:2')
        await target.apply(revision(1, place.version('v1')), back=True)
        assert (await settle(target)).revision == 'r1'
        assert place.state()['taskDefinition'].endswith('shop:4')
        assert place.running() == 'v1'

    asyncio.run(scene())


def test_what_was_there_before_can_be_gone_back_to(place: EcsPlace) -> None:
    async def scene() -> None:
        target = place.open()
        before = await target.adopt()
        assert before == Version('shop:1', image='shop:old')
        assert (await target.look()).revision == BEFORE
        await deploy(place, target, 1, place.version('v1'))
        await settle(target)
        assert await place.open().adopt() == before
        await target.apply(Revision(BEFORE, before), back=True)
        seen = await settle(target)
        assert (seen.revision, seen.settled) == (BEFORE, True)
        assert place.running() == 'shop:old'

    asyncio.run(scene())


def test_preparing_remembers_what_was_there_before(place: EcsPlace) -> None:
    async def scene() -> None:
        target = place.open()
        await deploy(place, target, 1, place.version('v1', bad=True))
        await settle(target)
        version = await target.adopt()
        assert version is not None
        await target.apply(Revision(BEFORE, version), back=True)
        assert (await settle(target)).settled
        assert place.running() == 'shop:old'

    asyncio.run(scene())


def test_somebody_else_has_deployed(place: EcsPlace) -> None:
    async def scene() -> None:
        target = place.open()
        await deploy(place, target, 1, place.version('v1'))
        await settle(target)
        place.client.update_service(cluster='shop', service='web', taskDefinition='shop:1')
        seen = await target.look()
        assert (seen.revision, seen.failed) == (BEFORE, '')
        assert seen.message == 'somebody else has deployed shop:1'

    asyncio.run(scene())


# --- killed between any two steps


@pytest.mark.parametrize('moment', ['before', 'after'])
def test_killed_while_the_service_is_updated_it_is_updated_once(
    place: EcsPlace, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before AWS has heard of it, or after, when nobody has heard the answer."""

    class Killed(BaseException):
        pass

    update = Ecs._update

    async def dies(self: Ecs, arn: str, *, force: bool) -> Any:
        if moment == 'after':
            await update(self, arn, force=force)
        raise Killed

    async def scene() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Ecs, '_update', dies)
            with pytest.raises(Killed):
                await deploy(place, place.open(), 1, place.version('v1'))
        target = place.open()
        assert (await target.look()).failed == ''
        await deploy(place, target, 1, place.version('v1'))
        seen = await settle(target)
        assert (seen.revision, seen.settled) == ('r1', True)

    begun = place.life.begun
    asyncio.run(scene())
    assert place.life.begun == begun + 1
    assert len(place.definitions()) == 2


def test_killed_and_taken_back_meanwhile_it_is_not_tried_again(
    place: EcsPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = Ecs._update

    async def dies(self: Ecs, arn: str, *, force: bool) -> Any:
        await update(self, arn, force=force)
        raise KeyboardInterrupt

    async def scene() -> None:
        first = place.open()
        await deploy(place, first, 1, place.version('v1'))
        await settle(first)
        with monkeypatch.context() as patch:
            patch.setattr(Ecs, '_update', dies)
            with suppress(KeyboardInterrupt):
                await deploy(place, place.open(), 2, place.version('v2', bad=True))

    runner = asyncio.Runner()
    with suppress(KeyboardInterrupt):
        runner.run(scene())
    runner.close()
    for _ in range(500):
        state = place.state()
        if state['taskDefinition'].endswith('shop:2'):
            break
        asyncio.run(asyncio.sleep(0.02))
    begun = place.life.begun
    with pytest.raises(Trouble, match='ECS has gone back to shop:2'):
        asyncio.run(deploy(place, place.open(), 2, place.version('v2', bad=True)))
    assert place.life.begun == begun


# --- what cannot be


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'cluster': 'gone'}, 'ClusterNotFoundException'),
        ({'service': 'gone'}, 'has no active service gone'),
        ({'container': 'gone'}, 'no container `gone`'),
    ],
)
def test_a_place_that_is_not_there_is_told(
    place: EcsPlace, change: dict[str, str], message: str
) -> None:
    with pytest.raises(Trouble, match=message) as caught:
        asyncio.run(place.open(**change).prepare(revision(1, place.version('v1'))))
    assert caught.value.hint


def test_a_service_of_codedeploy_is_not_for_us(place: EcsPlace) -> None:
    place.client.create_service(
        cluster='shop', serviceName='blue', taskDefinition='shop', desiredCount=1,
        deploymentController={'type': 'CODE_DEPLOY'},
    )  # fmt: skip
    with pytest.raises(Trouble, match='deployed by CODE_DEPLOY'):
        asyncio.run(place.open(service='blue').look())


def test_aws_that_does_not_answer_may_do_so_later(place: EcsPlace) -> None:
    env = {'AWS_ENDPOINT_URL': 'http://127.0.0.1:1', 'AWS_ACCESS_KEY_ID': 'x',
           'AWS_SECRET_ACCESS_KEY': 'y'}  # fmt: skip
    target = Ecs(place.settings, place.root, environment='e', read=place.read, env=env)
    with pytest.raises(Trouble, match='cannot be asked for describe_services') as caught:
        asyncio.run(target.look())
    assert caught.value.again


@pytest.mark.parametrize('strategy', [model.BlueGreen(), model.Canary()])
def test_strategies_that_need_a_router_are_refused(
    tmp_path: Path, strategy: model.Strategy
) -> None:
    async def read(version: Version, path: str) -> str:
        return ''

    with pytest.raises(Trouble, match='is not possible on target `ecs`'):
        Ecs(model.Ecs('c', 's'), tmp_path, environment='e', read=read, strategy=strategy)
    Ecs(model.Ecs('c', 's'), tmp_path, environment='e', read=read, strategy=model.Rolling())


def test_without_boto3_it_says_what_to_install(
    place: EcsPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, 'boto3', None)
    with pytest.raises(Trouble, match='boto3') as caught:
        asyncio.run(place.open().look())
    assert "pip install 'liftlock[aws]'" in caught.value.hint


def test_nothing_of_boto3_is_loaded_with_the_target() -> None:
    program = 'import sys, liftlock.targets.ecs; sys.exit("boto3" in sys.modules)'
    env = {**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, '-c', program], env=env, check=False).returncode == 0


# --- what the tasks say


def test_lines_are_read_from_cloudwatch(place: EcsPlace) -> None:
    options = {'awslogs-group': '/ecs/shop', 'awslogs-region': REGION, 'awslogs-stream-prefix': 'x'}
    container = {
        'name': 'web', 'image': 'x', 'memory': 128,
        'logConfiguration': {'logDriver': 'awslogs', 'options': options},
    }  # fmt: skip
    place.files['task.json'] = json.dumps({**DEFINITION, 'containerDefinitions': [container]})
    logs = place.cloud.client('logs')
    logs.create_log_group(logGroupName='/ecs/shop')

    async def scene() -> list[str]:
        target = place.open(task_definition='task.json')
        await deploy(place, target, 1, place.version('v1'))
        seen = await settle(target)
        first, now = seen.instances[0].id, int(time.time() * 1000)
        logs.create_log_stream(logGroupName='/ecs/shop', logStreamName=f'x/web/{first}')
        logs.put_log_events(
            logGroupName='/ecs/shop', logStreamName=f'x/web/{first}',
            logEvents=[{'timestamp': now, 'message': f'line {n}'} for n in (1, 2)],
        )  # fmt: skip
        found = [line async for line in target.logs('r1', follow=False, previous=False)]
        assert found == [f'{first} line 1', f'{first} line 2']
        return found

    assert asyncio.run(scene())


def test_lines_that_are_elsewhere_are_told_to_be(place: EcsPlace) -> None:
    async def scene() -> None:
        async for _ in place.open().logs('r1', follow=False, previous=False):
            pass

    with pytest.raises(Trouble, match='not on CloudWatch'):
        asyncio.run(scene())


# --- the real command


@pytest.fixture
def aws(place: EcsPlace) -> Callable[..., Any]:
    program = '/usr/bin/aws' if Path('/usr/bin/aws').exists() else shutil.which('aws')
    if program is None:
        if os.environ.get('CI') == 'true':
            pytest.fail('awscli is not installed: .ci/servers installs it')
        pytest.skip('awscli is not installed: apt-get install awscli')

    def call(*words: str) -> Any:
        env = {
            'PATH': '/usr/bin:/bin', 'AWS_ACCESS_KEY_ID': 'x', 'AWS_SECRET_ACCESS_KEY': 'y',
            'AWS_DEFAULT_REGION': REGION, 'AWS_PAGER': '', 'HOME': str(place.root),
        }  # fmt: skip
        line = [program, '--endpoint-url', place.cloud.url, '--output', 'json', 'ecs', *words]
        done = subprocess.run(
            line, env=env, capture_output=True, text=True, timeout=120, check=True
        )
        return json.loads(done.stdout) if done.stdout.strip() else None

    return call


def test_the_aws_command_agrees(place: EcsPlace, aws: Callable[..., Any]) -> None:
    async def scene() -> str:
        target = place.open()
        id = await deploy(place, target, 1, place.version('v1'))
        await settle(target)
        return id

    id = asyncio.run(scene())
    aws('wait', 'services-stable', '--cluster', 'shop', '--services', 'web')
    told = aws('describe-services', '--cluster', 'shop', '--services', 'web')['services'][0]
    (deployment,) = told['deployments']
    assert deployment['id'] == id
    assert deployment['rolloutState'] == 'COMPLETED'
    assert deployment['taskDefinition'].endswith('shop:2')


def test_where_the_aws_command_is_content_with_the_old_version_we_are_not(
    place: EcsPlace, aws: Callable[..., Any]
) -> None:
    async def scene() -> None:
        target = place.open()
        await deploy(place, target, 1, place.version('v1'))
        await settle(target)
        await deploy(place, target, 2, place.version('v2', bad=True))
        assert (await settle(target)).failed

    asyncio.run(scene())
    aws('wait', 'services-stable', '--cluster', 'shop', '--services', 'web')
    assert place.running() == 'v1'
    assert asyncio.run(place.open().look()).failed


def test_what_the_aws_command_deploys_is_seen(place: EcsPlace, aws: Callable[..., Any]) -> None:
    async def scene() -> None:
        target = place.open()
        await deploy(place, target, 1, place.version('v1'))
        await settle(target)

    asyncio.run(scene())
    aws('update-service', '--cluster', 'shop', '--service', 'web', '--task-definition', 'shop:1')
    aws('wait', 'services-stable', '--cluster', 'shop', '--services', 'web')
    assert asyncio.run(place.open().look()).message == 'somebody else has deployed shop:1'
