"""Buildbot 4, the peer of `bench.server`: a master and a worker on this machine, driven by REST.

Both come from PyPI, once, into a virtual environment in the cache directory.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.http import Client, memory, wait_for

PIN: Final = '>=4.3,<5'
SLOTS: Final = 4
_CONFIG: Final = """
from buildbot.plugins import *
c = BuildmasterConfig = {{}}
c['workers'] = [worker.Worker('bench', 'secret', max_builds={slots})]
c['protocols'] = {{'pb': {{'port': 'tcp:{pb}:interface=127.0.0.1'}}}}
c['www'] = {{'port': 'tcp:{port}:interface=127.0.0.1', 'plugins': {{}}}}
c['buildbotURL'] = 'http://127.0.0.1:{port}/'
c['buildbotNetUsageData'] = None
c['collapseRequests'] = False
c['db'] = {{'db_url': 'sqlite:///state.sqlite'}}
def steps(*commands):
    made = util.BuildFactory()
    for command in commands:
        made.addStep(steps_of.ShellCommand(command=command))
    return made
from buildbot.plugins import steps as steps_of
works = {{'noop': ['true'], 'fifty': ['true'] * 50, 'loud': [{loud!r}]}}
c['builders'] = [
    util.BuilderConfig(name=name, workernames=['bench'], factory=steps(*commands))
    for name, commands in works.items()
]
c['schedulers'] = [
    schedulers.ForceScheduler(name='force-' + name, builderNames=[name]) for name in works
]
"""


def fetch() -> Path:
    """The directory of its programs; installed once."""
    home = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
    place = Path(home, 'liftlock-bench', 'buildbot-4')
    if not (place / 'bin/buildbot').exists():
        subprocess.run((sys.executable, '-m', 'venv', str(place)), check=True)
        names = [f'{name}{PIN}' for name in ('buildbot', 'buildbot-www', 'buildbot-worker')]
        words = (str(place / 'bin/pip'), 'install', '--quiet', *names, 'setuptools')
        subprocess.run(words, check=True)
    return place / 'bin'


def version(programs: Path) -> str:
    said = subprocess.run(
        (programs / 'buildbot', '--version'), capture_output=True, text=True, check=True
    ).stdout
    return said.split('\n')[0].rpartition(' ')[2]


class Buildbot:
    """Answers the same questions as `bench.ours.Liftlock`."""

    name = 'buildbot'

    def __init__(self, directory: Path, programs: Path, loud: str) -> None:
        self.directory = directory
        self._programs = programs
        self._port = free_port()
        pb = free_port()
        self._run('buildbot', 'create-master', '--no-logrotate', 'master')
        config = _CONFIG.format(port=self._port, pb=pb, slots=SLOTS, loud=loud)
        (directory / 'master/master.cfg').write_text(config)
        place = f'127.0.0.1:{pb}'
        self._run('buildbot-worker', 'create-worker', 'worker', place, 'bench', 'secret')
        self.client = Client(f'127.0.0.1:{self._port}')
        self._ids: dict[str, int] = {}
        self._numbers = 0

    def _run(self, program: str, *words: str) -> None:
        subprocess.run(
            (self._programs / program, *words), cwd=self.directory, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

    @contextmanager
    def serving(self) -> Iterator[float]:
        """Seconds until it answered."""
        with self._started('buildbot', 'master') as master:
            took = wait_for(self.client, '/', master)
            self._master = master.pid
            with self._started('buildbot-worker', 'worker'):
                self._wait_for_worker()
                yield took

    @contextmanager
    def _started(self, program: str, what: str) -> Iterator['subprocess.Popen[bytes]']:
        words = (self._programs / program, 'start', '--nodaemon', what)
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(
            words, cwd=self.directory, stdin=quiet, stdout=quiet, stderr=quiet,
            env={**os.environ, 'PYTHONDONTWRITEBYTECODE': ''},
        )  # fmt: skip
        try:
            yield process
        finally:
            self.client.close()
            process.terminate()
            process.wait(30)

    @contextmanager
    def started(self) -> Iterator[float]:
        """The master alone, until it answers."""
        with self._started('buildbot', 'master') as master:
            yield wait_for(self.client, '/', master)

    def _wait_for_worker(self) -> None:
        until = time.monotonic() + 30
        while True:
            workers = self._get('/api/v2/workers')['workers']
            if workers and workers[0]['connected_to']:
                break
            if time.monotonic() > until:
                raise SystemExit('the worker of Buildbot does not connect')
            time.sleep(0.05)
        builders = self._get('/api/v2/builders')['builders']
        self._ids = {one['name']: one['builderid'] for one in builders}

    def _get(self, path: str) -> Any:
        return json.loads(self.client.get(path))

    def memory(self) -> int:
        return memory(self._master)

    def begin(self, work: str) -> int:
        """Ask for a build; the number of the request."""
        self._numbers += 1
        asked = {
            'jsonrpc': '2.0', 'method': 'force', 'id': self._numbers,
            'params': {'builderid': str(self._ids[work]), 'reason': 'bench'},
        }  # fmt: skip
        answer = json.loads(self.client.post(f'/api/v2/forceschedulers/force-{work}', asked))
        return int(next(iter(answer['result'][1].values())))

    def is_done(self, request: int) -> bool:
        found = self._get(f'/api/v2/buildrequests/{request}')['buildrequests'][0]
        return bool(found['complete'])

    def all_done(self, requests: list[int]) -> bool:
        """One question for all of them."""
        path = f'/api/v2/buildrequests?complete=0&buildrequestid__ge={min(requests)}&limit=1'
        return not self._get(path)['buildrequests']

    def log_paths(self, request: int) -> tuple[str, str]:
        """Of a window of 500 lines in the middle, and of the whole."""
        builds = self._get(f'/api/v2/buildrequests/{request}/builds')['builds']
        build = builds[0]['buildid']
        steps = self._get(f'/api/v2/builds/{build}/steps')['steps']
        log = self._get(f'/api/v2/steps/{steps[-1]["stepid"]}/logs')['logs'][0]['logid']
        window = f'/api/v2/logs/{log}/contents?offset=50000&limit=500'
        return window, f'/api/v2/logs/{log}/raw'


def free_port() -> int:
    with socket.socket() as found:
        found.bind(('127.0.0.1', 0))
        return int(found.getsockname()[1])
