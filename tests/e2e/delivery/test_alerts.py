"""Who is told when something that was deployed is not well any more."""

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from containers import lack
from e2e.cli.conftest import Project
from liftlock.rollout.trouble import Trouble
from liftlock.targets.envoy import process

APPLICATION = """
import http.server, os, pathlib

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if pathlib.Path(os.environ['SICK']).exists() else 200)
        self.end_headers()

    def log_message(self, *words):
        pass

address = '127.0.0.1', int(os.environ['PORT'])
http.server.ThreadingHTTPServer(address, Handler).serve_forever()
"""
SETTINGS = """
app: shop
environments:
  production:
    target: {{process: {{command: python3 app.py}}}}
    env: {{SICK: '{sick}'}}
    health_checks: [{{endpoint: /, interval: 1s, healthy_threshold: 1, unhealthy_threshold: 1}}]
alerts:
  - {{name: Shop is down, condition: unhealthy, severity: critical, notify: [webhook]}}
notify:
  webhook: {{url: '{url}', secret: 'secret:HOOK_KEY'}}
"""
WORKFLOW = 'on: push\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: "true"}]}}\n'
Eventually = Callable[[Callable[[], object]], None]


class Channel:
    """What is told, and by whom it was signed. Whoever comes first finds it busy."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.refused = 0
        channel = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers['content-length']))
                busy = not channel.refused
                channel.refused += busy
                if not busy:
                    channel.told.append({**json.loads(body), 'signed': self.headers[SIGNATURE]})
                self.send_response(503 if busy else 204)
                self.end_headers()

            def log_message(self, *words: object) -> None: ...

        self._server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self._server.server_address[1]}/hook'
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


SIGNATURE = 'X-Hub-Signature-256'


@pytest.fixture
def channel() -> Iterator[Channel]:
    channel = Channel()
    yield channel
    channel.close()


@pytest.fixture
def project(tmp_path: Path, channel: Channel) -> Iterator[Project]:
    try:
        process.program()
    except Trouble as trouble:
        lack(f'{trouble}. To run this: {trouble.hint}')
    made = Project(tmp_path)
    made.write('app.py', APPLICATION)
    made.write('liftlock.yml', SETTINGS.format(sick=tmp_path / 'sick', url=channel.url))
    made.workflow(WORKFLOW)
    assert made.liftlock('run').status == 0
    (tmp_path / 'key').write_text('sesame')
    assert made.liftlock('secret', 'set', 'HOOK_KEY', '--from-file', '../key').status == 0
    yield made
    made.liftlock('down', 'production')
    made.liftlock('supervise', '--stop')


def eventually(check: Callable[[], object]) -> None:
    end = time.monotonic() + 40
    while not check():
        assert time.monotonic() < end, 'it never came true'
        time.sleep(0.1)


def test_people_hear_that_it_is_down_and_that_it_is_well_again(
    project: Project, channel: Channel, tmp_path: Path
) -> None:
    def status() -> dict[str, Any]:
        told: dict[str, Any] = json.loads(project.liftlock('status', 'production', '--json').out)
        return told

    done = project.liftlock('deploy', 'production')
    assert done.status == 0, done.err
    assert status()['alerts'] == []

    (tmp_path / 'sick').touch()
    eventually(lambda: channel.told)
    (raised,) = channel.told
    assert (raised['action'], raised['title']) == ('raised', 'Shop is down (shop/production)')
    assert (raised['severity'], channel.refused) == ('critical', 1), 'it was tried again'
    assert raised['signed'].startswith('sha256=')
    (alert,) = status()['alerts']
    assert (alert['alert'], alert['severity']) == ('Shop is down', 'critical')
    assert 'alert: Shop is down' in project.liftlock('status', 'production').out

    assert project.liftlock('supervise', '--stop').status == 0
    (tmp_path / 'sick').unlink()
    assert project.liftlock('supervise').status == 0
    eventually(lambda: len(channel.told) == 2)
    cleared = channel.told[1]
    assert (cleared['action'], cleared['key']) == ('cleared', raised['key'])
    assert status()['alerts'] == []
