"""Routes, as Envoy reads them."""

from typing import Any

import pytest

from liftlock.rollout.sight import HeaderRoute, Match, Mirror, Routes
from liftlock.targets.envoy import routes


def found(made: dict[str, Any]) -> list[dict[str, Any]]:
    (host,) = made['virtual_hosts']
    assert host['domains'] == ['*']
    return [*host['routes']]


def test_weights_say_where_requests_go_and_a_weight_of_0_stays() -> None:
    made = routes.public('production', Routes((('r1', 100), ('r2', 0))))
    assert made['name'] == 'production'
    assert made['validate_clusters'] is True
    (route,) = found(made)
    assert route['match'] == {'prefix': '/'}
    assert route['route']['weighted_clusters'] == {
        'clusters': [
            {'name': 'r1@production', 'weight': 100},
            {'name': 'r2@production', 'weight': 0},
        ]
    }
    assert route['route']['timeout'] == '0s'
    assert 'request_mirror_policies' not in route['route']


def test_only_what_nobody_has_seen_is_sent_again_and_to_another() -> None:
    (route,) = found(routes.public('production', Routes((('r1', 100),))))
    policy = route['route']['retry_policy']
    assert policy['retry_on'] == 'connect-failure,refused-stream,reset-before-request'
    assert policy['num_retries'] == 2
    assert policy['retry_priority']['name'] == 'envoy.retry_priorities.previous_priorities'
    (predicate,) = policy['retry_host_predicate']
    assert predicate['name'] == 'envoy.retry_host_predicates.previous_hosts'


@pytest.mark.parametrize(
    ('match', 'expected'),
    [
        (Match('x-canary', 'always'), {'exact': 'always'}),
        (Match('x-canary', 'al', 'prefix'), {'prefix': 'al'}),
        (Match('x-canary', 'a.*', 'regex'), {'safe_regex': {'regex': 'a.*'}}),
    ],
)
def test_headers_come_before_weights_in_their_order(match: Match, expected: object) -> None:
    sent = (HeaderRoute('one', (match,), 'r2'), HeaderRoute('two', (match, match), 'r3'))
    made = found(routes.public('production', Routes((('r1', 100),), headers=sent)))
    assert [route['name'] for route in made] == ['header:one', 'header:two', 'weights']
    assert made[0]['match']['headers'] == [{'name': 'x-canary', 'string_match': expected}]
    assert made[0]['route']['cluster'] == 'r2@production'
    assert len(made[1]['match']['headers']) == 2


def test_a_share_of_the_requests_is_mirrored() -> None:
    wanted = Routes((('r1', 100),), mirrors=(Mirror('shadow', 20, 'r2'),))
    (route,) = found(routes.public('production', wanted))
    assert route['route']['request_mirror_policies'] == [
        {
            'cluster': 'r2@production',
            'runtime_fraction': {'default_value': {'numerator': 20, 'denominator': 'HUNDRED'}},
        }
    ]


def test_a_fallback_stands_behind_everybody_else() -> None:
    sent = (HeaderRoute('one', (Match('a', 'b'),), 'r2'),)
    wanted = Routes((('r1', 90), ('r2', 10)), headers=sent, fallback='r1')
    header, weights = found(routes.public('production', wanted))
    assert header['route']['cluster'] == 'r2@production+r1'
    assert [one['name'] for one in weights['route']['weighted_clusters']['clusters']] == [
        'r1@production',
        'r2@production+r1',
    ]
    assert list(routes.guards(wanted)) == [('r2', 'r1')]


def test_without_weights_the_answer_says_that_nothing_is_deployed() -> None:
    (route,) = found(routes.public('production', Routes(preview='r1')))
    assert route['direct_response']['status'] == 503


def test_the_preview_is_that_version_or_nothing() -> None:
    wanted = Routes((('r1', 100),), preview='r2', fallback='r1')
    (route,) = found(routes.preview('production', wanted))
    assert route['route']['cluster'] == 'r2@production'
    (route,) = found(routes.preview('production', Routes((('r1', 100),))))
    assert route['direct_response']['status'] == 503
