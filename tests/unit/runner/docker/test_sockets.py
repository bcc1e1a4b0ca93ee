import pytest

from liftlock.runner.docker.sockets import elsewhere, endpoint


@pytest.mark.parametrize(
    ('given', 'found'),
    [
        ({}, 'unix:///var/run/docker.sock'),
        ({'DOCKER_HOST': 'unix:///run/user/1000/docker.sock'}, 'unix:///run/user/1000/docker.sock'),
        ({'DOCKER_HOST': 'tcp://x:1', 'DOCKER_CONTEXT': 'default'}, 'unix:///var/run/docker.sock'),
        ({'DOCKER_CONTEXT': 'gone'}, 'unix:///var/run/docker.sock'),
    ],
)
def test_where_docker_listens(given: dict[str, str], found: str) -> None:
    assert endpoint({'HOME': '/nonexistent', **given}) == found


@pytest.mark.parametrize(
    ('where', 'other'),
    [
        ('unix:///x.sock', False),
        ('tcp://127.0.0.1:2375', False),
        ('tcp://localhost:2375', False),
        ('tcp://build.example.org:2376', True),
        ('ssh://ada@build.example.org', True),
    ],
)
def test_another_machine(where: str, other: bool) -> None:
    assert elsewhere({'DOCKER_HOST': where}) == (where if other else '')
