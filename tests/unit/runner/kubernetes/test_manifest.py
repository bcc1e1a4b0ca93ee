"""The pod of a job, from what a workflow and a template say."""

import base64
import json
import re
from typing import Any

import pytest

from liftlock.runner import directories
from liftlock.runner.containers import Container, Wanted
from liftlock.runner.executors.base import CannotPrepare, Order
from liftlock.runner.kubernetes import manifest
from liftlock.runner.kubernetes.settings import LABEL, TRACKING, Template

PLACES = directories.name('/work/1/build-1', 'octo/hello')


def order(container: Container | None = None, **services: Container) -> Order:
    return Order(PLACES, 'github_1_build_1', Wanted(container, services), print, minutes=10)


PLAIN = Template(image='debian:12')


def make(asked: Order, template: Template = PLAIN) -> manifest.Made:
    return manifest.make(asked, template, 'abc123', 'x86_64')


def test_a_pod_where_nobody_says_anything() -> None:
    made = make(order())
    mark = manifest.mark('github_1_build_1')
    volumes = ['work', 'github', 'tools', 'externals', 'actions', 'liftlock']
    assert made.secret is None
    assert made.said == ()
    assert made.pod == {
        'apiVersion': 'v1',
        'kind': 'Pod',
        'metadata': {
            'name': f'liftlock-{mark[:12]}-abc123',
            'labels': {'app.kubernetes.io/managed-by': 'liftlock', LABEL: mark},
            'annotations': {TRACKING: 'github_1_build_1'},
        },
        'spec': {
            'restartPolicy': 'Never',
            'enableServiceLinks': False,
            'automountServiceAccountToken': False,
            'terminationGracePeriodSeconds': 5,
            'activeDeadlineSeconds': 2400,
            'nodeSelector': {'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64'},
            'securityContext': {'seccompProfile': {'type': 'RuntimeDefault'}},
            'volumes': [{'name': name, 'emptyDir': {}} for name in volumes],
            'containers': [
                {
                    'name': 'job',
                    'image': 'debian:12',
                    'command': ['sh', '-c', manifest.IDLE],
                    'workingDir': '/__w',
                    'env': [
                        {'name': 'CI', 'value': 'true'},
                        {'name': 'GITHUB_ACTIONS', 'value': 'true'},
                    ],
                    'resources': {'requests': {'cpu': '500m', 'memory': '512Mi'}},
                    'securityContext': {'allowPrivilegeEscalation': False},
                    'volumeMounts': [
                        {'name': 'work', 'mountPath': '/__w'},
                        {'name': 'github', 'mountPath': '/github'},
                        {'name': 'tools', 'mountPath': '/__t'},
                        {'name': 'externals', 'mountPath': '/__e'},
                        {'name': 'actions', 'mountPath': '/__a'},
                        {'name': 'liftlock', 'mountPath': '/__l'},
                    ],
                }
            ],
        },
    }


def job(made: manifest.Made) -> dict[str, Any]:
    found: dict[str, Any] = made.pod['spec']['containers'][0]
    return found


def test_the_containers_own_words_go_before_the_template() -> None:
    own = Container('node:22', env={'A': '$(HOME)'}, options='--user 1000:2000 --memory 512m')
    found = job(make(order(own)))
    assert found['image'] == 'node:22'
    assert {'name': 'A', 'value': '$$(HOME)'} in found['env']
    assert found['securityContext'] == {
        'allowPrivilegeEscalation': False,
        'runAsUser': 1000,
        'runAsGroup': 2000,
    }
    assert found['resources'] == {'requests': {'cpu': '500m'}, 'limits': {'memory': '512Mi'}}


def test_a_template_adds_what_it_says() -> None:
    template = Template(
        image='debian:12',
        user=1001,
        work='20Gi',
        pod={'nodeSelector': {'pool': 'ci'}, 'serviceAccountName': 'builder'},
        container={'resources': {'requests': {'cpu': '2'}}},
    )
    made = make(order(), template)
    spec = made.pod['spec']
    assert spec['nodeSelector']['pool'] == 'ci'
    assert 'automountServiceAccountToken' not in spec
    assert spec['volumes'][0] == {'name': 'work', 'emptyDir': {'sizeLimit': '20Gi'}}
    assert spec['securityContext'] == {
        'seccompProfile': {'type': 'RuntimeDefault'},
        'runAsUser': 1001,
        'runAsGroup': 1001,
        'fsGroup': 1001,
        'runAsNonRoot': True,
    }
    assert job(made)['securityContext']['capabilities'] == {'drop': ['ALL']}
    assert job(made)['resources'] == {'requests': {'cpu': '2'}}


def test_services_stand_beside_and_are_reached_by_name() -> None:
    postgres = Container(
        'postgres:16',
        ports=('5433:5432',),
        options='--health-cmd pg_isready --health-interval 2s --health-retries 5',
    )
    made = make(order(postgres=postgres))
    assert made.pod['spec']['hostAliases'] == [{'ip': '127.0.0.1', 'hostnames': ['postgres']}]
    assert made.pod['spec']['containers'][1] == {
        'name': 'postgres',
        'image': 'postgres:16',
        'env': [],
        'ports': [{'containerPort': 5432, 'protocol': 'TCP'}],
        'securityContext': {'allowPrivilegeEscalation': False},
        'readinessProbe': {
            'exec': {'command': ['sh', '-c', 'pg_isready']},
            'initialDelaySeconds': 0,
            'periodSeconds': 2,
            'timeoutSeconds': 30,
            'failureThreshold': 5,
        },
    }
    assert made.said == (
        '##[warning]The service postgres is at localhost:5432, not at 5433: a pod maps no ports',
    )


def test_credentials_go_into_a_secret_of_the_pods_own() -> None:
    own = Container('ghcr.io/me/app:1', username='me', password='s3cret')
    made = make(order(own))
    assert made.secret is not None
    assert made.pod['spec']['imagePullSecrets'] == [{'name': made.name}]
    text = base64.b64decode(made.secret['data']['.dockerconfigjson'])
    assert json.loads(text)['auths']['ghcr.io']['username'] == 'me'
    assert 's3cret' not in json.dumps(made.pod)


@pytest.mark.parametrize(
    ('asked', 'words'),
    [
        (order(Container('debian:12', options='--privileged')), '--privileged'),
        (order(Container('debian:12', volumes=('/etc:/etc',))), '`volumes: /etc:/etc`'),
        (order(Container('debian:12', options='--user app')), '--user app'),
        (order(Container('debian:12', options='--memory much')), '--memory much'),
        (order(Container('not an image')), 'names no image'),
        (
            order(a=Container('redis:7', ports=('6379',)), b=Container('redis:7', ports=('6379',))),
            'a and b both listen at 6379',
        ),
    ],
)
def test_what_a_pod_cannot_have_is_refused(asked: Order, words: str) -> None:
    with pytest.raises(CannotPrepare, match=re.escape(words)):
        make(asked)


def test_a_job_without_any_image_is_told_where_to_name_one() -> None:
    with pytest.raises(CannotPrepare, match=r'kubernetes\.pods in config\.yml'):
        make(order(), Template())
