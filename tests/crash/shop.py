"""A repository whose application is delivered for real, and a supervisor that dies.

A plan says where supervisors die, one life a line: `write 5 after` (see death.py).
"""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from containers import lack
from crash.death import DEATH
from liftlock.rollout.trouble import Trouble
from liftlock.targets.envoy import process as envoy
from liftlock.targets.process import ground, ownership, procfs

ROOT: Final = Path(__file__).parents[2]
APPLICATION: Final = ROOT / 'tests' / 'places' / 'application.py'
PATIENCE: Final = 90.0  # seconds, on a busy machine

WORKFLOW: Final = """
name: CI
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps: [{run: 'true'}]
"""

SETTINGS: Final = """
app: shop
environments:
  direct:
    strategy: direct
<<COMMON>>
  rolling:
    strategy: {rolling: {maxUnavailable: 0, maxSurge: 1}}
<<COMMON>>
  bluegreen:
    strategy:
      blueGreen:
        prePromotionAnalysis: smoke
        postPromotionAnalysis: errors
        scaleDownDelaySeconds: 1
        abortScaleDownDelaySeconds: 1
    hooks:
      before: <<HOOK>> before
      before_switch: <<HOOK>> before_switch
      after: <<HOOK>> after
      after_rollback: <<HOOK>> after_rollback
<<COMMON>>
  canary:
    strategy:
      canary:
        analysis: [errors]
        scaleDownDelaySeconds: 1
        abortScaleDownDelaySeconds: 1
        steps: [{setWeight: 10}, {pause: {duration: 1s}}, {setWeight: 50}, {analysis: again}]
<<COMMON>>
  gated:
    strategy:
      canary:
        scaleDownDelaySeconds: 1
        abortScaleDownDelaySeconds: 1
        steps: [{setWeight: 20}, {pause: {}}, {setWeight: 60}, {pause: {}}]
<<COMMON>>
  timed:
    strategy:
      canary:
        scaleDownDelaySeconds: 1
        abortScaleDownDelaySeconds: 1
        steps: [{setWeight: 20}, {pause: {duration: 10s}}]
<<COMMON>>
"""
COMMON: Final = """
    target:
      process:
        command: <<PYTHON>> app.py
        instances: 2
        grace: 5s
        env: {START: '0.1', <<CONDUCT>>}
    env: {COUNTS: <<COUNTS>>}
    health_checks:
      - {endpoint: /health, interval: 1s, timeout: 5s, healthy_threshold: 1,
         unhealthy_threshold: 3}
    progressDeadlineSeconds: 60
    analysis:
      smoke: {command: 'test "$LOOKS" != bad', env: {LOOKS: <<LOOKS>>}}
      errors: {metric: error_rate, failure: '> 20%', interval: 1s, min_requests: 10,
               count: 2}
      again: {metric: error_rate, failure: '> 20%', interval: 1s, count: 1, min_requests: 10}
"""


def hook(counts: Path) -> str:
    """What `hook NAME` runs: it says when it begins and when it ends, and lasts for a moment."""
    return (
        '#!/bin/sh\n'
        f'echo "begin $VERSION $REVISION" >> {counts}/$1\n'
        'sleep 0.2\n'
        f'while [ -e {counts.parent}/stay ]; do sleep 0.05; done\n'
        f'echo "end $VERSION $REVISION" >> {counts}/$1\n'
    )


class Told(NamedTuple):
    status: int
    said: str


class Shop:
    """Its versions are tags; each has run, and is green."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.repository = directory / 'repository'
        self.state = directory / 'state'
        self.counts = directory / 'counts'
        self.plan = directory / 'plan'
        self.trace = directory / 'trace'
        for place in (self.repository, self.counts, directory / 'early'):
            place.mkdir(parents=True)
        self.infect('')
        self.plan.touch()
        self.trace.touch()
        self.env = {
            'PATH': os.environ['PATH'],
            'HOME': str(directory),
            'PYTHONPATH': f'{directory / "early"}:{ROOT / "src"}',
            'GIT_CONFIG_GLOBAL': '/dev/null',
            'LIFTLOCK_STATE': str(self.state),
            'DEATHS': str(self.plan),
            'TRACE': str(self.trace),
            'PYTHONDONTWRITEBYTECODE': '1',  # or modules would be renamed, too
        }
        self.made = 0  # versions
        self._git('init', '--quiet', '--initial-branch=main')
        self._write('.github/workflows/ci.yml', WORKFLOW)
        self._write('app.py', APPLICATION.read_text())
        script = directory / 'hook'
        script.write_text(hook(self.counts))
        script.chmod(0o755)

    def infect(self, code: str) -> None:
        """Every process that is started from now on runs this first."""
        (self.directory / 'early' / 'sitecustomize.py').write_text(DEATH + code)

    # --- versions

    def version(self, name: str, conduct: str = 'A: b', looks: str = 'good') -> None:
        """Write it, commit it, run its workflow. `conduct` is told to the application, `looks` to
        the smoke test."""
        common = (
            COMMON.replace('<<PYTHON>>', sys.executable)
            .replace('<<COUNTS>>', str(self.counts))
            .replace('<<CONDUCT>>', conduct)
            .replace('<<LOOKS>>', looks)
        )
        text = SETTINGS.replace('<<COMMON>>', common)
        text = text.replace('<<HOOK>>', str(self.directory / 'hook'))
        self._write('liftlock.yml', text)
        self._write('version', name)
        self._git('add', '--all')
        self._git('commit', '--quiet', '--message', name)
        self._git('tag', name)
        status, said = self.run('run')
        assert status == 0, said
        self.made += 1

    def _git(self, *words: str) -> None:
        who = ('-c', 'user.name=Ada', '-c', 'user.email=ada@localhost')
        subprocess.run(('git', *who, *words), cwd=self.repository, check=True, env=self.env)

    def _write(self, path: str, text: str) -> None:
        file = self.repository / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    # --- commands

    def start(self, *words: str, limit: int = 0, **env: str) -> 'subprocess.Popen[str]':
        """`limit`: no file that it writes can be larger, as if the disk were full."""
        command = [sys.executable, '-m', 'liftlock', *words]
        if limit:
            command = [
                'sh',
                '-c',
                f'trap "" XFSZ; ulimit -f {limit // 512}; exec "$@"',
                *'_',
                *command,
            ]
        return subprocess.Popen(
            command,
            cwd=self.repository,
            env={**self.env, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *words: str, **env: str) -> Told:
        with self.start(*words, **env) as child:
            try:
                said, _ = child.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                child.kill()
                said, _ = child.communicate()
                raise AssertionError(f'{words} hangs:\n{said}\n{self.log()}') from None
        return Told(child.returncode, said)

    def die(self, *deaths: str) -> None:
        """The supervisors that are started from now on die there, one after the other."""
        self.stop()
        self.plan.write_text('\n'.join(deaths))
        self.trace.write_text('')

    @property
    def deaths(self) -> list[str]:
        """Where somebody died: kind, count, and what it was about to do or had done."""
        lines = self.trace.read_text().splitlines()
        return [line.split(' ', 1)[1].removesuffix(' DIES') for line in lines if 'DIES' in line]

    @property
    def points(self) -> list[str]:
        """Where a supervisor could have died since `die`."""
        rows = (line.split(' ') for line in self.trace.read_text().splitlines())
        return [' '.join(row[1:4] if row[1] == 'write' else row[1:3]) for row in rows]

    def stop(self) -> None:
        told = self.run('supervise', '--stop')
        assert told.status == 0, told.said

    def supervisor(self) -> int:
        """Its pid, or who was it last."""
        try:
            text = (self.state / 'delivery' / 'supervisor.lock').read_text()
            return int(json.loads(text)['pid'])
        except (OSError, ValueError, KeyError):
            return 0

    def log(self) -> str:
        with contextlib.suppress(OSError):
            return (self.state / 'delivery' / 'supervisor.log').read_text()[-4000:]
        return ''

    # --- what became of it

    def facts(self, environment: str) -> list[dict[str, Any]]:
        """With `seq` and `at`; after a kill, only a writer sees all that was committed."""
        query = (
            'SELECT seq, at, body FROM deployment_facts JOIN environments ON id = environment '
            'WHERE name = ? ORDER BY seq'
        )
        rows = self.rows(query, environment)
        return [{**json.loads(body), 'seq': seq, 'at': at} for seq, at, body in rows]

    def rows(self, query: str, *given: object) -> list[Any]:
        uri = f'file:{self.state}/liftlock.db?mode=rw'
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=30)) as sql:
            return sql.execute(query, given).fetchall()

    def conclusions(self, environment: str) -> dict[int, list[str]]:
        """All that were ever said, by deployment."""
        found: dict[int, list[str]] = {}
        for fact in self.facts(environment):
            if fact['kind'] == 'DeploymentFinished':
                found.setdefault(fact['number'], []).append(fact['conclusion'])
        return found

    def ends(self, environment: str) -> list[str]:
        return [one for several in self.conclusions(environment).values() for one in several]

    def stable(self, environment: str) -> tuple[str, str]:
        """The revision that should run, and its version."""
        facts = self.facts(environment)
        good = [
            one['number']
            for one in facts
            if one['kind'] == 'DeploymentFinished' and one['conclusion'] == 'success'
        ]
        started = [
            one['revision']
            for one in facts
            if one['kind'] == 'DeploymentStarted' and one['number'] == good[-1]
        ]
        query = (
            'SELECT version FROM deployments JOIN environments ON id = environment '
            'WHERE name = ? AND number = ?'
        )
        ((version,),) = self.rows(query, environment, good[-1])
        return started[-1], version

    def last(self, environment: str) -> int:
        return max(
            (one['number'] for one in self.facts(environment)
             if one['kind'] == 'DeploymentRequested'), default=0,
        )  # fmt: skip

    def status(self, environment: str) -> dict[str, Any]:
        told = self.run('status', environment, '--json')
        found: dict[str, Any] = json.loads(told.said)
        return found

    def address(self, environment: str) -> str:
        ports = json.loads((self.place(environment) / 'ports.json').read_text())
        return f'http://127.0.0.1:{ports["listen"]}'

    def place(self, environment: str) -> Path:
        ((number,),) = self.rows('SELECT id FROM environments WHERE name = ?', environment)
        return self.state / 'delivery' / str(number)

    def running(self, environment: str) -> Counter[str]:
        """Instances as the kernel has them, by revision."""
        marks = ground.places(self.place(environment)).marks
        found = set(procfs.marked(lambda mark: mark.startswith(marks)).values())
        return Counter(mark.removeprefix(marks).split('-')[0] for mark in found)

    def hooks(self) -> Counter[str]:
        """How often each began, by name, version and revision."""
        found: Counter[str] = Counter()
        for file in self.counts.iterdir():
            for line in file.read_text().splitlines():
                word, rest = line.split(' ', 1)
                if word == 'begin':
                    found[f'{file.name} {rest}'] += 1
        return found

    # --- the end

    def clear(self) -> None:
        """Nothing of it runs any more."""
        self.plan.write_text('')
        with contextlib.suppress(AssertionError):
            self.stop()
        pid = self.supervisor()
        with contextlib.suppress(OSError):
            if pid and b'supervise' in Path(f'/proc/{pid}/cmdline').read_bytes():
                os.kill(pid, signal.SIGKILL)
        for place in (self.state / 'delivery').glob('[0-9]*'):
            ownership.clear(ground.places(place).marks)
        running = envoy.find(self.state / 'delivery' / 'router')
        if running is not None:
            os.kill(running.pid, signal.SIGKILL)


def until(truth: Callable[[], object], what: Callable[[], object], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end, what()
        time.sleep(0.05)


@contextlib.contextmanager
def opened(directory: Path) -> Iterator[Shop]:
    """Nothing of it stays. Skips where there is no Envoy."""
    try:
        envoy.program()
    except Trouble as trouble:
        lack(f'{trouble}. To run this: {trouble.hint}')
    shop = Shop(directory)
    try:
        yield shop
    finally:
        shop.clear()
