"""Listeners: the entrances of an environment."""

from collections.abc import Iterator
from typing import Any, Final

from liftlock.targets.envoy import names
from liftlock.targets.envoy.bootstrap import source
from liftlock.targets.envoy.part import Part

_API: Final = 'type.googleapis.com/envoy'


def access_file(environment: str) -> str:
    return f'access/{environment}.jsonl'


def routes_file(name: str) -> str:
    return f'routes/{name}.json'


def listeners(part: Part) -> Iterator[dict[str, Any]]:
    if part.listen:
        name = names.public(part.environment)
        yield _listener(name, part.listen, part.public, part.environment)
    if part.preview:
        name = names.preview(part.environment)
        yield _listener(name, part.preview, part.public_preview, part.environment)


def _listener(name: str, port: int, public: bool, environment: str) -> dict[str, Any]:
    host = '0.0.0.0' if public else '127.0.0.1'  # noqa: S104 - only where the user says so
    return {
        '@type': f'{_API}.config.listener.v3.Listener',
        'name': name,
        'address': {'socket_address': {'address': host, 'port_value': port}},
        # Otherwise another Envoy of the same user could listen on the same port, and each would get
        # a part of the requests without anybody being told.
        'enable_reuse_port': False,
        'filter_chains': [{'filters': [_connections(name, environment)]}],
    }


def _connections(name: str, environment: str) -> dict[str, Any]:
    path = f'{_API}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
    return {
        'name': 'envoy.filters.network.http_connection_manager',
        'typed_config': {
            '@type': path,
            'stat_prefix': name,
            'rds': {'route_config_name': name, 'config_source': source(routes_file(name))},
            'use_remote_address': True,
            'server_header_transformation': 'PASS_THROUGH',
            'request_headers_timeout': '30s',
            'http_filters': [_ROUTER],
            'access_log': [_access(name, environment)],
        },
    }


_ROUTER: Final = {
    'name': 'envoy.filters.http.router',
    'typed_config': {
        '@type': f'{_API}.extensions.filters.http.router.v3.Router',
        'suppress_envoy_headers': True,
    },
}
# Names of the fields are ours; what is not there is null.
_LINE: Final = {
    'time': '%START_TIME%',
    'method': '%REQUEST_HEADER(:METHOD)%',
    'path': '%REQUEST_HEADER(:PATH)%',
    'status': '%RESPONSE_CODE%',
    'flags': '%RESPONSE_FLAGS%',
    'milliseconds': '%DURATION%',
    'received': '%BYTES_RECEIVED%',
    'sent': '%BYTES_SENT%',
    'client': '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%',
    'cluster': '%UPSTREAM_CLUSTER%',
    'instance': '%UPSTREAM_HOST%',
    'route': '%ROUTE_NAME%',
    'request': '%REQUEST_HEADER(X-REQUEST-ID)%',
    'agent': '%REQUEST_HEADER(USER-AGENT)%',
}


def _access(listener: str, environment: str) -> dict[str, Any]:
    return {
        'name': 'envoy.access_loggers.file',
        'typed_config': {
            '@type': f'{_API}.extensions.access_loggers.file.v3.FileAccessLog',
            'path': access_file(environment),
            'log_format': {'json_format': {**_LINE, 'listener': listener}},
        },
    }
