"""The entrances of an environment, and what Envoy is started with."""

from pathlib import Path
from typing import Any

from liftlock.targets.envoy import bootstrap, listeners
from liftlock.targets.envoy.part import Part


def connections(listener: dict[str, Any]) -> dict[str, Any]:
    (chain,) = listener['filter_chains']
    (found,) = chain['filters']
    made: dict[str, Any] = found['typed_config']
    return made


def test_a_chosen_port_is_open_to_others_and_a_picked_one_is_not() -> None:
    part = Part('production', 8080, 40123, public=True)
    public, preview = listeners.listeners(part)
    assert public['name'] == 'production'
    assert public['address']['socket_address'] == {'address': '0.0.0.0', 'port_value': 8080}
    assert preview['name'] == 'production+preview'
    assert preview['address']['socket_address'] == {'address': '127.0.0.1', 'port_value': 40123}


def test_nobody_else_can_listen_on_the_same_port() -> None:
    (listener,) = listeners.listeners(Part('production', 8080))
    assert listener['enable_reuse_port'] is False


def test_routes_come_from_a_file_and_requests_are_logged_for_the_environment() -> None:
    _, preview = listeners.listeners(Part('production', 8080, 8090))
    made = connections(preview)
    assert made['stat_prefix'] == 'production+preview'
    assert made['rds']['route_config_name'] == 'production+preview'
    source = made['rds']['config_source']['path_config_source']
    assert source == {'path': './routes/production+preview.json'}
    (log,) = made['access_log']
    assert log['typed_config']['path'] == 'access/production.jsonl'
    line = log['typed_config']['log_format']['json_format']
    assert line['status'] == '%RESPONSE_CODE%'
    assert line['listener'] == 'production+preview'


def test_envoy_starts_in_the_background_and_says_first_who_it_is() -> None:
    command = bootstrap.command(Path('/opt/envoy'), threads=2)
    assert command[:3] == ('sh', '-c', '"$0" "$@" &')
    assert '"$record.new" && mv "$record.new" "$record" && exec "$@"' in command[5]
    assert command[6:] == (
        *('sh', 'process.json', 'envoy.log'),
        *('/opt/envoy', '--config-path', 'bootstrap.json', '--concurrency', '2'),
        *('--disable-hot-restart', '--log-level', 'warning'),
        *('--drain-time-s', '30', '--drain-strategy', 'immediate'),
        *('--file-flush-interval-msec', '1000'),
    )


def test_the_bootstrap_holds_nothing_but_the_way_to_the_files() -> None:
    made = bootstrap.document()
    assert made['admin'] == {'address': {'pipe': {'path': 'admin.sock', 'mode': 0o600}}}
    assert made['dynamic_resources'] == {
        'cds_config': bootstrap.source('clusters.json'),
        'lds_config': bootstrap.source('listeners.json'),
    }
    assert made['node']['locality'] == {'zone': 'router'}
    (setting,) = made['stats_config']['histogram_bucket_settings']
    assert setting['match'] == {'suffix': 'upstream_rq_time'}
    assert setting['buckets'] == sorted(setting['buckets'])
