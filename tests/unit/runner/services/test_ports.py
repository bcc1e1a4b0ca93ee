import pytest

from liftlock.runner.executors.base import CannotPrepare
from liftlock.runner.services.ports import parse


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        pytest.param('5432', [(0, 5432, 'tcp')], id='any free port'),
        pytest.param('5433:5432', [(5433, 5432, 'tcp')], id='this port'),
        pytest.param('5433:5432/udp', [(5433, 5432, 'udp')], id='a protocol'),
        pytest.param('5432/TCP', [(0, 5432, 'tcp')], id='a protocol in capitals'),
        pytest.param('127.0.0.1:5433:5432', [(5433, 5432, 'tcp')], id='an address'),
        pytest.param('127.0.0.1::5432', [(0, 5432, 'tcp')], id='an address, any port'),
        pytest.param('[::1]:80:8080', [(80, 8080, 'tcp')], id='an address of IPv6'),
        pytest.param(
            '8000-8001:9000-9001', [(8000, 9000, 'tcp'), (8001, 9001, 'tcp')], id='a range'
        ),
        pytest.param('9000-9001', [(0, 9000, 'tcp'), (0, 9001, 'tcp')], id='a range, any ports'),
        pytest.param('8000-8009:80', [(8000, 80, 'tcp')], id='one of a range'),
    ],
)
def test_a_port_is_read_as_docker_reads_it(text: str, expected: list[tuple[int, int, str]]) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    'text', ['', 'http', '1:2:3:4', '70000', '80:70000', '0', '5-3', '1-2:1-3', '80/icmp']
)
def test_what_is_no_port_is_named(text: str) -> None:
    with pytest.raises(CannotPrepare, match=f'"{text}" is no port'):
        parse(text)
