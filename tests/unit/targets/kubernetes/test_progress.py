from typing import Any

import pytest

from liftlock.targets.kubernetes import argo, pods, progress
from liftlock.targets.kubernetes.progress import Progress

DONE = {
    'observedGeneration': 2,
    'replicas': 3,
    'updatedReplicas': 3,
    'availableReplicas': 3,
    'readyReplicas': 3,
}


def deployment(**status: Any) -> dict[str, Any]:
    return {
        'kind': 'Deployment',
        'metadata': {'name': 'shop', 'generation': 2},
        'spec': {'replicas': 3},
        'status': {**DONE, **status},
    }


LATE = [{'type': 'Progressing', 'reason': 'ProgressDeadlineExceeded', 'message': 'too late'}]


@pytest.mark.parametrize(
    ('status', 'expected'),
    [
        pytest.param({}, Progress(settled=True), id='all new and available'),
        pytest.param(
            {'observedGeneration': 1, 'conditions': LATE},
            Progress(message='its controller has not seen the update yet'),
            id='a report of an older generation says nothing, not even that it failed',
        ),
        pytest.param({'conditions': LATE}, Progress(failed='too late'), id='the deadline'),
        pytest.param(
            {'updatedReplicas': 1}, Progress(message='1 of 3 new replicas are there'), id='few'
        ),
        pytest.param(
            {'replicas': 5}, Progress(message='2 old replicas have not ended yet'), id='old ones'
        ),
        pytest.param(
            {'availableReplicas': 2},
            Progress(message='2 of 3 new replicas are available'),
            id='not available',
        ),
    ],
)
def test_a_deployment_settles_as_kubectl_says(status: Any, expected: Progress) -> None:
    assert progress.of(deployment(**status)) == expected


def test_other_workloads_count_and_what_knows_no_progress_has_settled() -> None:
    stateful = {
        'kind': 'StatefulSet',
        'metadata': {'name': 'db', 'generation': 1},
        'spec': {'replicas': 2},
        'status': {
            'observedGeneration': 1,
            'readyReplicas': 2,
            'updatedReplicas': 1,
            'updateRevision': 'b',
            'currentRevision': 'a',
        },
    }
    daemon = {
        'kind': 'DaemonSet',
        'metadata': {'name': 'agent', 'generation': 1},
        'status': {
            'observedGeneration': 1,
            'desiredNumberScheduled': 2,
            'updatedNumberScheduled': 2,
            'numberAvailable': 1,
        },
    }
    assert progress.together([deployment(), stateful, daemon, {'kind': 'Service'}]) == Progress(
        message='StatefulSet/db: 1 of 2 pods are new; DaemonSet/agent: 1 of 2 pods are available'
    )
    assert progress.together([deployment(), {'kind': 'Service'}]).settled


# --- Argo


def rollout(status: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {
        'apiVersion': 'argoproj.io/v1alpha1',
        'kind': 'Rollout',
        'metadata': {'name': 'shop', 'namespace': 'default', 'generation': 7},
        'spec': spec,
        'status': {'observedGeneration': '7', **status},
    }


@pytest.mark.parametrize(
    ('status', 'expected'),
    [
        ({'phase': 'Healthy'}, (True, '', '')),
        ({'phase': 'Healthy', 'observedGeneration': '6'},
         (False, '', 'its controller has not seen the update yet')),
        ({'phase': 'Degraded', 'message': 'bad'}, (False, 'bad', '')),
        ({'phase': 'Degraded', 'abort': True}, (False, 'the rollout was aborted', '')),
        ({'phase': 'Paused', 'pauseConditions': [{'reason': 'BlueGreenPause'}]},
         (False, '', 'paused: BlueGreenPause')),
        ({'phase': 'Progressing'}, (False, '', 'the rollout is progressing')),
    ],
)  # fmt: skip
def test_the_phase_of_a_rollout(status: Any, expected: tuple[bool, str, str]) -> None:
    assert argo.progress(rollout(status)) == expected


PAUSED = {'pauseConditions': [{'reason': 'CanaryPauseStep'}]}
STEPS = {'canary': {'steps': [{'setWeight': 1}, {'pause': {}}]}}


@pytest.mark.parametrize(
    ('doc', 'full', 'expected'),
    [
        pytest.param(
            rollout(PAUSED), False, ({}, {'status': {'pauseConditions': None}}), id='a pause'
        ),
        pytest.param(
            rollout(PAUSED, paused=True),
            False,
            ({'spec': {'paused': False}}, {'status': {'pauseConditions': None}}),
            id='paused by hand, too',
        ),
        pytest.param(
            rollout({'currentStepIndex': 1}, strategy=STEPS),
            False,
            ({}, {'status': {'pauseConditions': None, 'currentStepIndex': 2}}),
            id='in the middle of a step: the next one',
        ),
        pytest.param(
            rollout({'currentPodHash': 'b', 'stableRS': 'a'}),
            True,
            ({}, {'status': {'promoteFull': True}}),
            id='all of it',
        ),
        pytest.param(
            rollout({'currentPodHash': 'a', 'stableRS': 'a'}), True, ({}, {}), id='nothing to do'
        ),
    ],
)
def test_promotion_is_what_argos_plugin_patches(doc: Any, full: bool, expected: Any) -> None:
    assert argo.promotion(doc, full) == expected


def test_abortion_is_told_once() -> None:
    assert argo.abortion(rollout({})) == {'status': {'abort': True}}
    assert argo.abortion(rollout({'abort': True})) == {}
    told = argo.with_status(rollout(PAUSED), {'status': {'pauseConditions': None, 'abort': True}})
    assert told['status'] == {'observedGeneration': '7', 'abort': True}
    assert argo.path(rollout({})) == ('/apis/argoproj.io/v1alpha1/namespaces/default/rollouts/shop')


# --- pods


def pod(*statuses: Any, **status: Any) -> dict[str, Any]:
    return {
        'kind': 'Pod',
        'metadata': {'name': 'shop-1', 'labels': {'liftlock.dev/revision': 'r1'}},
        'spec': {'containers': [{'name': 'web', 'ports': [{'containerPort': 8000}]}]},
        'status': {'containerStatuses': list(statuses), **status},
    }


@pytest.mark.parametrize(
    ('doc', 'message'),
    [
        (pod({'state': {'waiting': {'reason': 'ImagePullBackOff', 'message': 'no such image'}}}),
         'ImagePullBackOff: no such image'),
        (pod({'state': {'waiting': {'reason': 'ContainerCreating'}}}), ''),
        (pod({'state': {'terminated': {'exitCode': 3}}}), 'exit code 3'),
        (pod({'state': {'terminated': {'exitCode': 137, 'reason': 'OOMKilled'}}}), 'OOMKilled'),
        (pod({'state': {'running': {}}}), ''),
        (pod(conditions=[{'type': 'PodScheduled', 'status': 'False', 'reason': 'Unschedulable',
                          'message': '0/3 nodes are available'}]),
         'Unschedulable: 0/3 nodes are available'),
        (pod(reason='Evicted', message='disk pressure'), 'Evicted: disk pressure'),
        (pod(initContainerStatuses=[{'state': {'waiting': {'reason': 'CrashLoopBackOff'}}}]),
         'CrashLoopBackOff'),
    ],
)  # fmt: skip
def test_why_a_pod_is_not_ready(doc: Any, message: str) -> None:
    assert pods.message(doc) == message


def test_a_pod_is_an_instance() -> None:
    ready = pod(
        {'restartCount': 2},
        phase='Running',
        startTime='2026-01-01T00:00:00Z',
        podIP='10.0.0.7',
        conditions=[{'type': 'Ready', 'status': 'True'}],
    )
    (one,) = pods.instances([ready, {'kind': 'Deployment'}], {'shop-1': (25.0, 1024)})
    assert one._asdict() == {
        'id': 'shop-1', 'revision': 'r1', 'alive': True, 'ready': True, 'address': '10.0.0.7:8000',
        'pid': 0, 'since': 1767225600.0, 'restarts': 2, 'message': '', 'cpu': 25.0, 'memory': 1024,
    }  # fmt: skip
    ready['metadata']['deletionTimestamp'] = 'now'
    (ending,) = pods.instances([ready])
    assert (ending.alive, ending.ready, ending.message) == (False, False, 'ending')


@pytest.mark.parametrize(
    ('text', 'value'), [('250m', 0.25), ('64Mi', 64 << 20), ('5n', 5e-9), ('2', 2), ('x', 0)]
)
def test_quantities(text: str, value: float) -> None:
    assert pods.quantity(text) == pytest.approx(value)
