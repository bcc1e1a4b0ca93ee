import pytest

from liftlock.runner.containers import Container
from liftlock.runner.executors.base import CannotPrepare
from liftlock.runner.services.asked import Health, read

HEALTH = (
    '--health-cmd "pg_isready -U app" --health-interval 10s --health-timeout=1m1.5s '
    '--health-retries 5 --health-start-period 500ms'
)


def test_health_is_read_from_the_options() -> None:
    asked = read(Container('postgres', options=HEALTH))
    assert asked.health == Health('pg_isready -U app', 10.0, 61.5, 5, 0.5)
    assert asked.ignored == ()


def test_what_is_not_said_about_health_is_as_docker_has_it() -> None:
    asked = read(Container('postgres', options='--health-cmd pg_isready --health-interval 0'))
    assert asked.health == Health('pg_isready', interval=30.0, timeout=30.0, retries=3)


@pytest.mark.parametrize('options', ['', '--health-cmd x --no-healthcheck', '--health-retries 5'])
def test_without_a_command_nothing_tells_of_health(options: str) -> None:
    assert read(Container('postgres', options=options)).health is None


@pytest.mark.parametrize(
    ('options', 'named'),
    [
        ('--health-cmd x --health-interval soon', '--health-interval soon'),
        ('--health-cmd x --health-timeout 10', '--health-timeout 10'),
        ('--health-cmd x --health-retries many', '--health-retries many'),
    ],
)
def test_a_bad_number_is_named(options: str, named: str) -> None:
    with pytest.raises(CannotPrepare, match=named):
        read(Container('postgres', options=options))


def test_variables_and_ports_may_stand_in_the_options_too() -> None:
    asked = read(
        Container(
            'postgres',
            env={'A': '1', 'B': '1'},
            ports=('5432:5432',),
            options='-e B=x=y --env=C= -e FROM_OUTSIDE -p 80:8080 --publish=90',
        )
    )
    assert asked.env == {'A': '1', 'B': 'x=y', 'C': ''}
    assert [(port.here, port.there) for port in asked.ports] == [(5432, 5432), (80, 8080), (0, 90)]


def test_what_only_a_container_can_have_is_kept_to_be_said() -> None:
    asked = read(
        Container(
            'postgres',
            volumes=('/data:/var/lib',),
            options='--memory 1g -it --privileged --hostname=db -v/a:/b',
        )
    )
    assert asked.ignored == (
        'volumes: /data:/var/lib',
        'options: --memory 1g',
        'options: -it',
        'options: --privileged',
        'options: --hostname db',
        'options: --volume /a:/b',
    )


@pytest.mark.parametrize(
    ('command', 'found'),
    [
        ('redis-server --port 7000', '7000'),
        ('--port=7000', '7000'),
        ('--port 1 --port 2', '2'),
        ('--ports 7000', ''),
        ('--port', ''),
    ],
)
def test_an_option_of_the_command(command: str, found: str) -> None:
    assert read(Container('redis', command=command)).number('--port') == found
