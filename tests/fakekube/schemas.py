"""What an object may say, as far as Liftlock says it: fields, and the rules between them.

Sources: the API reference of Kubernetes 1.32, Istio's VirtualService and DestinationRule
(networking v1beta1, with the checks of its webhook), Gateway API's HTTPRoute, Argo Rollouts.
"""

import base64
import re
from collections.abc import Callable
from typing import Any, Final

from fakekube.refusal import invalid
from fakekube.selectors import matches

NAME: Final = re.compile(r'[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?')
LABEL: Final = re.compile(r'([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?')
KEY: Final = re.compile(r'([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?')

TOP: Final = {'apiVersion', 'kind', 'metadata', 'spec', 'status'}
METADATA: Final = {
    'name', 'generateName', 'namespace', 'labels', 'annotations', 'uid', 'resourceVersion',
    'generation', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds',
    'ownerReferences', 'finalizers', 'managedFields', 'selfLink',
}  # fmt: skip
POD: Final = {
    'containers', 'initContainers', 'volumes', 'restartPolicy', 'serviceAccountName',
    'serviceAccount', 'terminationGracePeriodSeconds', 'securityContext', 'nodeSelector',
    'affinity', 'tolerations', 'imagePullSecrets', 'hostNetwork', 'dnsPolicy', 'schedulerName',
    'priorityClassName', 'topologySpreadConstraints', 'automountServiceAccountToken',
    'enableServiceLinks', 'hostAliases', 'runtimeClassName', 'shareProcessNamespace',
    'activeDeadlineSeconds', 'nodeName', 'hostUsers', 'dnsConfig', 'preemptionPolicy', 'priority',
}  # fmt: skip
CONTAINER: Final = {
    'name', 'image', 'command', 'args', 'env', 'envFrom', 'ports', 'resources', 'livenessProbe',
    'readinessProbe', 'startupProbe', 'lifecycle', 'volumeMounts', 'securityContext',
    'imagePullPolicy', 'workingDir', 'terminationMessagePath', 'terminationMessagePolicy', 'stdin',
    'tty',
}  # fmt: skip
SPECS: Final = {
    'Deployment': {
        'replicas', 'selector', 'template', 'strategy', 'minReadySeconds', 'revisionHistoryLimit',
        'paused', 'progressDeadlineSeconds',
    },
    'ReplicaSet': {'replicas', 'selector', 'template', 'minReadySeconds'},
    'StatefulSet': {
        'replicas', 'selector', 'template', 'serviceName', 'updateStrategy', 'volumeClaimTemplates',
        'podManagementPolicy', 'revisionHistoryLimit', 'minReadySeconds',
    },
    'DaemonSet': {
        'selector', 'template', 'updateStrategy', 'minReadySeconds', 'revisionHistoryLimit',
    },
    'Service': {
        'selector', 'ports', 'type', 'clusterIP', 'clusterIPs', 'sessionAffinity', 'externalName',
        'loadBalancerIP', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy',
        'externalTrafficPolicy', 'publishNotReadyAddresses', 'loadBalancerClass',
        'allocateLoadBalancerNodePorts', 'healthCheckNodePort', 'loadBalancerSourceRanges',
        'externalIPs', 'sessionAffinityConfig',
    },
    'VirtualService': {'hosts', 'gateways', 'http', 'tls', 'tcp', 'exportTo'},
    'DestinationRule': {'host', 'trafficPolicy', 'subsets', 'exportTo', 'workloadSelector'},
    'HTTPRoute': {'parentRefs', 'hostnames', 'rules'},
    'Rollout': {
        'replicas', 'selector', 'template', 'strategy', 'minReadySeconds', 'revisionHistoryLimit',
        'paused', 'progressDeadlineSeconds', 'progressDeadlineAbort', 'workloadRef', 'restartAt',
        'rollbackWindow', 'analysis',
    },
}  # fmt: skip
IMMUTABLE: Final = {
    'Deployment': ('selector',),
    'ReplicaSet': ('selector',),
    'DaemonSet': ('selector',),
    'StatefulSet': ('selector', 'serviceName'),
}


def check(doc: dict[str, Any], before: dict[str, Any] | None) -> None:
    """Raises Refused as the server would."""
    kind, name = doc['kind'], doc['metadata'].get('name', '')
    _metadata(kind, name, doc['metadata'])
    if kind in SPECS:
        _known(kind, name, '', doc, TOP)
        _known(kind, name, 'spec.', doc.get('spec') or {}, SPECS[kind])
    if kind in IMMUTABLE and before:
        for field in IMMUTABLE[kind]:
            if (before.get('spec') or {}).get(field) != doc['spec'].get(field):
                raise invalid(kind, name, f'spec.{field}', 'Invalid value: field is immutable')
    if kind in CHECKS:
        CHECKS[kind](kind, name, doc)


def _known(kind: str, name: str, where: str, found: dict[str, Any], known: set[str]) -> None:
    for key in found:
        if key not in known:
            raise invalid(kind, name, f'{where}{key}', f'unknown field "{where}{key}"')


def _metadata(kind: str, name: str, metadata: dict[str, Any]) -> None:
    _known(kind, name, 'metadata.', metadata, METADATA)
    if not NAME.fullmatch(name):
        raise invalid(kind, name, 'metadata.name', f'Invalid value: "{name}": a lowercase RFC 1123')
    for key, value in (metadata.get('labels') or {}).items():
        if not KEY.fullmatch(key) or not isinstance(value, str) or not LABEL.fullmatch(value):
            raise invalid(kind, name, 'metadata.labels', f'Invalid value: "{value}"')
    for key, value in (metadata.get('annotations') or {}).items():
        if not KEY.fullmatch(key) or not isinstance(value, str):
            raise invalid(kind, name, 'metadata.annotations', f'Invalid value: "{value}"')


# --- workloads


def _workload(kind: str, name: str, doc: dict[str, Any]) -> None:
    spec = doc.get('spec') or {}
    if kind == 'Rollout':
        if 'workloadRef' in spec:
            return
        strategies = set(spec.get('strategy') or {}) & {'blueGreen', 'canary'}
        if len(strategies) != 1:
            raise invalid(kind, name, 'spec.strategy', 'Rollout has no strategy, or two')
    template, selector = spec.get('template'), (spec.get('selector') or {}).get('matchLabels')
    if not template or not selector:
        raise invalid(kind, name, 'spec.selector', 'Required value')
    labels = (template.get('metadata') or {}).get('labels') or {}
    if not matches(selector, labels):
        raise invalid(
            kind, name, 'spec.template.metadata.labels',
            f'Invalid value: {labels}: `selector` does not match template `labels`',
        )  # fmt: skip
    for key, value in labels.items():
        if not isinstance(value, str) or not LABEL.fullmatch(value) or not KEY.fullmatch(key):
            raise invalid(kind, name, 'spec.template.labels', f'Invalid value: "{value}"')
    pod(kind, name, template.get('spec') or {})


def pod(kind: str, name: str, spec: dict[str, Any]) -> None:
    _known(kind, name, 'spec.template.spec.', spec, POD)
    containers = spec.get('containers') or []
    if not containers:
        raise invalid(kind, name, 'spec.template.spec.containers', 'Required value')
    if len({one.get('name') for one in containers}) != len(containers):
        raise invalid(kind, name, 'spec.template.spec.containers[1].name', 'Duplicate value')
    for one in containers:
        _container(kind, name, one)


def _container(kind: str, name: str, one: dict[str, Any]) -> None:
    where = 'spec.template.spec.containers[0].'
    _known(kind, name, where, one, CONTAINER)
    for key in ('name', 'image'):
        if not one.get(key):
            raise invalid(kind, name, f'{where}{key}', 'Required value')
    for entry in one.get('env') or []:
        if not entry.get('name'):
            raise invalid(kind, name, f'{where}env[0].name', 'Required value')
        if entry.get('value') and entry.get('valueFrom'):
            why = 'Invalid value: "": may not be specified when `value` is not empty'
            raise invalid(kind, name, f'{where}env[0].valueFrom', why)
        if not isinstance(entry.get('value', ''), str):
            raise invalid(kind, name, f'{where}env[0].value', 'cannot unmarshal into a string')


# --- data and services


def _config(kind: str, name: str, doc: dict[str, Any]) -> None:
    for key, value in (doc.get('data') or {}).items():
        if not isinstance(value, str) or not re.fullmatch(r'[-._a-zA-Z0-9]+', key):
            raise invalid(kind, name, f'data[{key}]', 'Invalid value')
        if kind == 'Secret':
            try:
                base64.b64decode(value, validate=True)
            except ValueError:
                raise invalid(kind, name, f'data[{key}]', 'illegal base64 data') from None


def _service(kind: str, name: str, doc: dict[str, Any]) -> None:
    spec = doc.get('spec') or {}
    if spec.get('type') != 'ExternalName' and not spec.get('ports'):
        raise invalid(kind, name, 'spec.ports', 'Required value')
    named = [one for one in spec.get('ports') or [] if one.get('name')]
    if len(spec.get('ports') or []) > 1 and len(named) != len(spec['ports']):
        raise invalid(kind, name, 'spec.ports[0].name', 'Required value')


# --- routers


def _virtual_service(kind: str, name: str, doc: dict[str, Any]) -> None:
    allowed = {
        'name', 'match', 'route', 'redirect', 'rewrite', 'timeout', 'retries', 'fault', 'mirror',
        'mirrors', 'mirrorPercentage', 'corsPolicy', 'headers', 'delegate', 'directResponse',
    }  # fmt: skip
    for http in (doc.get('spec') or {}).get('http') or []:
        _known(kind, name, 'spec.http[0].', http, allowed)
        routes = http.get('route') or []
        for one in routes:
            _known(kind, name, 'spec.http[0].route[0].', one, {'destination', 'weight', 'headers'})
            _destination(kind, name, one.get('destination') or {})
        weights = [one.get('weight', 0) for one in routes]
        if len(routes) > 1 and sum(weights) != 100:
            raise invalid(kind, name, 'spec.http', f'total destination weight = {sum(weights)}')
        if 'mirror' in http:
            _destination(kind, name, http['mirror'])
        for match in http.get('match') or []:
            for header, value in (match.get('headers') or {}).items():
                if header != header.lower() or len(set(value) & {'exact', 'prefix', 'regex'}) != 1:
                    raise invalid(kind, name, 'spec.http.match', f'header {header} is invalid')


def _destination(kind: str, name: str, destination: dict[str, Any]) -> None:
    _known(kind, name, 'destination.', destination, {'host', 'subset', 'port'})
    if not destination.get('host'):
        raise invalid(kind, name, 'spec.http.route.destination.host', 'Required value')


def _destination_rule(kind: str, name: str, doc: dict[str, Any]) -> None:
    spec = doc.get('spec') or {}
    if not spec.get('host'):
        raise invalid(kind, name, 'spec.host', 'Required value')
    names = [one.get('name') for one in spec.get('subsets') or []]
    if len(set(names)) != len(names):
        raise invalid(kind, name, 'spec.subsets', f'Duplicate value: {names}')


def _http_route(kind: str, name: str, doc: dict[str, Any]) -> None:
    rules = (doc.get('spec') or {}).get('rules') or []
    if len(rules) > 16:
        raise invalid(kind, name, 'spec.rules', 'Too many: must have at most 16 items')
    for rule in rules:
        _known(
            kind, name, 'spec.rules[0].', rule,
            {'name', 'matches', 'filters', 'backendRefs', 'timeouts', 'retry'},
        )  # fmt: skip
        for one in rule.get('backendRefs') or []:
            _known(
                kind, name, 'spec.rules[0].backendRefs[0].', one,
                {'name', 'namespace', 'group', 'kind', 'port', 'weight', 'filters'},
            )  # fmt: skip
            if one.get('kind', 'Service') == 'Service' and not one.get('port'):
                raise invalid(kind, name, 'backendRefs', 'Must have port for Service reference')
            if not 0 <= one.get('weight', 1) <= 1_000_000:
                raise invalid(kind, name, 'backendRefs', 'weight is out of range')
        for match in rule.get('matches') or []:
            for header in match.get('headers') or []:
                _known(kind, name, 'headers[0].', header, {'type', 'name', 'value'})
                if header.get('type', 'Exact') not in ('Exact', 'RegularExpression'):
                    raise invalid(kind, name, 'headers.type', 'Unsupported value')


def _pod_alone(kind: str, name: str, doc: dict[str, Any]) -> None:
    spec = doc.get('spec') or {}
    pod(kind, name, spec)
    volumes = {one.get('name') for one in spec.get('volumes') or []}
    for volume in spec.get('volumes') or []:
        if len(set(volume) - {'name'}) != 1:
            raise invalid(kind, name, 'spec.volumes', 'must specify exactly one volume type')
    for alias in spec.get('hostAliases') or []:
        _known(kind, name, 'spec.hostAliases[0].', alias, {'ip', 'hostnames'})
        for host in alias.get('hostnames') or []:
            if not NAME.fullmatch(host):
                raise invalid(kind, name, 'spec.hostAliases', f'Invalid value: "{host}"')
    _known(kind, name, 'spec.securityContext.', spec.get('securityContext') or {}, SECURITY)
    for one in spec['containers']:
        _container_alone(kind, name, one, volumes)


def _container_alone(kind: str, name: str, one: dict[str, Any], volumes: set[Any]) -> None:
    if not re.fullmatch(r'[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?', one['name']):
        raise invalid(kind, name, 'spec.containers.name', f'Invalid value: "{one["name"]}"')
    for mount in one.get('volumeMounts') or []:
        if mount.get('name') not in volumes:
            raise invalid(kind, name, 'spec.volumeMounts[0].name', 'Not found')
    _known(kind, name, 'securityContext.', one.get('securityContext') or {}, OWN_SECURITY)
    _resources(kind, name, one.get('resources') or {})
    for port in one.get('ports') or []:
        if not 0 < port.get('containerPort', 0) < 65536:
            raise invalid(kind, name, 'ports[0].containerPort', 'must be between 1 and 65535')


SECURITY: Final = {
    'seccompProfile', 'runAsUser', 'runAsGroup', 'runAsNonRoot', 'fsGroup', 'supplementalGroups',
    'sysctls', 'fsGroupChangePolicy', 'seLinuxOptions', 'appArmorProfile',
}  # fmt: skip
OWN_SECURITY: Final = {
    'seccompProfile', 'runAsUser', 'runAsGroup', 'runAsNonRoot', 'allowPrivilegeEscalation',
    'capabilities', 'privileged', 'readOnlyRootFilesystem', 'seLinuxOptions', 'procMount',
}  # fmt: skip
QUANTITY: Final = re.compile(r'\d+(\.\d+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?')
UNITS: Final = {
    '': 1.0, 'm': 1e-3, 'k': 1e3, 'M': 1e6, 'G': 1e9, 'Ki': 2.0**10, 'Mi': 2.0**20, 'Gi': 2.0**30,
}  # fmt: skip


def _resources(kind: str, name: str, resources: dict[str, Any]) -> None:
    _known(kind, name, 'resources.', resources, {'requests', 'limits', 'claims'})
    found: dict[str, dict[str, float]] = {'requests': {}, 'limits': {}}
    for which, amounts in found.items():
        for key, value in (resources.get(which) or {}).items():
            text = str(value)
            if not QUANTITY.fullmatch(text):
                raise invalid(kind, name, f'resources.{which}[{key}]', f'Invalid value: "{text}"')
            number = text.rstrip('mkKMGTPEi')
            amounts[key] = float(number) * UNITS.get(text[len(number) :], 1e12)
    for key, wanted in found['requests'].items():
        if key in found['limits'] and wanted > found['limits'][key]:
            why = f'Invalid value: must be less than or equal to {key} limit'
            raise invalid(kind, name, 'resources.requests', why)


CHECKS: Final[dict[str, Callable[[str, str, dict[str, Any]], None]]] = {
    **dict.fromkeys(('Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Rollout'), _workload),
    'Pod': _pod_alone,
    'ConfigMap': _config,
    'Secret': _config,
    'Service': _service,
    'VirtualService': _virtual_service,
    'DestinationRule': _destination_rule,
    'HTTPRoute': _http_route,
}
