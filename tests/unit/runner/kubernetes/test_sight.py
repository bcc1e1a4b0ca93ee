"""What the cluster says of a pod, in words for whoever waits for it."""

from typing import Any

import pytest

from liftlock.runner.kubernetes import sight
from liftlock.runner.kubernetes.sight import Sight


def pod(phase: str = 'Pending', *statuses: dict[str, Any], **status: Any) -> dict[str, Any]:
    return {
        'metadata': {'name': 'liftlock-1'},
        'spec': {'nodeName': 'node-1'},
        'status': {'phase': phase, 'containerStatuses': list(statuses), **status},
    }


def container(name: str = 'job', ready: bool = False, **state: Any) -> dict[str, Any]:
    return {'name': name, 'image': 'debian:12', 'ready': ready, 'state': state}


UNSCHEDULED = {
    'type': 'PodScheduled', 'status': 'False', 'reason': 'Unschedulable',
    'message': '0/3 nodes are available: 3 Insufficient cpu.',
}  # fmt: skip
PULLING = {'reason': 'ImagePullBackOff', 'message': 'Back-off pulling image "debian:12"'}
REFUSED = {'reason': 'ErrImagePull', 'message': 'manifest unknown'}
ENDED = {'exitCode': 1, 'reason': 'Error'}


@pytest.mark.parametrize(
    ('seen', 'meant'),
    [
        (pod('Running', container(ready=True, running={})), Sight(ready=True)),
        (
            pod(conditions=[UNSCHEDULED]),
            Sight(waits='a node: Unschedulable (0/3 nodes are available: 3 Insufficient cpu.)'),
        ),
        (pod(), Sight(waits='its containers to be created on node-1')),
        (
            pod('Pending', container(waiting=PULLING)),
            Sight(
                waits="the job's container debian:12: ImagePullBackOff "
                '(Back-off pulling image "debian:12")'
            ),
        ),
        (
            pod('Pending', container(waiting=REFUSED)),
            Sight(broken="the job's container debian:12: ErrImagePull (manifest unknown)"),
        ),
        (
            pod('Running', container(ready=True, running={}), container('db', running={})),
            Sight(waits='service db to be ready'),
        ),
        (
            pod('Running', container(ready=True, running={}), container('db', terminated=ENDED)),
            Sight(broken='service db ended with 1 (Error)'),
        ),
        (None, Sight(broken='its pod was deleted')),
    ],
)
def test_a_pod_that_is_waited_for(seen: Any, meant: Sight) -> None:
    assert sight.look(seen) == meant


DELETED = pod('Running', container(ready=True, running={}))
DELETED['metadata']['deletionTimestamp'] = '2026-01-01T00:00:00Z'
PREEMPTED = {
    'type': 'DisruptionTarget', 'status': 'True', 'reason': 'PreemptionByScheduler',
    'message': 'preempting to accommodate a higher priority pod',
}  # fmt: skip
KILLED = {'exitCode': 137, 'reason': 'OOMKilled'}


@pytest.mark.parametrize(
    ('seen', 'reason'),
    [
        (pod('Running', container(ready=True, running={})), ''),
        (DELETED, 'its pod was deleted'),
        (
            pod('Failed', reason='Evicted', message='The node was low on resource: memory.'),
            'its pod was evicted (Evicted: The node was low on resource: memory.)',
        ),
        (
            pod('Failed', conditions=[PREEMPTED]),
            'its pod made room for one of higher priority (PreemptionByScheduler: preempting to '
            'accommodate a higher priority pod)',
        ),
        (
            pod('Failed', container(terminated=KILLED)),
            'its pod ran out of memory (OOMKilled)',
        ),
        (
            pod('Running', container(terminated=ENDED), container('db', ready=True, running={})),
            'the container of its pod ended with 1 (Error)',
        ),
        (
            pod('Failed', reason='DeadlineExceeded', message='Pod was active too long'),
            'its pod has lived longer than any job may (DeadlineExceeded: Pod was active too long)',
        ),
        (pod('Unknown'), 'its node node-1 does not answer (NodeLost)'),
        (None, 'its pod was deleted'),
    ],
)
def test_why_a_pod_is_lost(seen: Any, reason: str) -> None:
    assert sight.lost(seen) == reason
