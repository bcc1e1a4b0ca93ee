"""Deployments, Argo Rollouts, manifests and kustomizations are updated in place, by kubectl."""

import asyncio
import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from e2e.delivery.clusters import DEPLOYMENT, IMAGE, OTHER, SERVICE, Stage, cluster, revision
from fakekube.server import Cluster
from liftlock.language.settings.model import Amount, Kubernetes, Rolling
from liftlock.rollout.trouble import Trouble
from liftlock.targets.kubernetes.client import Client
from liftlock.targets.kubernetes.commands import Cluster as Clusters

ROLLOUT = """
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  replicas: 2
  strategy: {canary: {steps: [{setWeight: 20}, {pause: {}}, {setWeight: 60}]}}
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: app, image: 'ghcr.io/me/shop:1', args: [serve]}]}
"""


@pytest.fixture
def kube(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    with cluster(tmp_path, monkeypatch) as made:
        yield made


def put(kube: Cluster, text: str) -> None:
    for doc in yaml.safe_load_all(text):
        kube.store.put(doc)


def containers(kube: Cluster, kind: str = 'Deployment', name: str = 'shop') -> Any:
    found = kube.store.get(kind, name)
    assert found is not None
    return {one['name']: one for one in found['spec']['template']['spec']['containers']}


# --- a deployment that is there


def test_a_deployment_gets_the_image_and_settles_when_its_pods_are_exchanged(
    kube: Cluster, tmp_path: Path
) -> None:
    async def scene() -> None:
        put(kube, DEPLOYMENT)
        stage = Stage(tmp_path, Kubernetes(deployment='shop'))
        assert (await stage.target.look()).revision == ''
        said = await stage.target.prepare(revision(1))
        assert said == f'Deployment/shop will run {IMAGE}'
        id = await stage.target.apply(revision(1, COLOUR='blue', PASSWORD='s3cret'), back=False)
        assert id == 'deployment.apps/shop@2'
        sight = await stage.settled('r1')
        assert sight.settled
        assert {one.revision for one in sight.instances if one.alive} == {'r1'}
        assert [one.ready for one in sight.instances if one.alive] == [True, True]

    asyncio.run(scene())
    app = containers(kube)['app']
    assert app['image'] == IMAGE
    assert app['env'] == [
        {'name': 'LEVEL', 'value': 'info'},
        {'name': 'COLOUR', 'value': 'blue'},
        {
            'name': 'PASSWORD',
            'valueFrom': {'secretKeyRef': {'name': 'shop-r1', 'key': 'PASSWORD'}},
        },
    ]
    assert containers(kube)['proxy']['image'] == 'ghcr.io/me/proxy:3'
    secret = kube.store.get('Secret', 'shop-r1')
    assert secret is not None
    assert base64.b64decode(secret['data']['PASSWORD']) == b's3cret'


def test_going_back_is_an_undo_to_the_very_template_that_it_had(
    kube: Cluster, tmp_path: Path
) -> None:
    async def scene() -> None:
        put(kube, DEPLOYMENT)
        stage = Stage(tmp_path, Kubernetes(deployment='shop', container='app'))
        await stage.target.apply(revision(1, COLOUR='blue'), back=False)
        await stage.settled('r1')
        before = kube.store.get('Deployment', 'shop')
        await stage.target.apply(revision(2, OTHER, SHAPE='round'), back=False)
        await stage.settled('r2')
        assert {one['name'] for one in containers(kube)['app']['env']} == {'LEVEL', 'SHAPE'}
        await stage.target.apply(revision(1, COLOUR='blue'), back=True)
        assert (await stage.settled('r1')).settled
        after = kube.store.get('Deployment', 'shop')
        assert before is not None
        assert after is not None
        assert after['spec'] == before['spec']
        assert len(kube.store.all('ReplicaSet')) == 3, 'the one before us, r1 and r2: none is new'

    asyncio.run(scene())


def test_going_back_to_what_kubernetes_has_forgotten_patches_it_again(
    kube: Cluster, tmp_path: Path
) -> None:
    async def scene() -> None:
        put(kube, DEPLOYMENT)
        stage = Stage(tmp_path, Kubernetes(deployment='shop', container='app'))
        await stage.target.apply(revision(2, OTHER), back=False)
        await stage.settled('r2')
        await stage.target.apply(revision(1), back=True)
        assert (await stage.settled('r1')).settled
        assert containers(kube)['app']['image'] == IMAGE

    asyncio.run(scene())


def test_applying_again_changes_nothing(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        put(kube, DEPLOYMENT)
        stage = Stage(tmp_path, Kubernetes(deployment='shop', container='app'))
        first = await stage.target.apply(revision(1), back=False)
        assert await stage.target.apply(revision(1), back=False) == first

    asyncio.run(scene())


def test_an_image_that_cannot_be_pulled_fails_with_its_reason(
    kube: Cluster, tmp_path: Path
) -> None:
    async def scene() -> None:
        put(kube, DEPLOYMENT)
        kube.behaviour.broken[OTHER] = 'ImagePullBackOff'
        stage = Stage(tmp_path, Kubernetes(deployment='shop', container='app'))
        await stage.target.apply(revision(1), back=False)
        await stage.settled('r1')
        await stage.target.apply(revision(2, OTHER), back=False)
        sight = await stage.settled('r2')
        assert 'has timed out progressing' in sight.failed
        assert not sight.settled
        broken = [one for one in sight.instances if one.revision == 'r2']
        assert broken[0].message == f'ImagePullBackOff: Back-off pulling image "{OTHER}"'
        ready = [one for one in sight.instances if one.revision == 'r1' and one.ready]
        assert ready, 'the old version still serves'

    asyncio.run(scene())


def test_instances_and_the_pace_of_rolling_go_before_what_the_deployment_says(
    kube: Cluster, tmp_path: Path
) -> None:
    async def scene() -> None:
        put(kube, DEPLOYMENT)
        settings = Kubernetes(deployment='shop', container='app', instances=3)
        stage = Stage(tmp_path, settings, Rolling(Amount(1), Amount(50, percent=True)))
        await stage.target.apply(revision(1), back=False)
        assert len([one for one in (await stage.settled('r1')).instances if one.alive]) == 3
        deployment = kube.store.get('Deployment', 'shop')
        assert deployment is not None
        assert deployment['spec']['strategy'] == {
            'type': 'RollingUpdate',
            'rollingUpdate': {'maxSurge': '50%', 'maxUnavailable': 1},
        }

    asyncio.run(scene())


def test_what_somebody_changed_in_a_lone_deployment_is_drift(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        put(kube, DEPLOYMENT)
        stage = Stage(tmp_path, Kubernetes(deployment='shop', container='app', instances=2))
        await stage.target.apply(revision(1), back=False)
        assert await stage.target.diff(revision(1)) == ''
        drifted = kube.store.get('Deployment', 'shop')
        assert drifted is not None
        drifted['spec']['template']['spec']['containers'][0]['image'] = OTHER
        kube.store.put(drifted)
        shown = await stage.target.diff(revision(1))
        assert shown == (f'-Deployment/shop image: {OTHER}\n+Deployment/shop image: {IMAGE}\n')
        await stage.target.apply(revision(1), back=False)
        assert await stage.target.diff(revision(1)) == ''

    asyncio.run(scene())


def test_what_is_not_there_is_told_before_anything_moves(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        stage = Stage(tmp_path, Kubernetes(deployment='shop'))
        with pytest.raises(Trouble, match=r'deployment.apps/shop is not in namespace default'):
            await stage.target.prepare(revision(1))

    asyncio.run(scene())


def test_a_container_that_nobody_can_guess_must_be_named(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        put(kube, DEPLOYMENT)
        stage = Stage(tmp_path, Kubernetes(deployment='shop'))
        strange = revision(1, 'ghcr.io/me/other@sha256:' + 'a' * 64)
        with pytest.raises(Trouble, match='not clear which container') as caught:
            await stage.target.prepare(strange)
        assert caught.value.hint == 'say container: …; there are: app, proxy'

    asyncio.run(scene())


def test_logs_are_led_by_their_pod(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> list[str]:
        put(kube, DEPLOYMENT)
        stage = Stage(tmp_path, Kubernetes(deployment='shop', container='app'))
        await stage.target.apply(revision(1), back=False)
        await stage.settled('r1')
        found = stage.target.logs('r1', follow=False, previous=False)
        return [line async for line in found]

    lines = asyncio.run(scene())
    assert lines
    for line in lines:
        pod, text = line.split(' ', 1)
        assert text in (f'hello from {pod}', 'and again')


def test_cpu_and_memory_are_shown_where_the_cluster_measures_them(
    kube: Cluster, tmp_path: Path
) -> None:
    async def scene() -> None:
        put(kube, DEPLOYMENT)
        pods = kube.store.wait(lambda: len(kube.store.all('Pod')) == 2 and kube.store.all('Pod'))
        kube.usage = {pods[0]['metadata']['name']: ('250m', '64Mi')}
        stage = Stage(tmp_path, Kubernetes(deployment='shop'))
        sight = await stage.target.look()
        used = {one.id: (one.cpu, one.memory) for one in sight.instances}
        assert used[pods[0]['metadata']['name']] == (25.0, 64 << 20)

    asyncio.run(scene())


# --- an Argo Rollout


def test_a_rollout_is_patched_waits_at_its_pause_and_is_promoted(
    kube: Cluster, tmp_path: Path
) -> None:
    async def scene() -> None:
        put(kube, ROLLOUT)
        stage = Stage(tmp_path, Kubernetes(rollout='shop'))
        await stage.target.apply(revision(1, COLOUR='blue'), back=False)
        await settled_or_paused(stage, 'paused')
        await stage.target.promote()
        assert (await stage.settled('r1')).settled
        app = containers(kube, 'Rollout')['app']
        assert app['image'] == IMAGE
        assert app['args'] == ['serve'], 'a list is replaced whole, with all that was in it'

    asyncio.run(scene())


async def settled_or_paused(stage: Stage, word: str) -> None:
    for _ in range(200):
        sight = await stage.target.look()
        if word in sight.message or word in sight.failed:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(sight)


def test_a_rollout_is_aborted_and_patched_back(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        put(kube, ROLLOUT)
        stage = Stage(tmp_path, Kubernetes(rollout='shop'))
        await stage.target.apply(revision(1), back=False)
        await settled_or_paused(stage, 'paused')
        await stage.target.promote(full=True)
        await stage.settled('r1')
        await stage.target.apply(revision(2, OTHER), back=False)
        await settled_or_paused(stage, 'paused')
        await stage.target.abort()
        await settled_or_paused(stage, 'RolloutAborted')
        await stage.target.apply(revision(1), back=True)
        assert (await stage.settled('r1')).settled

    asyncio.run(scene())


# --- manifests


def test_manifests_are_applied_with_image_labels_and_namespace(
    kube: Cluster, tmp_path: Path
) -> None:
    async def scene() -> None:
        settings = Kubernetes(
            manifests=('k8s',), namespace='shop', sync_options=('CreateNamespace=true',)
        )
        files = {'k8s/deployment.yaml': DEPLOYMENT, 'k8s/service.yml': SERVICE, 'k8s/README.md': ''}
        stage = Stage(tmp_path, settings, files=files)
        said = await stage.target.prepare(revision(1, PASSWORD='x'))
        assert said == '2 objects: Deployment/shop, Service/shop'
        assert await stage.target.apply(revision(1, PASSWORD='x'), back=False) == (
            'Deployment/shop@1'
        )
        sight = await stage.settled('r1')
        assert sight.settled
        assert len([one for one in sight.instances if one.ready]) == 2

    asyncio.run(scene())
    service = kube.store.get('Service', 'shop', 'shop')
    assert service is not None
    assert service['metadata']['labels'] == {'liftlock.dev/environment': 'shop-production'}
    deployment = kube.store.get('Deployment', 'shop', 'shop')
    assert deployment is not None
    assert deployment['spec']['template']['spec']['containers'][0]['image'] == IMAGE
    assert deployment['metadata']['annotations']['kubernetes.io/change-cause'] == (
        'liftlock r1 v1.1.0'
    )
    kept = (tmp_path / 'state/applied/r1.json').read_text()
    assert 'PASSWORD' in kept
    assert base64.b64encode(b'x').decode() not in json.dumps(json.loads(kept)['objects'])


def test_going_back_applies_what_was_recorded_although_the_files_have_changed(
    kube: Cluster, tmp_path: Path
) -> None:
    async def scene() -> None:
        stage = Stage(tmp_path, Kubernetes(manifests=('a.yaml',)), files={'a.yaml': DEPLOYMENT})
        for number, image in ((1, IMAGE), (2, OTHER)):
            await stage.target.prepare(revision(number, image))
            await stage.target.apply(revision(number, image), back=False)
            await stage.settled(f'r{number}')
            stage.files['a.yaml'] = DEPLOYMENT.replace('replicas: 2', 'replicas: 1')
        await stage.target.apply(revision(1), back=True)
        assert len([one for one in (await stage.settled('r1')).instances if one.alive]) == 2
        assert containers(kube)['app']['image'] == IMAGE

    asyncio.run(scene())


def test_what_the_manifests_no_longer_have_is_pruned_when_asked_and_only_that(
    kube: Cluster, tmp_path: Path
) -> None:
    async def scene() -> None:
        settings = Kubernetes(manifests=('.',), sync_options=('PrunePropagationPolicy=foreground',))
        stage = Stage(tmp_path, settings, files={'a.yaml': DEPLOYMENT, 'b.yaml': SERVICE})
        put(kube, SERVICE.replace('name: shop', 'name: stranger'))
        await stage.target.apply(revision(1), back=False)
        await stage.settled('r1')
        del stage.files['b.yaml']
        stage.files['c.yaml'] = SERVICE.replace('name: shop', 'name: shop-new')
        await stage.target.apply(revision(2, OTHER), back=False)
        assert kube.store.get('Service', 'shop') is not None
        await stage.settled('r2')
        assert await stage.target.prune() == 'Service/shop'
        assert kube.store.get('Service', 'shop') is None
        assert kube.store.get('Service', 'stranger') is not None
        assert kube.store.get('Service', 'shop-new') is not None
        assert await stage.target.prune() == ''

    asyncio.run(scene())


def test_what_somebody_else_has_taken_over_is_not_pruned(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        stage = Stage(
            tmp_path, Kubernetes(manifests=('.',)), files={'a.yaml': DEPLOYMENT, 'b.yaml': SERVICE}
        )
        await stage.target.apply(revision(1), back=False)
        theirs = kube.store.get('Service', 'shop')
        assert theirs is not None
        theirs['metadata']['labels'] = {'owner': 'them'}
        kube.store.put(theirs)
        del stage.files['b.yaml']
        await stage.target.apply(revision(2), back=False)
        assert await stage.target.prune() == ''
        assert kube.store.get('Service', 'shop') is not None

    asyncio.run(scene())


def test_drift_is_shown_and_applying_again_mends_it(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        stage = Stage(tmp_path, Kubernetes(manifests=('a.yaml',)), files={'a.yaml': DEPLOYMENT})
        await stage.target.prepare(revision(1))
        await stage.target.apply(revision(1), back=False)
        await stage.settled('r1')
        assert await stage.target.diff(revision(1)) == ''
        drifted = kube.store.get('Deployment', 'shop')
        assert drifted is not None
        drifted['spec']['replicas'] = 5
        drifted['metadata']['generation'] += 1
        kube.store.put(drifted)
        shown = await stage.target.diff(revision(1))
        assert shown.startswith('--- apps.v1.Deployment.default.shop\n+++ apps.v1.')
        assert '-  replicas: 5\n+  replicas: 2\n' in shown
        assert await stage.target.diff(revision(1)) == shown, 'it is told once'
        await stage.target.apply(revision(1), back=False)
        assert await stage.target.diff(revision(1)) == ''

    asyncio.run(scene())


def test_an_object_that_the_server_refuses_is_told_before_anything_moves(
    kube: Cluster, tmp_path: Path
) -> None:
    async def scene() -> None:
        wrong = DEPLOYMENT.replace('matchLabels: {app: shop}', 'matchLabels: {app: other}')
        stage = Stage(tmp_path, Kubernetes(manifests=('a.yaml',)), files={'a.yaml': wrong})
        with pytest.raises(Trouble, match='does not match template `labels`'):
            await stage.target.prepare(revision(1))
        assert kube.store.get('Deployment', 'shop') is None

    asyncio.run(scene())


def test_a_deployment_that_was_deleted_is_no_longer_settled(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        stage = Stage(tmp_path, Kubernetes(manifests=('a.yaml',)), files={'a.yaml': DEPLOYMENT})
        await stage.target.apply(revision(1), back=False)
        await stage.settled('r1')
        from fakekube.resources import BY_KIND

        deployments = BY_KIND['Deployment']
        kube.store.delete(deployments, (deployments.full, 'default', 'shop'))
        sight = await stage.target.look()
        assert not sight.settled
        assert sight.message == 'not there: shop'

    asyncio.run(scene())


def test_a_kustomization_is_built_and_applied(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        files = {
            'production/deployment.yaml': DEPLOYMENT,
            'production/kustomization.yaml': (
                'resources: [deployment.yaml]\nnamePrefix: big-\n'
                'patchesStrategicMerge: [replicas.yaml]\n'
            ),
            'production/replicas.yaml': (
                'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\n'
                'spec: {replicas: 3}\n'
            ),
        }
        stage = Stage(tmp_path, Kubernetes(kustomize='production'), files=files)
        await stage.target.prepare(revision(1))
        await stage.target.apply(revision(1), back=False)
        assert len((await stage.settled('r1')).instances) == 3
        assert containers(kube, name='big-shop')['app']['image'] == IMAGE

    asyncio.run(scene())


# --- the edge


def test_a_cluster_that_does_not_answer_may_do_later(
    kube: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        doc = yaml.safe_load((tmp_path / 'kubeconfig').read_text())
        doc['clusters'][0]['cluster']['server'] = 'http://127.0.0.1:1'
        (tmp_path / 'kubeconfig').write_text(yaml.safe_dump(doc))
        stage = Stage(tmp_path, Kubernetes(deployment='shop'))
        with pytest.raises(Trouble, match=r'connection refused|was refused') as caught:
            await stage.target.look()
        assert caught.value.again
        assert 'kubectl cluster-info' in caught.value.hint

    asyncio.run(scene())


@pytest.mark.parametrize(
    ('break_it', 'message', 'hint'),
    [
        pytest.param(
            lambda kube: setattr(kube, 'locked', True), 'logged in', 'log in again', id='401'
        ),
        pytest.param(
            lambda kube: kube.forbidden.add(('get', 'deployments')),
            'cannot get resource "deployments"',
            'needs a Role',
            id='403',
        ),
    ],
)
def test_who_may_not_is_told_what_it_takes(
    kube: Cluster, tmp_path: Path, break_it: Any, message: str, hint: str
) -> None:
    async def scene() -> None:
        put(kube, DEPLOYMENT)
        break_it(kube)
        stage = Stage(tmp_path, Kubernetes(deployment='shop'))
        with pytest.raises(Trouble, match=message) as caught:
            await stage.target.look()
        assert hint in caught.value.hint
        assert not caught.value.again

    asyncio.run(scene())


def test_an_unknown_context_is_told(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        stage = Stage(tmp_path, Kubernetes(deployment='shop', context='nowhere'))
        with pytest.raises(Trouble, match='nowhere') as caught:
            await stage.target.look()
        assert 'kubectl config get-contexts' in caught.value.hint

    asyncio.run(scene())


def test_kubectl_that_is_not_installed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        monkeypatch.setenv('PATH', str(tmp_path))
        stage = Stage(tmp_path, Kubernetes(deployment='shop'))
        with pytest.raises(Trouble, match='kubectl is not installed') as caught:
            await stage.target.look()
        assert 'install kubectl' in caught.value.hint

    asyncio.run(scene())


def test_whoever_breaks_off_leaves_no_program_behind(tmp_path: Path) -> None:
    pid = tmp_path / 'pid'
    command = ('sh', '-c', f'echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 60')

    async def scene() -> None:
        task = asyncio.create_task(Client(Clusters()).ask(command))
        for _ in range(500):
            if pid.exists():
                break
            await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)

    asyncio.run(scene())


def test_a_program_that_does_not_end_is_ended(tmp_path: Path) -> None:
    async def scene() -> None:
        with pytest.raises(Trouble, match=r'sleep 60 did not end within 0\.2 s') as caught:
            await Client(Clusters(), patience=0.2).ask(('sleep', '60'))
        assert caught.value.again

    asyncio.run(scene())
