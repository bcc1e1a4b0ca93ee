"""Argo Rollouts: what a Rollout's status means, and the patches that promote, abort and retry it.

The patches are those of `kubectl argo rollouts`: a pause is lifted by emptying
`status.pauseConditions`, or, where none is there, by the next step's index; `promoteFull` skips
all that is left. They go to the status subresource.
"""

from typing import Final

from liftlock.targets.kubernetes.names import Doc

RETRIED: Final = {'abort': False}


def progress(doc: Doc) -> tuple[bool, str, str]:
    """(settled, failed, message). Its `observedGeneration` is a text, and older versions leave the
    phase out."""
    status = doc.get('status') or {}
    if str(status.get('observedGeneration', '')) != str(doc['metadata'].get('generation', '')):
        return False, '', 'its controller has not seen the update yet'
    phase, message = status.get('phase', ''), status.get('message', '')
    if status.get('abort'):
        return False, message or 'the rollout was aborted', ''
    if phase == 'Degraded':
        return False, message or 'the rollout is degraded', ''
    if phase == 'Paused' or status.get('pauseConditions'):
        reasons = [one.get('reason', '') for one in status.get('pauseConditions') or []]
        return False, '', f'paused: {message or ", ".join(reasons)}'
    if phase == 'Healthy':
        return True, '', ''
    return False, '', message or f'the rollout is {phase.lower() or "on its way"}'


def paused(doc: Doc) -> bool:
    status = doc.get('status') or {}
    return bool(status.get('pauseConditions') or doc['spec'].get('paused'))


def promotion(doc: Doc, full: bool) -> tuple[Doc, Doc]:
    """Patches (of the object, of its status) that let it go on. {}: nothing to patch."""
    spec, status = doc['spec'], doc.get('status') or {}
    if full:
        going = status.get('currentPodHash') != status.get('stableRS')
        return {}, {'status': {'promoteFull': True}} if going else {}
    lifted = {'spec': {'paused': False}} if spec.get('paused') else {}
    if status.get('pauseConditions'):
        return lifted, {'status': {'pauseConditions': None}}
    canary = (spec.get('strategy') or {}).get('canary')
    if not canary or not canary.get('steps'):
        return lifted, {}
    step = min(int(status.get('currentStepIndex') or 0) + 1, len(canary['steps']))
    return lifted, {'status': {'pauseConditions': None, 'currentStepIndex': step}}


def abortion(doc: Doc) -> Doc:
    return {} if (doc.get('status') or {}).get('abort') else {'status': {'abort': True}}


def retry() -> Doc:
    return {'status': RETRIED}


def path(doc: Doc) -> str:
    """Where the server has it."""
    metadata = doc['metadata']
    return (
        f'/apis/{doc["apiVersion"]}/namespaces/{metadata["namespace"]}/rollouts/{metadata["name"]}'
    )


def with_status(doc: Doc, patch: Doc) -> Doc:
    """The object that was read, with the patch in it: it is taken only if nobody has changed it
    meanwhile."""
    told = {**(doc.get('status') or {}), **patch['status']}
    return {**doc, 'status': {key: value for key, value in told.items() if value is not None}}
