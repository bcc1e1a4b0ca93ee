"""Every resource that the server has."""

from typing import Final, NamedTuple


class Resource(NamedTuple):
    group: str
    version: str
    plural: str
    kind: str
    short: tuple[str, ...] = ()
    namespaced: bool = True
    status: bool = False
    scale: bool = False
    custom: bool = False

    @property
    def api(self) -> str:
        return f'{self.group}/{self.version}' if self.group else self.version

    @property
    def root(self) -> str:
        return f'/apis/{self.api}' if self.group else f'/api/{self.version}'

    @property
    def full(self) -> str:
        """deployments.apps"""
        return f'{self.plural}.{self.group}' if self.group else self.plural


RESOURCES: Final = (
    Resource('', 'v1', 'namespaces', 'Namespace', ('ns',), namespaced=False, status=True),
    Resource('', 'v1', 'pods', 'Pod', ('po',), status=True),
    Resource('', 'v1', 'services', 'Service', ('svc',), status=True),
    Resource('', 'v1', 'configmaps', 'ConfigMap', ('cm',)),
    Resource('', 'v1', 'secrets', 'Secret'),
    Resource('', 'v1', 'serviceaccounts', 'ServiceAccount', ('sa',)),
    Resource('', 'v1', 'events', 'Event', ('ev',)),
    Resource('', 'v1', 'endpoints', 'Endpoints', ('ep',)),
    Resource('apps', 'v1', 'deployments', 'Deployment', ('deploy',), status=True, scale=True),
    Resource('apps', 'v1', 'replicasets', 'ReplicaSet', ('rs',), status=True, scale=True),
    Resource('apps', 'v1', 'statefulsets', 'StatefulSet', ('sts',), status=True, scale=True),
    Resource('apps', 'v1', 'daemonsets', 'DaemonSet', ('ds',), status=True),
    Resource('batch', 'v1', 'jobs', 'Job', status=True),
    Resource('networking.k8s.io', 'v1', 'ingresses', 'Ingress', ('ing',), status=True),
    Resource('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice'),
    Resource(
        'networking.istio.io', 'v1beta1', 'virtualservices', 'VirtualService', ('vs',), custom=True
    ),
    Resource(
        'networking.istio.io', 'v1beta1', 'destinationrules', 'DestinationRule', ('dr',),
        custom=True,
    ),
    Resource(
        'gateway.networking.k8s.io', 'v1', 'httproutes', 'HTTPRoute', status=True, custom=True
    ),
    Resource(
        'argoproj.io', 'v1alpha1', 'rollouts', 'Rollout', ('ro',), status=True, scale=True,
        custom=True,
    ),
)  # fmt: skip
BY_KIND: Final = {one.kind: one for one in RESOURCES}


def find(group: str, version: str, plural: str) -> Resource | None:
    wanted = (group, version, plural)
    return next((one for one in RESOURCES if one[:3] == wanted), None)
