"""Services without a container engine, whatever server runs them."""

import os
import shutil
import socket
import time
from pathlib import Path

import pytest

from e2e.services.ground import free_port, is_open, need, once_open, run
from fakes import once_ready
from liftlock.plan.facts import StepFinished
from liftlock.runner.ports import Stop

STOPPED = [('Initialize containers', 'failure')]


@pytest.fixture(autouse=True)
def redis() -> None:
    need('redis')


def mapped(port: int, **more: str) -> dict[str, dict[str, object]]:
    return {'cache': {'image': 'redis', 'ports': [f'{port}:6379'], **more}}


def test_a_service_is_there_before_the_first_step_and_gone_after_the_last(tmp_path: Path) -> None:
    port = free_port()
    open_then = []

    def look(fact: object) -> None:
        if isinstance(fact, StepFinished):
            open_then.append(is_open(port))

    played = run(tmp_path, mapped(port), 'true', when=look)
    assert [name for name, _ in played.steps] == [
        'Initialize containers',
        'Run true',
        'Stop containers',
    ]
    assert open_then == [True, True, False]


def test_its_output_is_shown_when_it_has_stopped(tmp_path: Path) -> None:
    played = run(tmp_path, mapped(free_port()))
    lines = [line for number, line in played.lines if number == 3]
    assert lines[0] == '##[group]Print service container logs: cache'
    assert any('Ready to accept connections' in line for line in lines)


def test_servers_do_not_run_as_root_and_leave_nothing_behind(tmp_path: Path) -> None:
    script = (
        'pid=$(redis-cli -p PORT info server | tr -d "\\r" | sed -n "s/process_id://p"); '
        'stat --format %u /proc/$pid; readlink /proc/$pid/cwd; '
        'tr "\\0" "\\n" </proc/$pid/environ | grep TRACKING'
    )
    port = free_port()
    played = run(
        tmp_path, mapped(port), script.replace('PORT', str(port)), tracking_id='github_xyz'
    )
    user, folder, mark = played.printed(2)
    assert int(user) == (os.geteuid() or 65534)
    assert not Path(folder).exists()
    assert mark == 'RUNNER_TRACKING_ID=github_xyz_services'


def test_a_service_without_ports_runs_but_cannot_be_reached_as_on_github(tmp_path: Path) -> None:
    played = run(
        tmp_path,
        {'cache': {'image': 'redis', 'options': '--health-cmd "redis-cli ping"'}},
        'echo "${{ toJSON(job.services.cache.ports) }}"',
    )
    assert played.finished.conclusion == 'success'
    assert played.printed(2) == ['{}']
    assert (
        "##[warning]No port of the service 'cache' (redis) is mapped: steps of this job cannot "
        'reach it, as on GitHub'
    ) in played.text


def test_another_version_is_said(tmp_path: Path) -> None:
    played = run(tmp_path, {'cache': {'image': 'redis:2', 'ports': [6379]}})
    assert played.finished.conclusion == 'success'
    assert (
        "##[warning]The service 'cache' (redis:2) asks for another version of Redis"
    ) in played.text


def test_what_has_no_effect_is_said(tmp_path: Path) -> None:
    service = {
        'image': 'redis',
        'ports': ['6379', f'{(other := free_port())}:6379', '8080', '9000:9000/udp'],
        'volumes': ['/a:/b'],
        'options': '--memory 1g',
    }
    played = run(tmp_path, {'cache': service})
    assert 'without a container this has no effect: `volumes: /a:/b`' in played.text
    assert 'without a container this has no effect: `options: --memory 1g`' in played.text
    assert 'maps port 8080, but nothing listens there' in played.text
    assert f'(redis): nothing listens on {other}/tcp' in played.text
    assert '(redis): nothing listens on 9000/udp' in played.text


def test_an_unhealthy_service_fails_the_job_and_shows_what_it_said(tmp_path: Path) -> None:
    options = '--health-cmd "echo no; exit 3" --health-interval 50ms --health-retries 2'
    port = free_port()
    played = run(tmp_path, mapped(port, options=options))
    assert played.steps == STOPPED
    assert played.finished.message == (
        "The service 'cache' (redis): it is not healthy: `echo no; exit 3` ended with exit code "
        '3, 2 times in a row, and said: no'
    )
    assert 'Ready to accept connections' in played.text
    assert not is_open(port)
    assert len(played.annotations) == 1


def test_a_health_command_that_hangs_is_ended(tmp_path: Path) -> None:
    options = '--health-cmd "sleep 60" --health-timeout 200ms --health-retries 1'
    began = time.monotonic()
    played = run(tmp_path, mapped(free_port(), options=options))
    assert 'took longer than 0.2 seconds' in played.finished.message
    assert time.monotonic() - began < 30


def test_a_server_that_ends_at_once_fails_the_job_with_its_last_words(tmp_path: Path) -> None:
    played = run(tmp_path, mapped(free_port(), command='--no-such-option 1'))
    assert played.steps == STOPPED
    assert 'its server ended with exit code 1' in played.finished.message
    assert 'Bad directive' in played.text


@pytest.mark.parametrize(
    ('keys', 'named'),
    [
        ({'command': 'sh -c redis-server'}, "its `command:` runs 'sh'"),
        ({'entrypoint': '/bin/sh'}, "its `entrypoint:` runs '/bin/sh'"),
    ],
)
def test_a_program_that_only_the_image_has_is_refused(
    keys: dict[str, str], named: str, tmp_path: Path
) -> None:
    played = run(tmp_path, mapped(free_port(), **keys))
    assert named in played.finished.message
    assert 'install docker or podman' in played.finished.message


def test_the_entrypoint_of_the_image_changes_nothing(tmp_path: Path) -> None:
    port = free_port()
    keys = {'entrypoint': 'docker-entrypoint.sh', 'command': 'redis-server --requirepass x'}
    played = run(tmp_path, mapped(port, **keys), f'redis-cli -p {port} ping')
    assert played.printed(2)[0] == 'NOAUTH Authentication required.'


def test_two_services_on_one_port_are_refused(tmp_path: Path) -> None:
    port = free_port()
    service = {'image': 'redis', 'ports': [f'{port}:6379']}
    played = run(tmp_path, {'one': service, 'two': service})
    assert f"the service 'one' maps port {port} too" in played.finished.message


def test_an_image_that_nobody_here_can_serve_says_what_would(tmp_path: Path) -> None:
    played = run(tmp_path, {'app': {'image': 'ghcr.io/acme/app:1'}})
    assert played.steps == STOPPED
    assert played.finished.message == (
        "The service 'app' (ghcr.io/acme/app:1) cannot be started (there is no program none); "
        'without a container engine there are only PostgreSQL, Redis, Valkey, MySQL, MariaDB, '
        'RabbitMQ, nginx and MongoDB'
    )


def test_a_cancelled_job_stops_its_services(tmp_path: Path) -> None:
    stop, port = Stop(), free_port()
    played = run(
        tmp_path,
        mapped(port),
        "trap 'exit 1' INT; touch ready; while :; do sleep 0.05; done",
        stop=stop,
        when=once_ready(tmp_path, lambda: stop.request('by hand'), 2),
    )
    assert played.finished.conclusion == 'cancelled'
    assert played.steps[-1] == ('Stop containers', 'success')
    assert not is_open(port)


def test_a_job_that_is_cancelled_while_they_start_stops_them(tmp_path: Path) -> None:
    stop, port = Stop(), free_port()
    began = time.monotonic()
    played = run(
        tmp_path,
        mapped(port, options='--health-cmd "sleep 60"'),
        stop=stop,
        when=once_open(port, lambda: stop.request('by hand')),
    )
    assert time.monotonic() - began < 20
    assert (played.finished.conclusion, played.finished.message) == ('cancelled', 'by hand')
    assert not is_open(port)


def test_services_of_a_job_in_the_sandbox_are_in_there_too(tmp_path: Path) -> None:
    if shutil.which('bwrap') is None:
        told = 'apt install bubblewrap'
        pytest.fail(told) if os.environ.get('CI') else pytest.skip(told)
    port = free_port()
    (tmp_path / 'secret').touch()
    options = f'--health-cmd "redis-cli -p 6379 ping && ! ls {tmp_path}/secret"'
    with socket.create_server(('127.0.0.1', port)):  # which is another one in there
        played = run(
            tmp_path,
            mapped(port, options=options),
            f'redis-cli -p {port} ping',
            'sleep 60 & sleep 0',
            place='sandbox',
        )
    assert played.finished.conclusion == 'success', played.text
    assert played.printed(2) == ['PONG']
    assert 'Ready to accept connections' in played.text
    orphans = [line for _, line in played.lines if line.startswith('Terminate orphan process')]
    assert [line.rpartition(' ')[2] for line in orphans] == ['(sleep)']
