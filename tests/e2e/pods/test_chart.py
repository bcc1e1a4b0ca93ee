"""The chart of `deploy/helm`, as Helm renders it and as an API server would look at it."""

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

import charts
from fakekube import schemas
from liftlock.cli import config

CHART: Final = Path(__file__).parents[3] / 'deploy/helm/liftlock'
EVERYTHING: Final[dict[str, Any]] = {
    'image': {'tag': '9'},
    'imagePullSecrets': [{'name': 'registry'}],
    'database': {'secret': 'liftlock-database'},
    'bucket': {'url': 's3://octo-ci/x', 'endpoint': 'https://minio', 'secret': 'aws'},
    'sealing': {'secret': 'sealing'},
    'openid': {'secret': 'oidc'},
    'server': {'replicas': 2, 'options': ['--jobs=2']},
    'workers': {'replicas': 3, 'options': ['--labels=gpu']},
    'storage': {'accessMode': 'ReadWriteMany', 'className': 'nfs'},
    'ingress': {
        'enabled': True, 'className': 'nginx', 'tlsSecret': 'tls', 'annotations': {'a/b': 'off'},
    },
    'metrics': {'open': True},
    'nodeSelector': {'pool': 'ci'},
    'tolerations': [{'key': 'ci', 'operator': 'Exists'}],
    'affinity': {'nodeAffinity': {}},
}  # fmt: skip


def rendered(values: dict[str, Any]) -> dict[str, Any]:
    """Objects by kind and name, each looked at."""
    texts = charts.render(CHART, values).values()
    found = [one for text in texts for one in yaml.safe_load_all(text) if one]
    for one in found:
        schemas.check(one, None)
    return {f'{one["kind"]}/{one["metadata"]["name"]}': one for one in found}


def pod(objects: dict[str, Any], name: str) -> Any:
    return objects[f'Deployment/{name}']['spec']['template']['spec']


def test_as_it_comes_there_is_one_server_on_sqlite() -> None:
    objects = rendered({})
    assert set(objects) == {
        'ServiceAccount/ci', 'Role/ci', 'RoleBinding/ci', 'ConfigMap/ci', 'Deployment/ci-server',
        'Service/ci', 'PersistentVolumeClaim/ci',
    }  # fmt: skip
    deployment = objects['Deployment/ci-server']['spec']
    assert (deployment['replicas'], deployment['strategy']['type']) == (1, 'Recreate')
    (server,) = pod(objects, 'ci-server')['containers']
    assert server['image'] == 'liftlock:0.1.0'
    assert 'env' not in server
    assert '--no-worker' not in server['args']


def test_with_every_value_everything_that_is_named_is_there(tmp_path: Path) -> None:
    objects = rendered(EVERYTHING)
    assert {'Deployment/ci-worker', 'Ingress/ci'} <= set(objects)
    assert objects['Deployment/ci-server']['spec']['strategy']['type'] == 'RollingUpdate'
    for name in ('ci-server', 'ci-worker'):
        spec = pod(objects, name)
        (one,) = spec['containers']
        assert {each['name']: each.get('value') for each in one['env']} == {
            'LIFTLOCK_DATABASE_FILE': '/run/liftlock/database/url',
            'LIFTLOCK_KEY_FILE': '/run/liftlock/sealing/key',
            'LIFTLOCK_BLOBS': 's3://octo-ci/x',
            'AWS_ENDPOINT_URL': 'https://minio',
            'LIFTLOCK_OIDC_SECRET': None,
        }
        assert one['envFrom'] == [{'secretRef': {'name': 'aws'}}]
        mounted = {each['name'] for each in one['volumeMounts']}
        mounted |= {
            each['name'] for init in spec['initContainers'] for each in init['volumeMounts']
        }
        assert mounted == {each['name'] for each in spec['volumes']}
    (file,) = objects['ConfigMap/ci']['data'].items()
    (tmp_path / file[0]).write_text(file[1])
    assert config.read(tmp_path / file[0]).labels['ubuntu-latest'] == 'kubernetes'


@pytest.mark.parametrize(
    ('values', 'told'),
    [
        ({'workers': {'replicas': 1}}, 'set database.secret'),
        ({'server': {'replicas': 2}}, 'set database.secret'),
        (
            {'server': {'replicas': 2}, 'database': {'secret': 'x'}},
            'set storage.accessMode to ReadWriteMany',
        ),
    ],
)
def test_what_cannot_go_together_is_refused(values: dict[str, Any], told: str) -> None:
    with pytest.raises(charts.Refused, match=told):
        charts.render(CHART, values)


def test_helm_finds_nothing_wrong_with_it() -> None:
    assert [one['error'] for one in charts.lint(CHART)] == ['icon is recommended']
