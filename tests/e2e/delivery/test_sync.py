"""Environments that follow git by themselves: real runs, processes and a real supervisor."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from containers import lack
from e2e.cli.conftest import Ended, Project
from liftlock.rollout.trouble import Trouble
from liftlock.targets.envoy import process

LONG: Final = 60.0
APPLICATION: Final = """
import http.server, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words):
        pass

address = '127.0.0.1', int(os.environ['PORT'])
http.server.ThreadingHTTPServer(address, Handler).serve_forever()
"""
SETTINGS: Final = """
environments:
  staging:
    on: {branches: [main]}
    target: {process: {command: python3 app.py, prepare: sh prepare, grace: 1s}}
    strategy: {blueGreen: {scaleDownDelaySeconds: 0, abortScaleDownDelaySeconds: 0}}
    health_checks: [{endpoint: /, interval: 1s, healthy_threshold: 1}]
    sync: {automated: {}, retry: {limit: 3, backoff: {duration: 1s, maxDuration: 2s}}}
  production:
    on: {tags: ["v*"]}
    needs: [staging]
    target: {process: {command: python3 app.py, grace: 1s}}
    health_checks: [{endpoint: /, interval: 1s, healthy_threshold: 1}]
"""
WORKFLOW: Final = """
on: push
jobs:
  test: {runs-on: ubuntu-latest, steps: [{uses: actions/checkout@v4}, {run: sh check}]}
"""


class Shop:
    """A repository whose staging follows `main`."""

    def __init__(self, project: Project) -> None:
        self.project = project
        project.write('app.py', APPLICATION)
        project.write('liftlock.yml', SETTINGS)
        project.write('check', 'true\n')
        project.write('prepare', 'true\n')
        project.workflow(WORKFLOW)

    def commit(self, **files: str) -> str:
        for path, text in files.items():
            self.project.write(path, text)
        self.project.write('changed', str(time.monotonic()))
        self.project.commit('Change something')
        return self.head()

    def head(self) -> str:
        words = ('git', 'rev-parse', 'HEAD')
        cwd = self.project.directory
        return subprocess.run(
            words, cwd=cwd, check=True, capture_output=True, text=True
        ).stdout.strip()

    def say(self, *words: str, status: int = 0) -> Ended:
        done = self.project.liftlock(*words)
        assert done.status == status, (done.out, done.err)
        return done

    def status(self, name: str = 'staging') -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.say('status', name, '--json').out)
        return told

    def runs(self) -> str:
        """The commit that has succeeded last."""
        return str((self.status()['version'] or {}).get('commit', ''))

    def deployments(self) -> list[dict[str, Any]]:
        """Newest first."""
        told: list[dict[str, Any]] = json.loads(self.say('deployments', 'staging', '--json').out)
        return told


@pytest.fixture
def shop(project: Project) -> Iterator[Shop]:
    try:
        process.program()
    except Trouble as trouble:
        lack(f'{trouble}. To run this: {trouble.hint}')
    yield Shop(project)
    for name in ('staging', 'production'):
        project.liftlock('down', name)
    project.liftlock('supervise', '--stop')


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def wait_for(condition: Callable[[], Any], told: Callable[[], Any] = lambda: '') -> Any:
    deadline = time.monotonic() + LONG
    while not (found := condition()):
        assert time.monotonic() < deadline, f'it did not happen in time: {told()}'
        time.sleep(0.1)
    return found


def until_drift(shop: Shop, text: str) -> str:
    return str(wait_for(lambda: text in (drift := shop.status()['drift']) and drift, shop.status))


def test_green_commits_are_deployed_and_red_ones_are_not_and_a_rollback_holds(shop: Shop) -> None:
    assert 'runs  nothing yet' in shop.say('sync', '--dry-run', 'staging', status=1).out
    run = shop.say('run')
    assert 'liftlock deploy staging' in run.out
    shop.say('sync', 'staging')
    first = shop.head()
    assert shop.runs() == first
    shop.say('sync', 'staging', '--dry-run')

    second = shop.commit()
    told = until_drift(shop, 'has no green run yet')
    assert told.startswith(second[:7])
    shop.say('run')
    wait_for(lambda: shop.runs() == second, shop.status)
    wait_for(lambda: not shop.status()['drift'], shop.status)
    newest = shop.deployments()[0]
    assert (newest['kind'], newest['by'], newest['conclusion']) == ('sync', 'liftlock', 'success')

    red = shop.commit(check='false\n')
    shop.say('run', status=1)
    until_drift(shop, 'failure')
    assert shop.runs() == second

    shop.say('rollback', 'staging')
    assert shop.runs() == first
    fourth = shop.commit(check='true\n')
    shop.say('run')
    until_drift(shop, f'git says {fourth[:7]}')
    assert 'has rolled back' in shop.status()['drift']
    shown = shop.say('sync', 'staging', '--dry-run', status=1).out
    assert 'held by' in shown
    assert '3 commits in between' in shown
    assert red[:7] in shown
    assert shop.runs() == first

    shop.say('deploy', 'staging')
    assert shop.runs() == fourth
    fifth = shop.commit()
    shop.say('run')
    wait_for(lambda: shop.runs() == fifth, shop.status)


def test_a_place_that_is_at_fault_is_tried_again(shop: Shop, tmp_path: Path) -> None:
    shop.say('run')
    shop.say('deploy', 'staging')
    second = shop.commit(prepare=f'test -e {tmp_path}/ready\n')
    shop.say('run')

    def failures() -> list[dict[str, Any]]:
        return [one for one in shop.deployments() if one['conclusion'] == 'failure']

    wait_for(lambda: len(failures()) >= 2, shop.deployments)
    (tmp_path / 'ready').touch()
    wait_for(lambda: shop.runs() == second, shop.deployments)
    assert 'retry' in shop.deployments()[0]['reason']


def test_what_fails_by_itself_is_tried_once_and_by_hand_again(shop: Shop) -> None:
    shop.say('run')
    shop.say('deploy', 'staging')
    first = shop.head()
    shop.commit(**{'app.py': 'raise SystemExit(1)'})
    shop.say('run')
    until_drift(shop, 'was taken back')
    assert [one['conclusion'] for one in shop.deployments()] == ['failure', 'success']
    assert shop.runs() == first
    shop.say('retry', 'staging', status=1)
    assert shop.deployments()[0]['reason'] == 'retry of #2'


def test_what_changes_in_the_settings_is_shown(shop: Shop) -> None:
    shop.say('run')
    shop.say('deploy', 'staging')
    shop.commit(**{'liftlock.yml': SETTINGS.replace('grace: 1s', 'grace: 2s')})
    assert 'has no green run yet' in shop.say('sync', 'staging', '--dry-run', status=1).out
    shop.say('supervise', '--stop')  # who would deploy it
    shop.say('run')
    told = json.loads(shop.say('sync', 'staging', '--dry-run', '--json', status=1).out)
    assert not told['in_sync']
    assert told['total'] == 1
    ((title, lines),) = told['changes'].items()
    assert title == 'liftlock.yml, as far as it concerns staging'
    assert [line[:1] for line in lines if line[:1] in '+-'] == ['-', '+']


def test_drift_of_instances_is_shown_until_they_are_back(shop: Shop, tmp_path: Path) -> None:
    ill = tmp_path / 'ill'
    shop.commit(**{'app.py': f'import os\nassert not os.path.exists("{ill}")\n{APPLICATION}'})
    shop.say('run')
    shop.say('deploy', 'staging')
    (instance,) = shop.status()['instances']
    ill.touch()
    os.kill(instance['pid'], signal.SIGKILL)
    until_drift(shop, '(r1): 1 wanted, 0 running')
    assert shop.status()['sync'] == 'out of sync'
    ill.unlink()
    wait_for(lambda: shop.status()['sync'] == 'in sync', shop.status)
    assert len(shop.deployments()) == 1


def test_a_green_run_is_deployed_wherever_its_ref_goes(shop: Shop) -> None:
    shop.project.git('tag', 'v1')
    done = shop.say('run', '--deploy')
    assert 'staging' in done.out
    assert shop.status('staging')['version']['commit'] == shop.head()
    assert shop.project.liftlock('status', 'production', '--json').status != 0, 'not yet'
    done = shop.say('run', '--deploy', '--ref', 'refs/tags/v1')
    assert shop.status('production')['version']['name'] == 'v1'
