"""Looks at real instances."""

import asyncio
import time
from pathlib import Path

import pytest

from e2e.delivery.observe.servers import Server, Start
from liftlock.language.settings.model import HealthCheck
from liftlock.observe.probes import probe
from liftlock.rollout.sight import Instance

HTTP = HealthCheck('/health')


def look(check: HealthCheck, address: str = '', directory: str = '', **env: str) -> str:
    instance = Instance('web-1', 'r1', alive=True, address=address)
    return asyncio.run(probe(check, instance, env, directory))


@pytest.mark.parametrize('status', [200, 204, 302, 399])
def test_answers_below_400_are_healthy(server: Server, status: int) -> None:
    server.answers['/health'] = (status, '')
    assert look(HTTP, server.address) == ''


@pytest.mark.parametrize('status', [400, 404, 500, 503])
def test_others_are_not(server: Server, status: int) -> None:
    server.answers['/health'] = (status, 'x')
    assert look(HTTP, server.address) == f'/health answered {status}'


def test_why_nobody_answers_is_said(nobody: str, misbehaving: Start) -> None:
    assert look(HTTP, nobody) == f'/health: nobody listens on {nobody}'
    hung = misbehaving(lambda connection: connection.recv(65536) and connection.recv(1))
    slow = HTTP._replace(timeout=0.2)
    assert look(slow, hung) == '/health: no answer within 0.2 s'
    assert look(HTTP) == '/health cannot be asked for: the instance has no address here'


def test_a_whole_address_is_asked_as_it_stands(server: Server, nobody: str) -> None:
    server.answers['/up'] = (200, '')
    assert look(HealthCheck(f'{server.url}/up'), nobody) == ''


def test_a_port_that_accepts_is_healthy(server: Server, nobody: str) -> None:
    port = int(server.address.rpartition(':')[2])
    assert look(HealthCheck(tcp=port), server.address) == ''
    assert look(HealthCheck(tcp=port)) == ''  # of this machine
    closed = int(nobody.rpartition(':')[2])
    assert look(HealthCheck(tcp=closed), server.address) == f'nobody listens on {nobody}'


def test_a_command_knows_its_instance(tmp_path: Path) -> None:
    told = HealthCheck(command='test "$PORT $ADDRESS $URL $MODE" = "$WANTED"')
    wanted = '80 10.0.0.1:80 http://10.0.0.1:80 strict'
    assert look(told, '10.0.0.1:80', MODE='strict', WANTED=wanted) == ''
    (tmp_path / 'here').touch()
    assert look(HealthCheck(command='test -e here'), directory=str(tmp_path)) == ''


def test_a_command_gets_nothing_else_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('AWS_SECRET_ACCESS_KEY', 'ours')
    assert look(HealthCheck(command='test -z "$AWS_SECRET_ACCESS_KEY" && test -n "$PATH"')) == ''


def test_a_command_that_fails_says_why() -> None:
    assert look(HealthCheck(command='exit 3')) == 'exit code 3'
    assert look(HealthCheck(command='echo no database; exit 1')) == 'exit code 1: no database'
    assert look(HealthCheck(command='kill -9 $$')) == 'exit code 137'
    assert look(HealthCheck(command='no-such-program')).startswith('exit code 127: ')
    lost = look(HealthCheck(command='true'), directory='/no/such/place')
    assert lost == 'the command cannot be started: No such file or directory'


def test_a_command_is_killed_with_its_children_when_its_time_is_up(tmp_path: Path) -> None:
    pids = tmp_path / 'pids'
    command = (
        f'echo $$ >> {pids}; sleep 600 & echo $! >> {pids};'
        f" setsid sh -c 'echo $$ >> {pids}; echo there; sleep 600 & wait' & wait"
    )
    # Time enough for all of them to have started, also on a busy machine.
    found = look(HealthCheck(command=command, timeout=2.0))
    assert found == 'still ran after 2 s: there'
    started = [int(line) for line in pids.read_text().split()]
    assert len(started) == 3
    for pid in started:
        assert_dies(pid)


def test_what_a_command_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    pid = tmp_path / 'pid'
    assert look(HealthCheck(command=f'sleep 600 & echo $! > {pid}')) == ''
    assert_dies(int(pid.read_text()))


def assert_dies(pid: int) -> None:
    """Who was killed dies a little later than the one who killed it goes on."""
    end = time.monotonic() + 30.0
    while is_alive(pid):
        assert time.monotonic() < end, f'{pid} lives on'
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """A zombie whose parent has not looked yet is dead."""
    try:
        stat = Path(f'/proc/{pid}/stat').read_text()
    except OSError:
        return False
    return stat.rpartition(')')[2].split()[0] not in 'ZX'


def test_a_flood_of_output_is_no_trouble() -> None:
    flood = HealthCheck(command='head -c 50000000 /dev/zero | tr "\\0" x; echo; echo end; exit 1')
    assert look(flood) == 'exit code 1: end'


def test_looks_leave_no_descriptors_open() -> None:
    async def often() -> None:
        for _ in range(3):
            await probe(HealthCheck(command='true'), Instance('a', 'r1', alive=True), {})

    asyncio.run(often())
    before = len(list(Path('/proc/self/fd').iterdir()))
    asyncio.run(often())
    assert len(list(Path('/proc/self/fd').iterdir())) == before
