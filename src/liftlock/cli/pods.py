"""`kubernetes:` of the user's settings, see `config`.

    kubernetes:
      context: ci                 # of the kubeconfig; the default is its current one
      namespace: builds
      address: 10.0.0.5           # of this machine, as pods reach it
      start-minutes: 15           # until a pod has to run
      pods:                       # by name; `default` is for labels that say `kubernetes`
        big:
          image: registry.example.org/runner:24.04
          user: 1001
          work: 20Gi
          container: {resources: {requests: {cpu: 2}, limits: {memory: 8Gi}}}
          nodeSelector: {pool: builds}

What else stands in a template are fields of a pod, and below `container:` of its container, as
Kubernetes spells them.
"""

from collections.abc import Mapping
from typing import Any, Final

from liftlock.errors import UserError
from liftlock.runner.kubernetes.settings import Pods, Template

_TEXTS: Final = ('context', 'namespace', 'kubeconfig', 'program', 'address')
_KEYS: Final = (*_TEXTS, 'start-minutes', 'pods')
_OWN: Final = ('image', 'user', 'work', 'container')
# Fields of a PodSpec that do not change what the pod is for.
_POD: Final = frozenset(
    {'activeDeadlineSeconds', 'affinity', 'automountServiceAccountToken', 'dnsConfig', 'dnsPolicy',
     'enableServiceLinks', 'hostAliases', 'hostNetwork', 'hostUsers', 'imagePullSecrets',
     'initContainers', 'nodeSelector', 'priorityClassName', 'runtimeClassName', 'schedulerName',
     'securityContext', 'serviceAccountName', 'shareProcessNamespace',
     'terminationGracePeriodSeconds', 'tolerations', 'topologySpreadConstraints', 'volumes'}
)  # fmt: skip
_CONTAINER: Final = frozenset(
    {'env', 'envFrom', 'imagePullPolicy', 'lifecycle', 'resources', 'securityContext',
     'volumeDevices', 'volumeMounts'}
)  # fmt: skip


def read(content: object, where: str) -> Pods:
    """Raises UserError."""
    given = _mapping(content, where, _KEYS)
    minutes = given.get('start-minutes', 15)
    if not isinstance(minutes, int | float) or isinstance(minutes, bool) or minutes <= 0:
        raise UserError(f'{where}: start-minutes must be a number of minutes, not "{minutes}"')
    templates = given.get('pods') or {}
    if not isinstance(templates, Mapping):
        raise UserError(f'{where}: pods must be a mapping of names to templates')
    texts = {key: str(given.get(key) or '') for key in _TEXTS}
    return Pods(
        **{**texts, 'program': texts['program'] or 'kubectl'},
        start_minutes=float(minutes),
        templates={
            str(name): _template(one, f'{where}: pods: {name}') for name, one in templates.items()
        },
    )


def _template(content: object, where: str) -> Template:
    given = _mapping(content, where, (*_OWN, *sorted(_POD)))
    user = given.get('user') or 0
    if not isinstance(user, int) or user < 0:
        raise UserError(f'{where}: user must be a number, not "{user}"')
    return Template(
        image=str(given.get('image') or ''),
        user=user,
        work=str(given.get('work') or ''),
        pod={key: value for key, value in given.items() if key in _POD},
        container=_mapping(given.get('container'), f'{where}: container', sorted(_CONTAINER)),
    )


def _mapping(content: object, where: str, known: Any) -> Mapping[str, Any]:
    if content is None:
        return {}
    if not isinstance(content, Mapping):
        raise UserError(f'{where} must be a mapping', f'keys: {", ".join(known)}')
    for key in content:
        if key not in known:
            raise UserError(f'{where}: unknown key "{key}"', f'known keys: {", ".join(known)}')
    return content
