"""Clusters and endpoints, as Envoy reads them."""

from liftlock.targets.envoy import clusters
from liftlock.targets.envoy.part import Health

API = 'type.googleapis.com/envoy'
HEALTH = Health('/healthz', interval=2, timeout=0.5, healthy=1, unhealthy=3)


def test_a_revision_is_a_cluster_of_its_own_whose_endpoints_stand_elsewhere() -> None:
    many = 1_000_000
    assert clusters.cluster('production', 'r12', HEALTH) == {
        '@type': f'{API}.config.cluster.v3.Cluster',
        'name': 'r12@production',
        'type': 'EDS',
        'eds_cluster_config': {
            'eds_config': {
                'resource_api_version': 'V3',
                'path_config_source': {'path': './endpoints/r12@production.json'},
            }
        },
        'connect_timeout': '2s',
        'lb_policy': 'LEAST_REQUEST',
        'health_checks': [
            {
                'timeout': '0.500s',
                'interval': '2.000s',
                'no_traffic_interval': '2.000s',
                'healthy_threshold': 1,
                'unhealthy_threshold': 3,
                'http_health_check': {
                    'path': '/healthz',
                    'host': 'localhost',
                    'expected_statuses': [{'start': 200, 'end': 400}],
                },
            }
        ],
        'outlier_detection': {
            'consecutive_5xx': 5,
            'consecutive_gateway_failure': 5,
            'enforcing_consecutive_gateway_failure': 100,
            'enforcing_success_rate': 0,
            'interval': '1s',
            'base_ejection_time': '5s',
            'max_ejection_time': '60s',
            'max_ejection_percent': 100,
            'successful_active_health_check_uneject_host': False,
        },
        'ignore_health_on_host_removal': True,
        'common_lb_config': {
            'ignore_new_hosts_until_first_hc': True,
            'healthy_panic_threshold': {'value': 1},
        },
        'circuit_breakers': {
            'thresholds': [
                {
                    'max_connections': many,
                    'max_pending_requests': many,
                    'max_requests': many,
                    'max_retries': many,
                }
            ]
        },
        'typed_extension_protocol_options': {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
                '@type': f'{API}.extensions.upstreams.http.v3.HttpProtocolOptions',
                'common_http_protocol_options': {'idle_timeout': '1s'},
                'explicit_http_config': {'http_protocol_options': {}},
            }
        },
    }


def test_without_a_path_only_the_connection_is_tried() -> None:
    (check,) = clusters.cluster('production', 'r12', Health())['health_checks']
    assert check['tcp_health_check'] == {}
    assert 'http_health_check' not in check


def test_endpoints_are_in_the_zone_of_their_revision() -> None:
    made = clusters.endpoints('production', 'r12', ('127.0.0.1:8001', '[::1]:8002'))
    assert made == {
        '@type': f'{API}.config.endpoint.v3.ClusterLoadAssignment',
        'cluster_name': 'r12@production',
        'endpoints': [
            {
                'locality': {'zone': 'r12'},
                'lb_endpoints': [
                    _endpoint('127.0.0.1', 8001),
                    _endpoint('::1', 8002),
                ],
            }
        ],
    }


def _endpoint(address: str, port: int) -> object:
    where = {'address': address, 'port_value': port}
    return {'endpoint': {'address': {'socket_address': where}}}


def test_nobody_is_no_endpoint() -> None:
    assert clusters.endpoints('production', 'r12', ())['endpoints'] == []


def test_a_guarded_revision_is_followed_by_its_fallback() -> None:
    made = clusters.guarded('production', 'r12', 'r11')
    assert made['name'] == 'r12@production+r11'
    assert made['cluster_type']['typed_config']['clusters'] == ['r12@production', 'r11@production']
    assert made['lb_policy'] == 'CLUSTER_PROVIDED'
