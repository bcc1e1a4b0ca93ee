"""What the cluster says of a pod, as whoever waits for it has to know it. Nothing is asked here."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from liftlock.language.records import NamedTuple
from liftlock.runner.kubernetes.manifest import JOB

Doc = Mapping[str, Any]

# Reasons of a waiting container that time alone does not change.
_FINAL: Final = frozenset(
    {'InvalidImageName', 'CreateContainerConfigError', 'CreateContainerError', 'RunContainerError',
     'ErrImageNeverPull', 'CrashLoopBackOff'}
)  # fmt: skip
_PULLING: Final = frozenset({'ErrImagePull', 'ImagePullBackOff', 'RegistryUnavailable'})
# What no registry says differently a little later.
_REFUSED: Final = (
    'manifest unknown', 'not found', 'unauthorized', 'denied', 'authentication required',
    'no matching manifest', 'does not exist',
)  # fmt: skip
_USUAL: Final = frozenset({'ContainerCreating', 'PodInitializing'})


class Sight(NamedTuple):
    """`broken` says why it will never run; `waits` for what it waits."""

    ready: bool = False
    waits: str = ''
    broken: str = ''


def look(pod: Doc | None) -> Sight:
    """A pod that has been created, and is to run."""
    gone = lost(pod)
    if gone or pod is None:
        return Sight(broken=gone)
    statuses = list(_statuses(pod))
    for status in statuses:
        waiting = status.get('state', {}).get('waiting') or {}
        reason, message = waiting.get('reason', ''), waiting.get('message', '')
        told = f'{_named(status)}: {reason}' + (f' ({message})' if message else '')
        if reason in _FINAL:
            return Sight(broken=told)
        if reason in _PULLING:
            refused = any(sign in message.lower() for sign in _REFUSED)
            return Sight(broken=told) if refused else Sight(waits=told)
    for status in statuses:
        if ended := status.get('state', {}).get('terminated'):
            return Sight(broken=f'{_named(status)} {_end(ended)}')
    if why := _unscheduled(pod):
        return Sight(waits=why)
    if not statuses or not all(status.get('ready') for status in statuses):
        return Sight(waits=_usual(pod, statuses))
    return Sight(ready=True)


def _usual(pod: Doc, statuses: Sequence[Doc]) -> str:
    late = [
        _named(status) for status in statuses
        if not status.get('ready') and 'running' in status.get('state', {})
    ]  # fmt: skip
    if late:
        return f'{" and ".join(late)} to be ready'
    node = pod.get('spec', {}).get('nodeName', '')
    return f'its containers to be created on {node}' if node else 'a node'


def _unscheduled(pod: Doc) -> str:
    for one in pod.get('status', {}).get('conditions') or ():
        if one.get('type') == 'PodScheduled' and one.get('status') == 'False':
            return f'a node: {one.get("reason", "")} ({one.get("message", "")})'
    return ''


def lost(pod: Doc | None) -> str:
    """Why the pod is of no use any more; '' where it is."""
    if pod is None:
        return 'its pod was deleted'
    status = pod.get('status', {})
    own = next((one for one in _statuses(pod) if one.get('name') == JOB), {})
    ended = own.get('state', {}).get('terminated')
    if ended and ended.get('reason') == 'OOMKilled':
        return 'its pod ran out of memory (OOMKilled)'
    disrupted = _condition(pod, 'DisruptionTarget', 'True')
    deleted = 'deletionTimestamp' in pod.get('metadata', {})
    if status.get('phase') in ('Failed', 'Succeeded') or deleted:
        reason = status.get('reason') or (disrupted or {}).get('reason', '')
        message = status.get('message') or (disrupted or {}).get('message', '')
        return _told(reason, message, deleted=deleted)
    if ended:
        return f'the container of its pod {_end(ended)}'
    if status.get('phase') == 'Unknown' or status.get('reason') == 'NodeLost':
        return f'its node {pod.get("spec", {}).get("nodeName", "")} does not answer (NodeLost)'
    return ''


def _told(reason: str, message: str, *, deleted: bool) -> str:
    words = {
        'Evicted': 'its pod was evicted',
        'EvictionByEvictionAPI': 'its pod was evicted',
        'PreemptionByScheduler': 'its pod made room for one of higher priority',
        'PreemptionByKubeScheduler': 'its pod made room for one of higher priority',
        'DeletionByTaintManager': 'its pod was removed from its node',
        'DeletionByPodGC': 'the node of its pod is gone',
        'NodeLost': 'its node does not answer',
        'DeadlineExceeded': 'its pod has lived longer than any job may',
        'TerminationByKubelet': 'its node ended the pod',
        'NodeShutdown': 'its node is shut down',
        'Terminated': 'its node is shut down',
    }.get(reason)
    if words is None:
        words = 'its pod was deleted' if deleted else 'its pod has ended'
    detail = ': '.join(filter(None, (reason, ' '.join(message.split()))))
    return f'{words} ({detail})' if detail else words


def unreachable(pod: Doc | None) -> str:
    """The node, where the cluster has not heard from it; for a pod that we cannot reach."""
    unready = pod and (_condition(pod, 'Ready', 'False') or _condition(pod, 'Ready', 'Unknown'))
    return str(pod.get('spec', {}).get('nodeName', '')) if pod and unready else ''


def _condition(pod: Doc, type: str, status: str) -> Doc | None:
    listed = pod.get('status', {}).get('conditions') or ()
    found = (one for one in listed if (one.get('type'), one.get('status')) == (type, status))
    return next(found, None)


def _statuses(pod: Doc) -> Iterator[Doc]:
    yield from pod.get('status', {}).get('initContainerStatuses') or ()
    yield from pod.get('status', {}).get('containerStatuses') or ()


def _named(status: Doc) -> str:
    name = status.get('name', '')
    return f"the job's container {status.get('image', '')}" if name == JOB else f'service {name}'


def _end(ended: Doc) -> str:
    reason = ended.get('reason', '')
    message = f': {ended["message"].strip()}' if ended.get('message') else ''
    return f'ended with {ended.get("exitCode", "?")} ({reason}{message})'


def image(pod: Doc) -> str:
    """The digest of what the job's container was made of; '' if it is not told."""
    for status in _statuses(pod):
        if status.get('name') == JOB:
            return str(status.get('imageID', '')).rpartition('@')[2].partition('!')[0]
    return ''


def ended(pod: Doc) -> Iterator[str]:
    """Names of the services that have ended."""
    for status in _statuses(pod):
        if status.get('name') != JOB and status.get('state', {}).get('terminated'):
            yield str(status['name'])
