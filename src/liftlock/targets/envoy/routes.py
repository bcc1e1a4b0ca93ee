"""Routes: which revision a request goes to."""

from collections.abc import Iterator
from typing import Any, Final

from liftlock.rollout.sight import HeaderRoute, Match, Mirror, Routes
from liftlock.targets.envoy import names

_TYPE: Final = 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration'
# Only what no instance has seen yet is sent once more, and not to whoever failed just now.
_RETRY: Final = {
    'retry_on': 'connect-failure,refused-stream,reset-before-request',
    'num_retries': 2,
    'retry_priority': {
        'name': 'envoy.retry_priorities.previous_priorities',
        'typed_config': {
            '@type': 'type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3'
            '.PreviousPrioritiesConfig',
            'update_frequency': 1,
        },
    },
    'retry_host_predicate': [
        {
            'name': 'envoy.retry_host_predicates.previous_hosts',
            'typed_config': {
                '@type': 'type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3'
                '.PreviousHostsPredicate'
            },
        }
    ],
    'host_selection_retry_max_attempts': 3,
}
_NOBODY: Final = {
    'name': 'nobody',
    'match': {'prefix': '/'},
    'direct_response': {'status': 503, 'body': {'inline_string': 'nothing is deployed here\n'}},
}


def public(environment: str, routes: Routes) -> dict[str, Any]:
    found = [_by_headers(environment, routes, one) for one in routes.headers]
    found.append(_by_weights(environment, routes) if routes.weights else _NOBODY)
    return _configuration(names.public(environment), found)


def preview(environment: str, routes: Routes) -> dict[str, Any]:
    """The preview has no fallback: who looks at it wants to see that version or none."""
    found = _NOBODY
    if routes.preview:
        to = {'cluster': names.cluster(environment, routes.preview)}
        found = {'name': 'preview', 'match': {'prefix': '/'}, 'route': {**to, **_COURSE}}
    return _configuration(names.preview(environment), [found])


def _configuration(name: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        '@type': _TYPE,
        'name': name,
        # Without this a route to a cluster that does not exist is taken, and answers 503.
        'validate_clusters': True,
        'virtual_hosts': [{'name': 'all', 'domains': ['*'], 'routes': found}],
    }


# No limit to how long an answer takes: Envoy's 15 seconds would cut what works without a router.
_COURSE: Final = {
    'timeout': '0s',
    'retry_policy': _RETRY,
    'upgrade_configs': [{'upgrade_type': 'websocket'}],
}


def _by_headers(environment: str, routes: Routes, one: HeaderRoute) -> dict[str, Any]:
    return {
        'name': f'header:{one.name}',
        'match': {'prefix': '/', 'headers': [_header(match) for match in one.matches]},
        'route': {'cluster': target(environment, routes, one.revision), **_COURSE},
    }


def _header(match: Match) -> dict[str, Any]:
    value: Any = {'regex': match.value} if match.kind == 'regex' else match.value
    kind = 'safe_regex' if match.kind == 'regex' else match.kind
    return {'name': match.header, 'string_match': {kind: value}}


def _by_weights(environment: str, routes: Routes) -> dict[str, Any]:
    weighted = [
        {'name': target(environment, routes, revision), 'weight': weight}
        for revision, weight in routes.weights
    ]
    course = {'weighted_clusters': {'clusters': weighted}, **_COURSE}
    if routes.mirrors:
        course['request_mirror_policies'] = [_mirror(environment, one) for one in routes.mirrors]
    return {'name': 'weights', 'match': {'prefix': '/'}, 'route': course}


def _mirror(environment: str, one: Mirror) -> dict[str, Any]:
    share = {'numerator': one.percent, 'denominator': 'HUNDRED'}
    return {
        'cluster': names.cluster(environment, one.revision),
        'runtime_fraction': {'default_value': share},
    }


def target(environment: str, routes: Routes, revision: str) -> str:
    """The name of the cluster that gets the revision's requests."""
    if routes.fallback in ('', revision):
        return names.cluster(environment, revision)
    return names.guarded(environment, revision, routes.fallback)


def guards(routes: Routes) -> Iterator[tuple[str, str]]:
    """Who needs whom to take over."""
    sent = [name for name, _ in routes.weights] + [one.revision for one in routes.headers]
    for revision in dict.fromkeys(sent):
        if routes.fallback not in ('', revision):
            yield revision, routes.fallback
