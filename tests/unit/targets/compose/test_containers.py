"""What the engine tells of containers, and the command lines that it is told."""

import json
from typing import Any

import pytest

from liftlock.targets.compose import commands, containers, engine
from liftlock.targets.compose.containers import Container
from liftlock.targets.compose.names import Names

NAMES = Names('shop-1a2b3c')
ID = 'f00d' * 16


def document(**state: Any) -> dict[str, Any]:
    """As `docker container inspect` prints it."""
    return {
        'Id': ID,
        'Created': '2026-11-30T20:00:00.5Z',
        'RestartCount': 2,
        'State': {
            'Running': True,
            'Restarting': False,
            'Pid': 4711,
            'ExitCode': 0,
            'Error': '',
            'StartedAt': '2026-11-30T20:12:31.986123456Z',
            **state,
        },
        'Config': {
            'Labels': {
                'liftlock.revision': 'r12',
                'com.docker.compose.container-number': '3',
            }
        },
        'NetworkSettings': {
            'Ports': {
                '9000/tcp': None,
                '8080/tcp': [
                    {'HostIp': '::1', 'HostPort': '49201'},
                    {'HostIp': '127.0.0.1', 'HostPort': '49200'},
                ],
            }
        },
    }


def parsed(**state: Any) -> Container:
    (one,) = containers.parse(json.dumps([document(**state)]))
    return one


def test_a_running_container_is_an_instance_with_an_address() -> None:
    one = containers.instance(parsed(Health={'Status': 'healthy'}), True, (1.5, 1000))
    assert (one.id, one.revision, one.alive, one.ready) == ('r12-3', 'r12', True, True)
    assert (one.address, one.pid, one.restarts) == ('127.0.0.1:49200', 4711, 2)
    assert (one.cpu, one.memory, one.message) == (1.5, 1000, '')
    assert one.since == pytest.approx(1796069551.986123)


def test_who_is_unhealthy_says_why_and_gets_no_requests() -> None:
    log = [{'Output': 'old'}, {'Output': 'HTTP/1.1 503 X\n the database  is away\n'}]
    one = parsed(Health={'Status': 'unhealthy', 'Log': log})
    assert one.message == 'its health check fails: HTTP/1.1 503 X the database is away'
    assert not one.routable
    assert not parsed(Health={'Status': 'starting'}).routable
    assert parsed(Health={'Status': 'none'}).routable


@pytest.mark.parametrize(
    ('state', 'told'),
    [
        ({'Running': False, 'ExitCode': 3}, 'it ended with exit code 3'),
        ({'Running': True, 'Restarting': True, 'ExitCode': 1}, 'it ended with exit code 1'),
        ({'Running': False, 'Error': 'no such file'}, 'no such file'),
        ({'OOMKilled': True}, 'it was killed, since it needed more memory than it may have'),
    ],
)
def test_who_has_ended_says_how(state: dict[str, Any], told: str) -> None:
    assert parsed(**state).message == told


def test_who_waits_to_be_started_again_does_not_run() -> None:
    one = containers.instance(parsed(Restarting=True), False)
    assert (one.alive, one.address) == (False, '')


def test_one_that_was_never_started_has_no_start() -> None:
    assert containers.since('0001-01-01T00:00:00Z') == 0.0
    assert containers.since('') == 0.0


def line(status: str, ports: str = '127.0.0.1:49200->8080/tcp') -> str:
    return json.dumps({'ID': ID, 'Status': status, 'Ports': ports})


@pytest.mark.parametrize(
    ('before', 'after', 'same'),
    [
        (line('Up 3 seconds (healthy)'), line('Up 2 hours (healthy)'), True),
        (line('Up 3 seconds (health: starting)'), line('Up 5 seconds (healthy)'), False),
        (line('Up 3 seconds'), line('Exited (1) 2 seconds ago', ''), False),
        (line('Up 3 seconds'), line('Up 1 second', '127.0.0.1:49300->8080/tcp'), False),
        (line('Restarting (1) 2 seconds ago'), line('Restarting (1) 9 seconds ago'), True),
    ],
)
def test_time_alone_changes_nothing(before: str, after: str, same: bool) -> None:
    assert (containers.listed(before) == containers.listed(after)) is same


def test_the_dead_go_first_then_the_sick_then_the_youngest() -> None:
    well = [Container(str(number), 'r1', number, running=True) for number in (1, 2, 3)]
    sick = Container('4', 'r1', 4, running=True, health='unhealthy')
    dead = Container('0', 'r1', 0)
    everybody = (dead, *well, sick)
    gone = containers.superfluous(everybody, 1)
    assert [one.id for one in gone] == ['2', '3', '4', '0']
    assert containers.superfluous(everybody, 9) == ()
    assert len(containers.superfluous(everybody, 0)) == 5


def test_more_instances_are_asked_for_without_touching_those_that_are_there() -> None:
    line = commands.up('shop-1a2b3c-r12', '/releases/ab', '/work/x.json', 'web', 3)
    assert ' '.join(line) == (
        '-p shop-1a2b3c-r12 --project-directory /releases/ab -f /work/x.json '
        'up --detach --no-deps --no-build --no-recreate --scale web=3 web'
    )


def test_what_is_shared_is_started_where_it_is_not_there() -> None:
    line = commands.up_shared(NAMES, '/releases/ab', '/work/x.json')
    assert ' '.join(line) == (
        '-p shop-1a2b3c-shared --project-directory /releases/ab -f /work/x.json '
        'up --detach --no-recreate'
    )


def test_the_file_is_read_by_compose_itself() -> None:
    assert ' '.join(commands.config(NAMES, '/releases/ab', 'deploy/compose.yaml')) == (
        '-p shop-1a2b3c --project-directory /releases/ab -f /releases/ab/deploy/compose.yaml config'
    )


def test_containers_of_the_environment_are_found_by_their_label() -> None:
    assert ' '.join(commands.containers(NAMES)) == (
        'ps --all --no-trunc --filter label=liftlock.environment=shop-1a2b3c --format {{json .}}'
    )


def test_a_container_has_its_grace_and_leaves_no_nameless_volume() -> None:
    assert commands.stop('a', 2.5) == ('stop', '--time', '3', 'a')
    assert commands.remove('a') == ('rm', '--force', '--volumes', 'a')


def test_networks_and_volumes_are_made_as_the_file_says() -> None:
    made = commands.network('n', NAMES, {'driver': 'bridge', 'internal': True})
    assert ' '.join(made) == (
        'network create --label liftlock.shared=shop-1a2b3c --driver bridge --internal n'
    )
    made = commands.volume('v', NAMES, {'driver_opts': {'type': 'tmpfs'}})
    assert ' '.join(made) == (
        'volume create --label liftlock.shared=shop-1a2b3c --opt type=tmpfs v'
    )


def test_lines_come_with_their_time_and_not_without_end() -> None:
    assert commands.logs('a', since='t', follow=True, tail=9) == (
        *('logs', '--timestamps', '--tail', '9', '--since', 't', '--follow', 'a'),
    )


@pytest.mark.parametrize(
    ('host', 'elsewhere'),
    [
        ('unix:///var/run/docker.sock', False),
        ('', False),
        ('tcp://127.0.0.1:2375', False),
        ('tcp://10.0.0.1:2375', True),
        ('ssh://ada@shop.example', True),
    ],
)
def test_an_engine_on_another_machine_is_known(host: str, elsewhere: bool) -> None:
    assert engine.is_elsewhere(host) is elsewhere
