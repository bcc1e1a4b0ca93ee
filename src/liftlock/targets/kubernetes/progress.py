"""How far an update of a workload is, by what its controller reports.

The rules are those of `kubectl rollout status`: a report counts only when it is of the newest
generation (`observedGeneration`); a Deployment has settled when all replicas are updated, no old
one is left and the updated ones are available; it has failed when its controller says that the
progress deadline is exceeded.
"""

from collections.abc import Iterable

from liftlock.language.records import NamedTuple
from liftlock.targets.kubernetes import argo
from liftlock.targets.kubernetes.names import Doc, identity


class Progress(NamedTuple):
    """`failed` says why it never will; `message` what it is waiting for."""

    settled: bool = False
    failed: str = ''
    message: str = ''


def of(doc: Doc) -> Progress:
    """Of any object; what knows no progress has settled."""
    match doc.get('kind'):
        case 'Deployment':
            return _deployment(doc)
        case 'StatefulSet':
            return _stateful(doc)
        case 'DaemonSet':
            return _daemon(doc)
        case 'Rollout':
            return Progress(*argo.progress(doc))
    return Progress(settled=True)


def together(docs: Iterable[Doc]) -> Progress:
    """Of several: settled when all have, failed when one has."""
    found = [(identity(doc), of(doc)) for doc in docs]
    failed = '; '.join(f'{name}: {one.failed}' for name, one in found if one.failed)
    waiting = '; '.join(f'{name}: {one.message}' for name, one in found if not one.settled)
    return Progress(all(one.settled for _, one in found), failed, waiting)


def _deployment(doc: Doc) -> Progress:
    status, wanted = doc.get('status') or {}, _replicas(doc)
    if not observed(doc):
        return Progress(message='its controller has not seen the update yet')
    for condition in status.get('conditions') or []:
        if condition.get('reason') == 'ProgressDeadlineExceeded':
            return Progress(failed=condition.get('message') or 'no progress within its deadline')
    updated, available = status.get('updatedReplicas', 0), status.get('availableReplicas', 0)
    if updated < wanted:
        return Progress(message=f'{updated} of {wanted} new replicas are there')
    old = status.get('replicas', 0) - updated
    if old > 0:
        return Progress(message=f'{old} old replicas have not ended yet')
    if available < updated:
        return Progress(message=f'{available} of {updated} new replicas are available')
    return Progress(settled=True)


def _stateful(doc: Doc) -> Progress:
    status, wanted = doc.get('status') or {}, _replicas(doc)
    if not observed(doc):
        return Progress(message='its controller has not seen the update yet')
    if status.get('readyReplicas', 0) < wanted:
        return Progress(message=f'{status.get("readyReplicas", 0)} of {wanted} pods are ready')
    if status.get('updateRevision') != status.get('currentRevision'):
        return Progress(message=f'{status.get("updatedReplicas", 0)} of {wanted} pods are new')
    return Progress(settled=True)


def _daemon(doc: Doc) -> Progress:
    status = doc.get('status') or {}
    if not observed(doc):
        return Progress(message='its controller has not seen the update yet')
    wanted = status.get('desiredNumberScheduled', 0)
    for key, word in (('updatedNumberScheduled', 'new'), ('numberAvailable', 'available')):
        if status.get(key, 0) < wanted:
            return Progress(message=f'{status.get(key, 0)} of {wanted} pods are {word}')
    return Progress(settled=True)


def observed(doc: Doc) -> bool:
    seen = int((doc.get('status') or {}).get('observedGeneration') or 0)
    return seen >= int(doc['metadata'].get('generation') or 0)


def _replicas(doc: Doc) -> int:
    found = (doc.get('spec') or {}).get('replicas')
    return 1 if found is None else int(found)
