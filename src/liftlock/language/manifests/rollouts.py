"""Argo's Rollout as an environment: replicas, strategy, services, and what takes it back.

Source of the fields and their defaults: types.go of Argo Rollouts.
"""

from collections.abc import Sequence

from liftlock.language.manifests import canaries, delays
from liftlock.language.manifests.analyses import Analyses
from liftlock.language.manifests.draft import Tree, without_nothing
from liftlock.language.manifests.objects import Object
from liftlock.language.manifests.part import ASSUMED, MISTAKE, Part


def read(one: Object, path: str, analyses: Analyses, others: Sequence[Object]) -> Tree:
    """`path` is where the manifest is found from the root of the repository."""
    spec = one.spec()
    target = _target(one, spec, path)
    strategy, more = _strategy(spec.part('strategy'), analyses, others, one, spec)
    tree: Tree = {
        'target': {'kubernetes': {**target, **more}},
        'strategy': strategy,
        'minReadySeconds': spec.whole('minReadySeconds'),
        'progressDeadlineSeconds': spec.whole('progressDeadlineSeconds'),
        'analysis': dict(analyses.trees) or None,
    }
    window = spec.part('rollbackWindow')
    revisions = window.whole('revisions') or _misplaced_window(spec.part('strategy'))
    window.finish(('revisions',))
    if revisions:
        tree['rollback'] = {'window': {'revisions': revisions}}
    _rest(spec)
    return without_nothing(tree)  # type: ignore[no-any-return]


def _rest(spec: Part) -> None:
    spec.unsupported(('paused', 'restartAt'))
    spec.pass_over('selector', 'template', 'revisionHistoryLimit', 'analysis')
    spec.pass_over('progressDeadlineAbort')  # ours always goes back
    known = ('replicas', 'strategy', 'rollbackWindow', 'minReadySeconds', 'progressDeadlineSeconds')
    spec.finish(known)


def _misplaced_window(strategy: Part) -> int | None:
    """Some write it into the strategy, where Argo never looks, and under another name."""
    for name in ('blueGreen', 'canary'):
        if name in strategy and 'rollbackWindow' in strategy.part(name):
            window = strategy.part(name).part('rollbackWindow')
            key = 'revisions' if 'revisions' in window else 'revisionHistoryLimit'
            message = f'Argo heeds rollbackWindow only in spec, and there `revisions`, not `{key}`'
            if key == 'revisions':
                message = 'Argo heeds rollbackWindow only in spec'
            strategy.part(name).tell(
                'rollbackWindow', ASSUMED, f'{message}; it is taken as it was meant'
            )
            return window.whole(key)
    return None


# --- where it runs


def _target(one: Object, spec: Part, path: str) -> Tree:
    metadata = one.part.part('metadata')
    target: Tree = {'namespace': metadata.text('namespace') or None}
    reference = spec.part('workloadRef')
    if 'name' in reference:
        target['deployment'] = reference.text('name')
        reference.pass_over('apiVersion', 'kind', 'scaleDown')
    else:
        target['deployment'] = one.name
        target['manifests'] = [path]
    container = _container(spec, one)
    if container is not None:
        target['container'] = container.text('name') or None
        target['image'] = repository(container.text('image')) or None
    replicas = spec.whole('replicas')
    if replicas is None:
        spec.tell('replicas', ASSUMED, 'nothing says how many replicas: 1')
    target['instances'] = replicas or 1
    return target


def repository(image: str) -> str:
    """Without tag and digest, as its author spells it."""
    host, slash, name = image.partition('@')[0].rpartition('/')
    return f'{host}{slash}{name.partition(":")[0]}'


def _container(spec: Part, one: Object) -> Part | None:
    pod = spec.part('template').part('spec')
    containers = pod.parts('containers')
    if not containers:
        if 'workloadRef' not in spec:
            message = f'Rollout {one.name} has no pod template, so it is only part of one'
            spec.tell('template', ASSUMED, message, 'manifests: must lead to the whole')
        return None
    if len(containers) > 1:
        names = ', '.join(each.text('name') for each in containers)
        pod.tell('containers', ASSUMED, f'of the containers {names} the first gets the image')
    return containers[0]


# --- how it takes over


def _strategy(
    strategy: Part, analyses: Analyses, others: Sequence[Object], one: Object, spec: Part
) -> tuple[Tree | None, Tree]:
    """The strategy, and what of the target goes with it."""
    if 'blueGreen' in strategy:
        found = _blue_green(strategy.part('blueGreen'), analyses, one)
    elif 'canary' in strategy:
        found = canaries.read(strategy.part('canary'), analyses, others, one, spec)
    else:
        strategy.tell('', MISTAKE, 'a Rollout needs strategy.blueGreen or strategy.canary')
        return None, {}
    strategy.finish(('blueGreen', 'canary'))
    return found


def _blue_green(part: Part, analyses: Analyses, one: Object) -> tuple[Tree, Tree]:
    made: Tree = {
        'autoPromotionEnabled': part.flag('autoPromotionEnabled'),
        'autoPromotionSeconds': part.whole('autoPromotionSeconds'),
        'previewReplicaCount': part.whole('previewReplicaCount'),
        **delays.read(part),
    }
    for key in ('prePromotionAnalysis', 'postPromotionAnalysis'):
        if key in part:
            made[key] = analyses.use(part.part(key)) or None
    service = part.text('activeService')
    if not service:
        message = f'no activeService is named: Service {one.name} is taken'
        part.tell('activeService', ASSUMED, message)
    target = {
        'service': service or one.name,
        'preview_service': part.text('previewService') or None,
    }
    part.unsupported(('antiAffinity', 'previewMetadata', 'activeMetadata', 'maxUnavailable'))
    part.pass_over('rollbackWindow')
    part.finish(('activeService', 'previewService', 'autoPromotionEnabled', *delays.DELAYS))
    return {'blueGreen': without_nothing(made)}, target
