from copy import deepcopy
from typing import Any

import pytest

from liftlock.language.settings import model
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision, Version
from liftlock.targets.kubernetes import colour, containers, documents, drift, shape, yamls
from liftlock.targets.kubernetes.containers import Content
from liftlock.targets.kubernetes.documents import Marks, Wanted

IMAGE = 'ghcr.io/me/shop@sha256:' + 'a' * 64
MARKS = Marks('shop-production', 'r12', 'v1.2.0')
DEPLOYMENT: dict[str, Any] = {
    'apiVersion': 'apps/v1',
    'kind': 'Deployment',
    'metadata': {'name': 'shop', 'labels': {'team': 'sales'}},
    'spec': {
        'replicas': 2,
        'paused': True,
        'strategy': {'type': 'Recreate'},
        'selector': {'matchLabels': {'app': 'shop'}},
        'template': {
            'metadata': {'labels': {'app': 'shop'}},
            'spec': {
                'containers': [
                    {'name': 'web', 'image': 'ghcr.io/me/shop:1', 'env': [{'name': 'A'}]},
                    {'name': 'proxy', 'image': 'ghcr.io/me/proxy:1'},
                ]
            },
        },
    },
}
SERVICE: dict[str, Any] = {
    'apiVersion': 'v1',
    'kind': 'Service',
    'metadata': {'name': 'shop', 'annotations': {'liftlock.dev/routes': '{}', 'a': 'b'}},
    'spec': {
        'type': 'NodePort',
        'clusterIP': '10.0.0.1',
        'externalTrafficPolicy': 'Local',
        'selector': {'app': 'shop', 'liftlock.dev/revision': 'r11'},
        'ports': [{'port': 80, 'nodePort': 30080}],
    },
}


def test_yaml_is_read_as_kubectl_reads_it() -> None:
    text = 'day: 2026-01-02\ntime: 12:30\nmode: 0644\nyes: on\nshare: 1.5\nversion: 1.2.3\n---\n\n'
    assert yamls.load(text) == [
        {
            'day': '2026-01-02',
            'time': '12:30',
            'mode': 0o644,
            True: True,
            'share': 1.5,
            'version': '1.2.3',
        }
    ]


def test_the_items_of_a_list_are_objects_of_their_own() -> None:
    text = (
        'kind: List\napiVersion: v1\n'
        'items: [{kind: A, apiVersion: v1, metadata: {name: a}}]\n'
        '---\n{"kind": "B", "apiVersion": "v1", "metadata": {"name": "b"}}'
    )
    assert [one['kind'] for one in documents.read(text, 'a.yaml')] == ['A', 'B']


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('a: [', 'a.yaml is not YAML: '),
        ('a: 1', 'a.yaml holds something that is no object'),
        ('kind: A\napiVersion: v1', 'a.yaml has a A without metadata.name'),
    ],
)
def test_what_is_no_object_is_told(text: str, message: str) -> None:
    with pytest.raises(Trouble, match=message):
        documents.read(text, 'a.yaml')


def test_marks_are_on_everything_and_the_revision_on_pods_but_never_in_a_selector() -> None:
    role = {'apiVersion': 'v1', 'kind': 'ClusterRole', 'metadata': {'name': 'shop'}}
    made, wide = documents.mark([DEPLOYMENT, role], MARKS, 'shop')
    assert made['metadata']['namespace'] == 'shop'
    assert made['metadata']['labels'] == {
        'team': 'sales', 'liftlock.dev/environment': 'shop-production',
    }  # fmt: skip
    assert made['metadata']['annotations']['kubernetes.io/change-cause'] == 'liftlock r12 v1.2.0'
    assert made['spec']['selector'] == DEPLOYMENT['spec']['selector']
    assert made['spec']['template']['metadata']['labels'] == {
        'app': 'shop',
        'liftlock.dev/environment': 'shop-production',
        'liftlock.dev/revision': 'r12',
    }
    assert 'namespace' not in wide['metadata']
    assert 'namespace' not in DEPLOYMENT['metadata'], 'what was given stays as it was'


def test_the_container_is_found_by_its_image_and_its_variables_keep_their_order() -> None:
    doc = deepcopy(DEPLOYMENT)
    content = Content(IMAGE, {'B': '1', 'A': '2'}, ('PASSWORD',), 'shop-r12')
    assert documents.fill([doc, SERVICE], Wanted(content=content)) == [doc]
    web, proxy = doc['spec']['template']['spec']['containers']
    assert web['image'] == IMAGE
    assert web['env'] == [
        {'name': 'A', 'value': '2'},
        {'name': 'B', 'value': '1'},
        {
            'name': 'PASSWORD',
            'valueFrom': {'secretKeyRef': {'name': 'shop-r12', 'key': 'PASSWORD'}},
        },
    ]
    assert proxy == DEPLOYMENT['spec']['template']['spec']['containers'][1]


@pytest.mark.parametrize(
    ('wanted', 'message'),
    [
        (Wanted('other'), 'the manifests have no "other"'),
        (Wanted(container='other'), 'there is no container "other"'),
        (Wanted(), 'it is not clear which container gets the image'),
    ],
)
def test_what_is_meant_by_nothing_is_told(wanted: Wanted, message: str) -> None:
    content = Content('ghcr.io/them/else:1')
    with pytest.raises(Trouble, match=message):
        documents.fill([deepcopy(DEPLOYMENT)], wanted._replace(content=content))


def test_nothing_to_give_means_nobody() -> None:
    assert documents.fill([DEPLOYMENT], Wanted('other')) == []


def test_a_secret_is_called_after_the_revision() -> None:
    made = documents.secret(
        'shop', Revision('r12', Version('v1'), {'A': 'x', 'B': 'y'}, ('A',)), MARKS, 'default'
    )
    assert made['metadata']['name'] == 'shop-r12'
    assert made['data'] == {'A': 'eA=='}


@pytest.mark.parametrize(
    ('one', 'other', 'same'),
    [
        ('ghcr.io/me/shop:1', IMAGE, True),
        ('shop', 'docker.io/library/shop:2', True),
        ('ghcr.io/me/shop:1', 'ghcr.io/me/shop-web:1', False),
        ('me/shop', 'ghcr.io/me/shop', False),
        ('', IMAGE, False),
    ],
)
def test_repositories_are_compared_with_their_registry(one: str, other: str, same: bool) -> None:
    assert containers.same_repository(one, other) is same


def test_what_liftlock_yml_says_of_instances_and_pace_goes_first() -> None:
    both = shape.Shape(3, model.Rolling(model.Amount(1), model.Amount(50, percent=True)))
    assert shape.spec(both, 'Deployment') == {
        'replicas': 3,
        'strategy': {
            'type': 'RollingUpdate',
            'rollingUpdate': {'maxSurge': '50%', 'maxUnavailable': 1},
        },
    }
    assert shape.spec(both, 'DaemonSet') == {}
    assert shape.spec(shape.Shape(), 'Deployment') == {}


# --- colours


def test_a_colour_keeps_its_pods_apart() -> None:
    made = colour.deployment(DEPLOYMENT, MARKS, 3)
    ours = {'liftlock.dev/environment': 'shop-production', 'liftlock.dev/revision': 'r12'}
    assert made['metadata']['name'] == 'shop-r12'
    assert made['metadata']['labels'] == {'team': 'sales', **ours}
    assert made['spec']['replicas'] == 3
    assert 'paused' not in made['spec']
    assert made['spec']['strategy'] == {'type': 'Recreate'}
    assert made['spec']['selector'] == {'matchLabels': {'app': 'shop', **ours}}
    assert made['spec']['template']['metadata']['labels'] == {'app': 'shop', **ours}
    assert DEPLOYMENT['spec']['selector'] == {'matchLabels': {'app': 'shop'}}


def test_a_colour_is_made_after_an_argo_rollout_too_without_its_strategy() -> None:
    rollout = {
        **deepcopy(DEPLOYMENT),
        'apiVersion': 'argoproj.io/v1alpha1',
        'kind': 'Rollout',
    }
    rollout['spec'] = {**rollout['spec'], 'strategy': {'canary': {}}, 'rollbackWindow': {}}
    assert colour.base([SERVICE, rollout], '') is rollout
    made = colour.deployment(rollout, MARKS, 1)
    assert (made['apiVersion'], made['kind']) == ('apps/v1', 'Deployment')
    assert set(made['spec']) == {'replicas', 'selector', 'template'}


def test_which_deployment_has_colours_must_be_clear() -> None:
    other = {**DEPLOYMENT, 'metadata': {'name': 'worker'}}
    with pytest.raises(Trouble, match='not clear which Deployment'):
        colour.base([DEPLOYMENT, other], '')
    with pytest.raises(Trouble, match='no Deployment "shoop"') as caught:
        colour.base([DEPLOYMENT, other], 'shoop')
    assert caught.value.hint == 'there are: Deployment/shop, Deployment/worker'
    assert colour.base([DEPLOYMENT, other], 'worker') is other


def test_the_service_of_a_colour_is_inside_and_leads_to_it_only() -> None:
    made = colour.service(SERVICE, 'r12', 'shop-production')
    assert made['metadata']['name'] == 'shop-r12'
    assert made['metadata']['annotations'] == {'a': 'b'}
    assert made['spec'] == {
        'type': 'ClusterIP',
        'selector': {
            'app': 'shop',
            'liftlock.dev/environment': 'shop-production',
            'liftlock.dev/revision': 'r12',
        },
        'ports': [{'port': 80}],
    }


def test_drift_has_neither_temporary_names_nor_times_nor_counters() -> None:
    text = (
        'diff -u -N /tmp/LIVE-1/v1.Service.default.shop /tmp/MERGED-2/v1.Service.default.shop\n'
        '--- /tmp/LIVE-1/v1.Service.default.shop\t2026-11-30 20:23:55.91 +0000\n'
        '+++ /tmp/MERGED-2/v1.Service.default.shop\t2026-11-30 20:23:55.92 +0000\n'
        '@@ -1,2 +1,2 @@\n-  generation: 4\n+  generation: 5\n-  port: 80\n+  port: 81\n'
    )
    assert drift.clean(text) == (
        '--- v1.Service.default.shop\n+++ v1.Service.default.shop\n'
        '@@ -1,2 +1,2 @@\n-  port: 80\n+  port: 81\n'
    )
