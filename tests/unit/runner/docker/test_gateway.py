from typing import Any

import pytest

from liftlock.runner.docker.gateway import addresses


@pytest.mark.parametrize(
    ('told', 'found'),
    [
        (
            {'IPAM': {'Config': [{'Subnet': '10.1.0.0/16', 'Gateway': '10.1.0.1'}]}},
            '10.1.0.1',
        ),
        ({'IPAM': {'Config': [{'Subnet': '172.17.0.0/16'}]}}, '172.17.0.1'),
        ({'subnets': [{'subnet': '10.89.0.0/24', 'gateway': '10.89.0.1'}]}, '10.89.0.1'),
    ],
)
def test_the_gateway_of_a_network(told: dict[str, Any], found: str) -> None:
    assert list(addresses(told)) == [found]


@pytest.mark.parametrize('told', [{}, {'IPAM': {'Config': None}}, {'IPAM': None, 'subnets': []}])
def test_a_network_that_leads_nowhere_has_none(told: dict[str, Any]) -> None:
    assert list(addresses(told)) == []
