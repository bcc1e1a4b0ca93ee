"""Pods as instances: whether they are ready, and what keeps those that are not."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from liftlock.rollout.sight import Instance
from liftlock.targets.kubernetes.names import REVISION, Doc, labelled

OVER: Final = ('Failed', 'Succeeded')
FACTORS: Final = {
    '': 1.0, 'n': 1e-9, 'u': 1e-6, 'm': 1e-3, 'k': 1e3, 'M': 1e6, 'G': 1e9, 'T': 1e12,
    'Ki': 2.0**10, 'Mi': 2.0**20, 'Gi': 2.0**30, 'Ti': 2.0**40,
}  # fmt: skip


def instances(
    pods: Iterable[Doc], usage: Mapping[str, tuple[float, int]] = {}, revision: str = ''
) -> tuple[Instance, ...]:
    """`usage` is CPU in percent of a core and memory in bytes, by pod. `revision` is of pods that
    say none themselves."""
    return tuple(_instance(pod, usage, revision) for pod in pods if pod.get('kind') == 'Pod')


def _instance(pod: Doc, usage: Mapping[str, tuple[float, int]], revision: str) -> Instance:
    status, name = pod.get('status') or {}, str(pod['metadata']['name'])
    ending = bool(pod['metadata'].get('deletionTimestamp'))
    ready = any(
        one.get('type') == 'Ready' and one.get('status') == 'True'
        for one in status.get('conditions') or []
    )
    cpu, memory = usage.get(name, (0.0, 0))
    return Instance(
        name,
        labelled(pod, REVISION) or revision,
        alive=status.get('phase') not in OVER and not ending,
        ready=ready and not ending,
        address=_address(pod),
        since=_seconds(str(status.get('startTime') or '')),
        restarts=sum(int(one.get('restartCount') or 0) for one in _containers(pod)),
        message='ending' if ending else message(pod),
        cpu=cpu,
        memory=memory,
    )


def _address(pod: Doc) -> str:
    """Of the first port that a container names."""
    ports = [
        port.get('containerPort')
        for one in (pod.get('spec') or {}).get('containers') or []
        for port in one.get('ports') or []
    ]
    ip = (pod.get('status') or {}).get('podIP')
    return f'{ip}:{ports[0]}' if ip and ports else ''


def message(pod: Doc) -> str:
    """Why it is not ready: ImagePullBackOff: …; '' where nothing is said."""
    for one in (*_containers(pod, init=True), *_containers(pod)):
        state = one.get('state') or {}
        waiting, ended = state.get('waiting') or {}, state.get('terminated') or {}
        if waiting.get('reason') not in (None, 'ContainerCreating', 'PodInitializing'):
            return _told(waiting)
        if ended and ended.get('exitCode'):
            return _told(
                {'reason': ended.get('reason') or f'exit code {ended["exitCode"]}'} | ended
            )
    for condition in (pod.get('status') or {}).get('conditions') or []:
        if condition.get('type') == 'PodScheduled' and condition.get('status') == 'False':
            return _told(condition)
    return _told(pod.get('status') or {})


def _told(said: Doc) -> str:
    return ': '.join(str(said[key]) for key in ('reason', 'message') if said.get(key))


def _containers(pod: Doc, init: bool = False) -> list[Doc]:
    key = 'initContainerStatuses' if init else 'containerStatuses'
    return (pod.get('status') or {}).get(key) or []


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp() if time else 0.0


def usage(metrics: Doc) -> dict[str, tuple[float, int]]:
    """What metrics-server says of pods."""
    found = {}
    for item in metrics.get('items') or []:
        used = [one.get('usage') or {} for one in item.get('containers') or []]
        cpu = sum(quantity(str(one.get('cpu', '0'))) for one in used)
        memory = sum(quantity(str(one.get('memory', '0'))) for one in used)
        found[str(item['metadata']['name'])] = (round(cpu * 100, 1), int(memory))
    return found


def quantity(text: str) -> float:
    """250m is 0.25, 64Mi is 67108864; 0 for what cannot be read."""
    found = re.fullmatch(r'(\d+(?:\.\d+)?)([a-zA-Z]*)', text)
    return float(found[1]) * FACTORS.get(found[2], 0.0) if found else 0.0
