"""The pod of a job, in Kubernetes' words. It decides; nothing is started here.

What a pod gets where nobody says otherwise: no token of a service account, the runtime's filter of
system calls, no way to more rights than it began with, a request that the scheduler can count with,
and an end in any case, should nobody be left to remove it.
"""

import base64
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from liftlock.language import image as images
from liftlock.language.records import NamedTuple
from liftlock.runner.containers import Container
from liftlock.runner.executors.base import CannotPrepare, Order
from liftlock.runner.kubernetes import places
from liftlock.runner.kubernetes.settings import LABEL, OURS, TRACKING, Template
from liftlock.runner.services import asked

JOB: Final = 'job'  # the container in which steps run
IDLE: Final = "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done"
_MINUTES_MORE: Final = 30.0  # than the job may take: for its preparation, and for its end
_ARCHITECTURES: Final = {'x86_64': 'amd64', 'aarch64': 'arm64', 'armv7l': 'arm'}
_REQUESTS: Final = {'cpu': '500m', 'memory': '512Mi'}
_HUB: Final = 'https://index.docker.io/v1/'

Doc = dict[str, Any]


class Made(NamedTuple):
    """Objects to create, the last of which is the pod, and lines for the log."""

    name: str
    secret: Doc | None
    pod: Doc
    said: tuple[str, ...]


def mark(tracking_id: str) -> str:
    """The value of the label: a tracking id holds more than a label may."""
    return hashlib.sha256(tracking_id.encode()).hexdigest()[:32]


def make(order: Order, template: Template, salt: str, machine: str = os.uname().machine) -> Made:
    """`salt` makes the name one of its own. Raises CannotPrepare."""
    own = order.wanted.container or Container(order.image or template.image)
    if not own.image:
        raise CannotPrepare(
            'This job runs in a pod, and nothing says of which image: give the job a `container:`, '
            'or the pod template of its label an `image:` (kubernetes.pods in config.yml)'
        )
    said: list[str] = []
    name = f'liftlock-{mark(order.tracking_id)[:12]}-{salt}'
    services = [
        _service(alias, container, said) for alias, container in order.wanted.services.items()
    ]
    _refuse_same_ports(order.wanted.services)
    secret = _secret(name, order, own)
    metadata = {
        'name': name,
        'labels': {**OURS, LABEL: mark(order.tracking_id)},
        'annotations': {TRACKING: order.tracking_id},
    }
    spec = _spec(order, template, machine)
    spec['containers'] = [_job(own, template, said), *services]
    if secret is not None:
        spec['imagePullSecrets'] = [*spec.get('imagePullSecrets', ()), {'name': name}]
    if order.wanted.services:
        spec['hostAliases'] = [
            *spec.get('hostAliases', ()),
            {'ip': '127.0.0.1', 'hostnames': [_host(alias) for alias in order.wanted.services]},
        ]
    pod = {'apiVersion': 'v1', 'kind': 'Pod', 'metadata': metadata, 'spec': spec}
    return Made(name, secret, pod, tuple(said))


def _spec(order: Order, template: Template, machine: str) -> Doc:
    given = dict(template.pod)
    security: Doc = {'seccompProfile': {'type': 'RuntimeDefault'}}
    if template.user:
        user = template.user
        security |= {
            'runAsUser': user, 'runAsGroup': user, 'fsGroup': user, 'runAsNonRoot': True,
        }  # fmt: skip
    selector = {'kubernetes.io/os': 'linux'}
    if machine in _ARCHITECTURES:
        selector['kubernetes.io/arch'] = _ARCHITECTURES[machine]
    empty: Doc = {'sizeLimit': template.work} if template.work else {}
    volumes = [{'name': name, 'emptyDir': dict(empty)} for name in places.VOLUMES]
    spec = {
        'restartPolicy': 'Never',
        'enableServiceLinks': False,
        'terminationGracePeriodSeconds': 5,
        'activeDeadlineSeconds': int((order.minutes + _MINUTES_MORE) * 60),
        **given,
        'nodeSelector': {**selector, **given.get('nodeSelector', {})},
        'securityContext': {**security, **given.get('securityContext', {})},
        'volumes': [*volumes, *given.get('volumes', ())],
    }
    if 'serviceAccountName' not in given:
        spec.setdefault('automountServiceAccountToken', False)
    return spec


def _job(own: Container, template: Template, said: list[str]) -> Doc:
    read = asked.read(own)
    given = dict(template.container)
    security: Doc = {'allowPrivilegeEscalation': False}
    if template.user:
        security['capabilities'] = {'drop': ['ALL']}
    resources: Doc = {'requests': dict(_REQUESTS), **given.pop('resources', {})}
    for name, value in _options(read.ignored, said):
        match name:
            case '--user':
                security |= _user(value)
            case '--cpus' | '--memory':
                key = name.removeprefix('--')
                limit = value if key == 'cpu' or key == 'cpus' else _bytes(value)
                limits = {**resources.get('limits', {}), key.removesuffix('s'): limit}
                resources = {**resources, 'limits': limits}
    mounts = [{'name': name, 'mountPath': path} for name, path in places.VOLUMES.items()]
    env = {'CI': 'true', **read.env, 'GITHUB_ACTIONS': 'true'}
    return {
        'name': JOB,
        'image': own.image,
        'command': ['sh', '-c', IDLE],
        'workingDir': places.WORK,
        **given,
        'env': [*_variables(env), *given.get('env', ())],
        'resources': _fitting(resources),
        'securityContext': {**security, **given.get('securityContext', {})},
        'volumeMounts': [*mounts, *given.get('volumeMounts', ())],
    }


def _service(alias: str, container: Container, said: list[str]) -> Doc:
    read = asked.read(container)
    doc: Doc = {
        'name': _host(alias),
        'image': container.image,
        'env': _variables(read.env),
        'ports': [
            {'containerPort': port.there, 'protocol': port.protocol.upper()} for port in read.ports
        ],
        'securityContext': {'allowPrivilegeEscalation': False},
    }
    for port in read.ports:
        if port.here not in (0, port.there):
            said.append(
                f'##[warning]The service {alias} is at localhost:{port.there}, not at '
                f'{port.here}: a pod maps no ports'
            )
    for name, value in _options(read.ignored, said):
        if name == '--user':
            doc['securityContext'] |= _user(value)
    if read.entrypoint:
        doc['command'] = list(read.entrypoint)
    if read.command:
        doc['args'] = list(read.command)
    if read.health is not None:
        health = read.health
        doc['readinessProbe'] = {
            'exec': {'command': ['sh', '-c', health.command]},
            'initialDelaySeconds': int(health.start_period),
            'periodSeconds': max(1, min(int(health.interval), 10)),
            'timeoutSeconds': max(1, int(health.timeout)),
            'failureThreshold': max(1, health.retries),
        }
    return doc


def _options(ignored: Sequence[str], said: list[str]) -> Iterator[tuple[str, str]]:
    """Those that a pod can have; of the others it is said that they are left out."""
    names = {'-u': '--user', '-m': '--memory'}
    for word in ignored:
        kind, _, rest = word.partition(': ')
        name, _, value = rest.partition(' ')
        name = names.get(name, name)
        if kind == 'volumes':
            raise CannotPrepare(
                f'`volumes: {rest}` is a directory of a machine, and this job runs in a pod: give '
                'its pod template volumes (kubernetes.pods in config.yml)'
            )
        if name == '--privileged':
            raise CannotPrepare(
                '`options: --privileged` is not for a workflow to say where jobs are pods: give '
                'the pod template a securityContext (kubernetes.pods in config.yml)'
            )
        if name in ('--user', '--cpus', '--memory'):
            yield name, value
        else:
            said.append(f'##[warning]`{word}` is left out: a pod has no such thing')


def _user(value: str) -> Doc:
    user, _, group = value.partition(':')
    if not user.isdecimal() or not (group or '0').isdecimal():
        raise CannotPrepare(f'`options: --user {value}`: in a pod, users are known by number')
    return {'runAsUser': int(user), **({'runAsGroup': int(group)} if group else {})}


def _bytes(value: str) -> str:
    """Docker's 512m is Kubernetes' 512Mi; there, `m` is a thousandth."""
    found = re.fullmatch(r'(\d+)([bkmg]?)b?', value.lower())
    if found is None:
        raise CannotPrepare(f'`options: --memory {value}`: expected a size such as 512m or 2g')
    unit = {'': '', 'b': '', 'k': 'Ki', 'm': 'Mi', 'g': 'Gi'}[found[2]]
    return f'{found[1]}{unit}'


def _fitting(resources: Doc) -> Doc:
    """No more may be requested than is the limit: where only that is given, it is the request."""
    limits = resources.get('limits', {})
    requests = {name: text for name, text in resources['requests'].items() if name not in limits}
    chosen = resources['requests'] if resources['requests'] != _REQUESTS else requests
    return {**resources, 'requests': chosen} if chosen else {**resources, 'requests': {}}


def _variables(env: Mapping[str, str]) -> list[Doc]:
    """`$(NAME)` would be replaced by the cluster."""
    return [{'name': name, 'value': text.replace('$(', '$$(')} for name, text in env.items()]


def _host(alias: str) -> str:
    found = re.sub(r'[^a-z0-9]+', '-', alias.lower()).strip('-')[:63]
    if found in ('', JOB):
        raise CannotPrepare(f'A service cannot be called "{alias}" where jobs are pods')
    return found


def _refuse_same_ports(services: Mapping[str, Container]) -> None:
    """All containers of a pod share one network."""
    taken: dict[int, str] = {}
    for alias, container in services.items():
        for port in asked.read(container).ports:
            if taken.setdefault(port.there, alias) != alias:
                raise CannotPrepare(
                    f'The services {taken[port.there]} and {alias} both listen at {port.there}, '
                    'and in a pod they share one network: have one of them listen elsewhere'
                )


def _secret(name: str, order: Order, own: Container) -> Doc | None:
    """Credentials for registries, which the cluster takes from an object of its own."""
    auths: Doc = {}
    for container in (own, *order.wanted.services.values()):
        named = images.parse(container.image)
        if named is None:
            raise CannotPrepare(
                f"'{container.image}' names no image: [registry/]name[:tag][@sha256:…] is expected"
            )
        if container.username and container.password:
            pair = f'{container.username}:{container.password}'.encode()
            server = _HUB if named.registry == 'docker.io' else named.registry
            auths[server] = {
                'username': container.username,
                'password': container.password,
                'auth': base64.b64encode(pair).decode(),
            }
    if not auths:
        return None
    text = json.dumps({'auths': auths}).encode()
    return {
        'apiVersion': 'v1',
        'kind': 'Secret',
        'metadata': {'name': name, 'labels': {**OURS, LABEL: mark(order.tracking_id)}},
        'type': 'kubernetes.io/dockerconfigjson',
        'data': {'.dockerconfigjson': base64.b64encode(text).decode()},
    }
