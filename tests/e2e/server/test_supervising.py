"""A server watches over what is deployed, and leaves that to somebody when it ends."""

import http.client
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import postgres
from containers import lack
from liftlock.engine.delivery import alive, calls
from liftlock.engine.delivery.lodge import Lodge
from liftlock.errors import UserError
from liftlock.rollout.trouble import Trouble
from liftlock.targets.envoy import process
from serving import Project, Server

SETTINGS = """
environments:
  production:
    target: {process: {command: "python3 -m http.server $PORT", instances: 1}}
    strategy: {canary: {scaleDownDelaySeconds: 0, steps: [{setWeight: 50}, {pause: {}}]}}
    health_checks: [{endpoint: /, interval: 1s, healthy_threshold: 1}]
"""
GREEN = 'on: push\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: "true"}]}}\n'
Eventually = Callable[[Callable[[], object]], None]


class Shop:
    """A project of which one version is deployed, and the servers over its store."""

    def __init__(self, directory: Path, database: str = '') -> None:
        self.project = Project(directory)
        if database:
            self.project.homes |= {'LIFTLOCK_DATABASE': database, 'LIFTLOCK_GRACE': '2'}
        self.state = Path(self.project.homes['XDG_STATE_HOME'], 'liftlock')
        self.lodge = Lodge(self.state)
        self.servers: list[Server] = []
        self.project.write('liftlock.yml', SETTINGS)
        self.project.write('.github/workflows/ci.yml', GREEN)
        self.project.write('index.html', 'hello')
        self.project.git('add', '--all')
        self.project.git('commit', '--quiet', '--message', 'one')

    def serve(self) -> Server:
        server = Server(self.project)
        self.servers.append(server)
        return server

    def deploy(self) -> None:
        self.project.liftlock('run')
        told = self.project.liftlock('deploy', 'production')
        assert 'hello' in self.answers(), told

    def begin(self, text: str) -> None:
        """Have another version delivered, until it pauses."""
        self.project.write('index.html', text)
        self.project.git('commit', '--quiet', '--all', '--message', text)
        self.project.liftlock('run')
        told = self.project.liftlock('deploy', 'production')
        assert 'liftlock promote production' in told, told

    def results(self) -> list[str]:
        """Of its deployments, the newest first."""
        listed = json.loads(self.project.liftlock('deployments', 'production', '--json'))
        return [str(one['conclusion'] or one['status']) for one in listed]

    def supervisor(self) -> alive.Alive | None:
        return alive.find(self.state)

    def answers(self) -> str:
        """What a customer gets; '' while the controller does not stand yet."""
        try:
            found = calls.ask(self.lodge, {'do': 'look', 'environment': 1})
        except (UserError, calls.Silent):
            return ''
        there = urlsplit(str(found['address']))
        connection = http.client.HTTPConnection(there.netloc, timeout=10)
        try:
            connection.request('GET', '/')
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def processes(self) -> list[int]:
        """Of the application."""
        found = []
        for directory in Path('/proc').glob('[0-9]*'):
            try:
                command = (directory / 'cmdline').read_bytes()
                place = os.readlink(directory / 'cwd')  # noqa: PTH115
            except OSError:
                continue
            if b'http.server' in command and place.startswith(str(self.state)):
                found.append(int(directory.name))
        return found

    def end(self) -> None:
        for server in self.servers:
            server.kill()
        self.project.liftlock('down', 'production')
        self.project.liftlock('supervise', '--stop')


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    yield from opened(tmp_path)


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Shop]:
    """On a database that servers share."""
    yield from opened(tmp_path, postgres.shared().database())


def opened(directory: Path, database: str = '') -> Iterator[Shop]:
    try:
        process.program()
    except Trouble as trouble:
        lack(f'{trouble}. To run this: {trouble.hint}')
    shop = Shop(directory, database)
    try:
        yield shop
    finally:
        shop.end()


def resident(shop: Shop) -> int:
    """The process of the server that has the role, or 0."""
    found = shop.supervisor()
    return found.pid if found is not None and found.resident else 0


def test_a_server_takes_the_role_over_and_leaves_it_to_somebody_at_its_end(
    shop: Shop, eventually: Eventually
) -> None:
    shop.deploy()
    detached, running = shop.supervisor(), shop.processes()
    assert detached is not None
    assert not detached.resident
    server = shop.serve()
    eventually(lambda: resident(shop) == server.pid)
    eventually(lambda: 'hello' in shop.answers())
    assert shop.processes() == running, 'the application goes on'

    os.kill(running[0], signal.SIGKILL)
    eventually(lambda: shop.processes() not in ([], running))
    eventually(lambda: 'hello' in shop.answers())

    again = shop.processes()
    server.end()
    after = shop.supervisor()
    assert after is not None
    assert (after.resident, after.pid == detached.pid) == (False, False)
    assert shop.processes() == again


def test_what_a_killed_server_watched_over_goes_on_under_the_next(
    shop: Shop, eventually: Eventually
) -> None:
    first = shop.serve()
    eventually(lambda: resident(shop) == first.pid)
    shop.deploy()
    assert resident(shop) == first.pid, 'deploying from a terminal has started no other one'
    running = shop.processes()
    first.kill()
    second = shop.serve()
    eventually(lambda: resident(shop) == second.pid)
    eventually(lambda: 'hello' in shop.answers())
    assert shop.processes() == running


def test_a_second_server_stands_by(shop: Shop, eventually: Eventually) -> None:
    first = shop.serve()
    eventually(lambda: resident(shop) == first.pid)
    second = shop.serve()
    assert resident(shop) == first.pid
    with pytest.raises(UserError, match=f'the server .process {first.pid}'):
        alive.stop(shop.state)
    first.kill()
    eventually(lambda: resident(shop) == second.pid)
    second.end()
    assert shop.supervisor() is None, 'nothing is deployed: nobody has to stay'


def test_of_servers_that_share_a_database_one_is_elected_and_the_next_goes_on_with_a_canary(
    shared: Shop, eventually: Eventually
) -> None:
    first = shared.serve()
    eventually(lambda: resident(shared) == first.pid)
    second = shared.serve()
    shared.deploy()
    shared.begin('hello again')
    running = shared.processes()
    assert len(running) == 2
    # On a machine that is very busy the first may have been taken for dead.
    eventually(lambda: resident(shared))
    elected, other = (first, second) if resident(shared) == first.pid else (second, first)
    elected.kill()
    eventually(lambda: resident(shared) == other.pid)
    eventually(lambda: 'hello' in shared.answers())
    assert shared.processes() == running
    assert shared.results() == ['paused', 'success']
    told = shared.project.liftlock('promote', 'octo/shop:production')
    assert shared.results() == ['success', 'success'], told
    assert shared.answers() == 'hello again'
