"""The server as a service: its health, its figures, its log, and how it ends."""

import json
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import buckets
from serving import Project, Server, Site

Eventually = Callable[[Callable[[], object]], None]


class Service:
    """A server whose output goes to a file, and whose systemd is this test."""

    def __init__(self, directory: Path, *words: str) -> None:
        self.project = Project(directory)
        self.told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.told.settimeout(20)
        path = directory / 'notify'
        self.told.bind(str(path))
        os.environ['NOTIFY_SOCKET'], os.environ['WATCHDOG_USEC'] = str(path), '200000'
        try:
            self.server = Server(self.project, *words)
        except BaseException:
            self.told.close()
            raise
        finally:
            del os.environ['NOTIFY_SOCKET'], os.environ['WATCHDOG_USEC']

    def hears(self, word: str) -> bool:
        """Whether the word comes; others before it are passed over."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if word in self.told.recv(1000).decode():
                return True
        return False

    def ask(self, path: str) -> int:
        """0: nobody listens any more."""
        try:
            return self.server.ask('GET', path).status
        except ConnectionError:
            return 0

    def close(self) -> None:
        self.server.end()
        self.told.close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    made: list[Service] = []

    def make(*words: str) -> Service:
        made.append(Service(tmp_path, *words))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_systemd_is_told_of_the_start_of_life_and_of_the_end(
    service: Callable[..., Service],
) -> None:
    one = service()
    assert one.hears('READY=1')
    assert one.hears('WATCHDOG=1')
    one.server.signal(signal.SIGTERM)
    assert one.hears('STOPPING=1')
    assert one.server.end() == 0


def test_a_server_that_ends_says_so_and_goes_on_answering_for_a_while(
    service: Callable[..., Service], eventually: Eventually
) -> None:
    one = service('--drain', '2')
    assert one.ask('/health/ready') == 200
    one.server.signal(signal.SIGTERM)
    eventually(lambda: one.ask('/health/ready') == 503)
    assert one.ask('/health') == 200
    assert one.ask('/health/overall') == 503
    assert one.ask('/login') == 200
    eventually(lambda: one.ask('/health/ready') == 0)
    assert one.server.end() == 0


def test_a_second_signal_does_not_wait(
    service: Callable[..., Service], eventually: Eventually
) -> None:
    one = service('--drain', '600')
    one.server.signal(signal.SIGTERM)
    eventually(lambda: one.ask('/health/ready') == 503)
    assert one.server.end() == 0  # which would kill it after half a minute


def test_the_log_is_json_with_ids_and_without_secrets(tmp_path: Path) -> None:
    server = Server(Project(tmp_path), '--log-format', 'json')
    try:
        code = re.search(r'/login/(\S+)', server.read(3))
        assert code
        answer = server.ask(
            'GET', '/login?next=/runs&password=geheim', None, {'x-request-id': 'r1'}
        )
        assert answer.headers['x-request-id'] == 'r1'
        server.ask('GET', f'/login/{code[1]}')
    finally:
        server.end()
    lines = [json.loads(line) for line in server.rest.splitlines()]
    assert {one['logger'] for one in lines} == {'liftlock.access', 'liftlock.supervisor'}
    shown = [(one['request'], one['path'], one['status']) for one in lines if 'path' in one]
    assert shown[0] == ('r1', '/login', 200)
    assert shown[1][1:] == ('/login/…', 200)
    assert 'geheim' not in server.rest
    assert code[1] not in server.rest


def test_health_tells_everybody_whether_and_those_who_are_logged_in_why(site: Site) -> None:
    told: Any = site.server.ask('GET', '/health/overall').json
    assert told['status'] == 'ok', told
    assert told['parts']['disk'] == {'state': 'ok'}
    who = {'authorization': f'Bearer {site.token}'}
    known: Any = site.server.ask('GET', '/health/overall', None, who).json
    assert known['parts']['disk']['free'] > 0
    assert set(known['parts']) >= {
        'server', 'database', 'disk', 'store', 'workers', 'deliveries', 'outbox', 'schedules',
        'supervisor',
    }  # fmt: skip
    pool: Any = site.server.ask('GET', '/health/database/pool').json
    assert pool['driver'] == 'sqlite'
    assert pool['connections']['made'] >= 1


def test_a_bucket_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.homes['LIFTLOCK_BLOBS'] = 's3://none'
    with buckets.bucket():
        server = Server(project)
        try:
            told = server.ask('GET', '/health/overall')
        finally:
            server.end()
    assert told.status == 503
    assert told.json['parts']['bucket'] == {'state': 'down'}


def test_figures_are_counted_by_route_and_told_with_a_token(site: Site) -> None:
    who = {'authorization': f'Bearer {site.token}'}
    for path in ('/runs/1', '/runs/1', '/no/such/page'):
        site.server.ask('GET', path, None, who)
    text = site.server.ask('GET', '/metrics', None, who).text
    assert re.search(
        r'duration_seconds_count\{method="GET",route="/runs/\{run:int\}",status="200"\} 2', text
    )
    assert 'route="(none)",status="404"' in text
    assert 'liftlock_runs{status="completed",conclusion="failure"} 1' in text
    names = re.findall(r'^# TYPE (\S+) ', text, re.MULTILINE)
    assert len(names) == len(set(names))
    assert all(name.startswith('liftlock_') for name in names)


def test_figures_can_be_told_to_everybody_but_nothing_else_is(tmp_path: Path) -> None:
    server = Server(Project(tmp_path), '--open-metrics')
    try:
        assert server.ask('GET', '/metrics').status == 200
        assert server.ask('GET', '/metrics-ui').status in (303, 404)
        assert server.ask('GET', '/runs').status == 303
    finally:
        server.end()
