"""Clusters: who the instances of a revision are, and how Envoy finds out which of them are well.

One cluster a revision and environment. Endpoints stand in a file of their own, so that a changed
one does not rebuild the cluster: a rebuilt one would ask every instance again before it is used.
"""

from collections.abc import Sequence
from typing import Any, Final

from liftlock.targets.envoy import names
from liftlock.targets.envoy.bootstrap import source
from liftlock.targets.envoy.part import Health

_API: Final = 'type.googleapis.com/envoy'
_MANY: Final = 1_000_000  # Envoy's own limits are 1024, and would be met as 503


def endpoints_file(environment: str, revision: str) -> str:
    return f'endpoints/{names.cluster(environment, revision)}.json'


def duration(seconds: float) -> str:
    return f'{max(seconds, 0.001):.3f}s'


def cluster(environment: str, revision: str, health: Health) -> dict[str, Any]:
    name = names.cluster(environment, revision)
    return {
        '@type': f'{_API}.config.cluster.v3.Cluster',
        'name': name,
        'type': 'EDS',
        'eds_cluster_config': {'eds_config': source(endpoints_file(environment, revision))},
        'connect_timeout': '2s',
        'lb_policy': 'LEAST_REQUEST',
        'health_checks': [_check(health)],
        'outlier_detection': _EJECTION,
        'ignore_health_on_host_removal': True,  # who is removed is gone, however healthy
        'common_lb_config': {
            'ignore_new_hosts_until_first_hc': True,
            # When nobody is healthy, those who are there are asked all the same: better than to
            # refuse. With a fallback it does not come to that.
            'healthy_panic_threshold': {'value': 1},
        },
        'circuit_breakers': {'thresholds': [_LIMITS]},
        'typed_extension_protocol_options': {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': _PROTOCOL
        },
    }


# Who answers 5 times in a row with an error gets no requests for a while. That it still says it is
# healthy does not count: it says so while it fails.
_EJECTION: Final = {
    'consecutive_5xx': 5,
    'consecutive_gateway_failure': 5,
    'enforcing_consecutive_gateway_failure': 100,
    'enforcing_success_rate': 0,
    'interval': '1s',
    'base_ejection_time': '5s',
    'max_ejection_time': '60s',
    'max_ejection_percent': 100,
    'successful_active_health_check_uneject_host': False,
}
_LIMITS: Final = {
    'max_connections': _MANY,
    'max_pending_requests': _MANY,
    'max_requests': _MANY,
    'max_retries': _MANY,
}
# Idle connections are given up before a server does so (most do after 2 to 5 seconds): a request
# sent at that very moment would be lost.
_PROTOCOL: Final = {
    '@type': f'{_API}.extensions.upstreams.http.v3.HttpProtocolOptions',
    'common_http_protocol_options': {'idle_timeout': '1s'},
    'explicit_http_config': {'http_protocol_options': {}},
}


def _check(health: Health) -> dict[str, Any]:
    interval = duration(health.interval)
    return {
        'timeout': duration(health.timeout),
        'interval': interval,
        'no_traffic_interval': interval,  # Envoy would wait a minute where no request comes
        'healthy_threshold': health.healthy,
        'unhealthy_threshold': health.unhealthy,
        **_how(health.path),
    }


def _how(path: str) -> dict[str, Any]:
    if not path:
        return {'tcp_health_check': {}}
    statuses = [{'start': 200, 'end': 400}]
    return {'http_health_check': {'path': path, 'host': 'localhost', 'expected_statuses': statuses}}


def guarded(environment: str, revision: str, fallback: str) -> dict[str, Any]:
    """The revision as long as somebody of it is healthy, and otherwise the fallback."""
    both = [names.cluster(environment, one) for one in (revision, fallback)]
    return {
        '@type': f'{_API}.config.cluster.v3.Cluster',
        'name': names.guarded(environment, revision, fallback),
        'connect_timeout': '2s',
        'lb_policy': 'CLUSTER_PROVIDED',
        'circuit_breakers': {'thresholds': [_LIMITS]},
        'cluster_type': {
            'name': 'envoy.clusters.aggregate',
            'typed_config': {
                '@type': f'{_API}.extensions.clusters.aggregate.v3.ClusterConfig',
                'clusters': both,
            },
        },
    }


def endpoints(environment: str, revision: str, addresses: Sequence[str]) -> dict[str, Any]:
    """An assignment of host:port to the revision's cluster.

    The zone is the revision's: with a fallback, Envoy counts answers for the cluster that was asked
    for, whoever gave them, and tells them apart by zones only.
    """
    those = {'locality': {'zone': revision}, 'lb_endpoints': [_endpoint(one) for one in addresses]}
    return {
        '@type': f'{_API}.config.endpoint.v3.ClusterLoadAssignment',
        'cluster_name': names.cluster(environment, revision),
        'endpoints': [those] if addresses else [],
    }


def _endpoint(address: str) -> dict[str, Any]:
    host, _, port = address.rpartition(':')
    where = {'address': host.strip('[]'), 'port_value': int(port)}
    return {'endpoint': {'address': {'socket_address': where}}}
