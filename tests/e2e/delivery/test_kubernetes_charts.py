"""Charts are rendered by Helm and upgraded in place: see helm.py for what stands in."""

import asyncio
import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import charts
from e2e.delivery.clusters import IMAGE, OTHER, Stage, cluster, revision
from fakekube.server import Cluster
from liftlock.language.settings.model import Helm, Kubernetes
from liftlock.rollout.trouble import Trouble

TEMPLATE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: '{{ .Release.Name }}', labels: {app: shop}}
spec:
  replicas: {{ .Values.replicaCount.web }}
  progressDeadlineSeconds: 1
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop, revision: '{{ .Values.liftlock.revision }}'}}
    spec:
      containers:
        - name: web
          image: '{{ .Values.image.repository }}:{{ .Values.image.tag }}'
          env: [{name: HOST, value: '{{ .Values.ingress.host }}'}]
          envFrom: [{secretRef: {name: '{{ .Values.liftlock.secret }}'}}]
"""
FILES = {
    'charts/shop/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
    'charts/shop/values.yaml': (
        'replicaCount: {web: 1}\nimage: {repository: shop, tag: latest}\n'
        'liftlock: {secret: none}\ningress: {host: none}\n'
    ),
    'charts/shop/templates/deployment.yaml': TEMPLATE,
    'env/production.yaml': 'ingress: {host: shop.example.com}\n',
}
HELM = Helm('charts/shop', 'shop', ('env/production.yaml',), {'replicaCount.web': '2'})


@pytest.fixture
def kube(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    installed = charts.installed()  # before there is another home
    with cluster(tmp_path, monkeypatch) as made:
        program = tmp_path / 'tools' / 'helm'
        script = Path(__file__).with_name('helm.py')
        tests, cache = script.parents[2], installed.parents[1]
        program.write_text(
            f'#!/bin/sh\nexport PYTHONPATH={tests} XDG_CACHE_HOME={cache}\n'
            f'exec {sys.executable} {script} "$@"\n'
        )
        program.chmod(0o755)
        yield made


def test_a_chart_gets_image_values_and_variables(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        stage = Stage(tmp_path, Kubernetes(helm=HELM), files=FILES)
        made = revision(1, COLOUR='blue', PASSWORD='s3cret')
        assert await stage.target.prepare(made) == '1 objects: Deployment/shop'
        assert kube.store.get('Deployment', 'shop') is None
        assert await stage.target.apply(made, back=False) == 'shop@1'
        sight = await stage.settled('r1')
        assert sight.settled
        assert len([one for one in sight.instances if one.ready]) == 2

    asyncio.run(scene())
    deployment = kube.store.get('Deployment', 'shop')
    assert deployment is not None
    container = deployment['spec']['template']['spec']['containers'][0]
    assert container['image'] == IMAGE.replace('@', ':pinned@')
    assert container['env'] == [{'name': 'HOST', 'value': 'shop.example.com'}]
    secret = kube.store.get('Secret', container['envFrom'][0]['secretRef']['name'])
    assert secret is not None
    assert {key: base64.b64decode(text) for key, text in secret['data'].items()} == {
        'COLOUR': b'blue', 'PASSWORD': b's3cret',
    }  # fmt: skip
    released = json.loads((tmp_path / 'helm-shop.json').read_text())
    assert released['info']['description'] == 'liftlock r1 v1.1.0'


def test_going_back_upgrades_to_the_old_chart_and_values(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        stage = Stage(tmp_path, Kubernetes(helm=HELM), files=dict(FILES))
        await stage.target.apply(revision(1, A='1'), back=False)
        await stage.settled('r1')
        await stage.target.apply(revision(2, OTHER, A='2'), back=False)
        await stage.settled('r2')
        assert await stage.target.apply(revision(1, A='1'), back=True) == 'shop@3'
        assert (await stage.settled('r1')).settled

    asyncio.run(scene())
    deployment = kube.store.get('Deployment', 'shop')
    assert deployment is not None
    container = deployment['spec']['template']['spec']['containers'][0]
    assert container['image'] == IMAGE.replace('@', ':pinned@')
    assert container['envFrom'] == [{'secretRef': {'name': 'shop-r1'}}]


def test_a_chart_that_runs_another_image_is_refused_before_anything_moves(
    kube: Cluster, tmp_path: Path
) -> None:
    async def scene() -> None:
        text = TEMPLATE.replace('.Values.image.', '.Values.web.image.')
        own = FILES['charts/shop/values.yaml'] + 'web: {image: {repository: shop, tag: old}}\n'
        files = {
            **FILES,
            'charts/shop/templates/deployment.yaml': text,
            'charts/shop/values.yaml': own,
        }
        stage = Stage(tmp_path, Kubernetes(helm=HELM), files=files)
        with pytest.raises(Trouble, match='the chart does not run') as caught:
            await stage.target.prepare(revision(1))
        assert 'helm: {set: {' in caught.value.hint
        named = HELM._replace(
            set={
                'web.image.repository': 'ghcr.io/me/shop',
                'web.image.tag': "${{ version.name }}@${{ format('sha256:{0}', '"
                + IMAGE.partition('sha256:')[2]
                + "') }}",
            }
        )
        stage = Stage(tmp_path, Kubernetes(helm=named), files=files)
        assert await stage.target.prepare(revision(1)) == '1 objects: Deployment/shop'

    asyncio.run(scene())


def test_a_chart_that_never_reads_the_variables_is_refused(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        text = ''.join(line for line in TEMPLATE.splitlines(True) if 'envFrom' not in line)
        files = {**FILES, 'charts/shop/templates/deployment.yaml': text}
        stage = Stage(tmp_path, Kubernetes(helm=HELM), files=files)
        assert await stage.target.prepare(revision(1)) == '1 objects: Deployment/shop'
        with pytest.raises(Trouble, match='never reads the Secret shop-r1') as caught:
            await stage.target.prepare(revision(1, COLOUR='blue'))
        assert '.Values.liftlock.secret' in caught.value.hint

    asyncio.run(scene())


def test_drift_from_what_was_released_is_shown(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        stage = Stage(tmp_path, Kubernetes(helm=HELM), files=FILES)
        await stage.target.apply(revision(1), back=False)
        await stage.settled('r1')
        assert await stage.target.diff(revision(1)) == ''
        drifted = kube.store.get('Deployment', 'shop')
        assert drifted is not None
        drifted['spec']['replicas'] = 7
        kube.store.put(drifted)
        assert '-  replicas: 7' in await stage.target.diff(revision(1))

    asyncio.run(scene())


def test_helm_that_is_not_installed_is_told(kube: Cluster, tmp_path: Path) -> None:
    async def scene() -> None:
        (tmp_path / 'tools' / 'helm').unlink()
        stage = Stage(tmp_path, Kubernetes(helm=HELM), files=FILES)
        with pytest.raises(Trouble, match='helm is not installed') as caught:
            await stage.target.prepare(revision(1))
        assert 'helm.sh' in caught.value.hint

    asyncio.run(scene())
