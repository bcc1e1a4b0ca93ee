"""What the engine says of a container that was started."""

from typing import Any

from liftlock.runner.docker.network import Started


def started(ports: dict[str, Any] | None) -> Started:
    return Started('id', 'name', 'alias', 'image', {'NetworkSettings': {'Ports': ports}})


def at(address: str, port: str) -> dict[str, str]:
    return {'HostIp': address, 'HostPort': port}


def test_a_port_that_docker_has_chosen_twice_is_that_of_ipv4() -> None:
    found = started({
        '7000/tcp': [at('0.0.0.0', '32776'), at('::', '32775')],
        '7001/tcp': [at('::', '32774'), at('127.0.0.1', '32773')],
        '7002/udp': [at('::1', '99')],
        '7003/tcp': None,
    })  # fmt: skip
    assert found.ports == {'7000': '32776', '7001': '32773', '7002': '99'}
    assert started(None).ports == {}
