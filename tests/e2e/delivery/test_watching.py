"""What people see of a real environment: status, its history, and what its instances say."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from containers import lack
from e2e.cli.conftest import Project
from liftlock.engine.delivery.lodge import Lodge
from liftlock.rollout.trouble import Trouble
from liftlock.targets.envoy import process

LONG: Final = 60.0
APPLICATION: Final = """
import http.server, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'hello')

    def log_message(self, *words):
        print(self.path, 'with', os.environ['TOKEN'], flush=True)

print('begins', flush=True)
address = '127.0.0.1', int(os.environ['PORT'])
http.server.ThreadingHTTPServer(address, Handler).serve_forever()
"""
SETTINGS: Final = """
environments:
  production:
    target: {process: {command: python3 app.py, instances: 1}}
    secrets: [TOKEN]
    health_checks: [{endpoint: /health, interval: 1s}]
  later:
    target: {process: {command: python3 app.py}}
"""
WORKFLOW: Final = 'on: push\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: "true"}]}}\n'


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    try:
        process.program()
    except Trouble as trouble:
        lack(f'{trouble}. To run this: {trouble.hint}')
    made = Project(tmp_path)
    made.write('app.py', APPLICATION)
    made.write('liftlock.yml', SETTINGS)
    made.workflow(WORKFLOW)
    yield made
    made.liftlock('down', 'production')
    made.liftlock('supervise', '--stop')


def wait_for(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + LONG
    while not (found := condition()):
        assert time.monotonic() < deadline, 'it did not happen in time'
        time.sleep(0.05)
    return found


def deploy(project: Project) -> None:
    assert project.liftlock('run').status == 0
    (project.directory.parent / 'token').write_text('hunter2hunter2')
    words = ('secret', 'set', 'TOKEN', '--env', 'production', '--from-file', '../token')
    kept = project.liftlock(*words)
    assert kept.status == 0, kept.err
    done = project.liftlock('deploy', 'production')
    assert done.status == 0, done.err


def status(project: Project) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(project.liftlock('status', 'production', '--json').out)
    return told


def running(project: Project) -> list[dict[str, Any]]:
    return [one for one in status(project)['instances'] if one['alive']]


def test_an_environment_is_watched_while_it_lives_and_dies(project: Project) -> None:
    deploy(project)
    told = status(project)
    assert (told['state'], told['healthy'], told['watched']) == ('healthy', True, True)
    (instance,) = told['instances']
    assert (instance['id'], instance['revision'], instance['alive']) == ('r1-1', 'r1', True)
    grid = project.liftlock('status').out.splitlines()
    assert [line.split()[:2] for line in grid[1:]] == [['✓', 'production'], ['·', 'later']]
    assert '1/1' in grid[1]

    words = wait_for(lambda: project.liftlock('logs', 'production', '--grep', '/health').out)
    assert words.startswith('r1-1 | /health with ***\n'), 'secrets are hidden'
    assert 'hunter2' not in words
    assert project.liftlock('logs', 'production', '--previous').out == ''
    with project.start('logs', 'production', '--follow') as following:
        assert following.stdout is not None
        lines = [following.stdout.readline() for _ in range(4)]
        following.send_signal(signal.SIGINT)
        assert following.wait() == 130
    assert lines[0] == 'r1-1 | begins\n'

    os.kill(instance['pid'], signal.SIGKILL)
    again = wait_for(lambda: [one for one in running(project) if one['restarts']])
    assert again[0]['pid'] != instance['pid']
    wait_for(lambda: 'begins' in project.liftlock('logs', 'production', '--previous').out)

    (one,) = json.loads(project.liftlock('deployments', '--json').out)
    assert (one['environment'], one['conclusion']) == ('production', 'success')
    assert one['took'] > 0

    state = Path(project.homes['XDG_STATE_HOME']) / 'liftlock'
    os.kill(Lodge(state).holder(), signal.SIGKILL)
    wait_for(lambda: not status(project)['watched'])
    assert 'Nobody watches over what runs there.' in project.liftlock('status').out
    assert project.liftlock('supervise').status == 0
    kept = wait_for(lambda: running(project))
    assert kept[0]['pid'] == again[0]['pid'], 'it is adopted'


def test_what_is_no_environment_is_told(project: Project) -> None:
    told = project.liftlock('status', 'production')
    assert told.status == 2
    assert 'nothing was ever deployed to an environment "production"' in told.err
    assert 'is no run' in project.liftlock('logs', 'production').err
    assert project.liftlock('deployments').out.startswith('Nothing was deployed yet')
    assert project.liftlock('status', '--watch').err.startswith(
        'liftlock: --watch needs a terminal'
    )
    grid = project.liftlock('status').out
    assert grid.splitlines()[1].split() == ['·', 'production', '-', '-']
