"""`kill -9` at any instant, then `liftlock resume`: the run ends as it would have."""

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

SRC = Path(__file__).parents[2] / 'src'
PATIENCE = 30.0

WORKFLOW = """
name: Crash
on: push
jobs:
  first:
    runs-on: ubuntu-latest
    outputs: {word: "${{ steps.say.outputs.word }}"}
    steps:
      - run: echo begin >> $COUNTS/first; sleep 0.05
      - {id: say, run: 'echo word=hello >> $GITHUB_OUTPUT; echo end >> $COUNTS/first'}
  legs:
    needs: first
    runs-on: ubuntu-latest
    strategy: {matrix: {n: [0, 1]}}
    steps:
      - run: echo begin >> $COUNTS/legs-${{ matrix.n }}; sleep 0.05
      - run: |
          echo ${{ needs.first.outputs.word }} ${{ matrix.n }} > out
          echo end >> $COUNTS/legs-${{ matrix.n }}
  fails:
    needs: first
    runs-on: ubuntu-latest
    steps: [{run: echo begin >> $COUNTS/fails; exit 3}]
  last:
    needs: [legs, fails]
    if: ${{ !cancelled() }}
    runs-on: ubuntu-latest
    steps:
      - run: |
          echo begin >> $COUNTS/last
          test "${{ needs.legs.result }} ${{ needs.fails.result }}" = "success failure"
          echo end >> $COUNTS/last
"""
EXPECTED = {
    'first': 'success',
    'legs[0]': 'success',
    'legs[1]': 'success',
    'fails': 'failure',
    'last': 'success',
}
FACTS = 33  # of an undisturbed run, without annotations


class Project:
    """A repository with one workflow, a store, and a place where jobs count what they did."""

    def __init__(self, directory: Path, workflow: str = WORKFLOW) -> None:
        self.repository = directory / 'repository'
        self.state = directory / 'state'
        self.counts = directory / 'counts'
        self.counts.mkdir()
        file = self.repository / '.github' / 'workflows' / 'ci.yml'
        file.parent.mkdir(parents=True)
        file.write_text(workflow)
        self.env = {
            'PATH': os.environ['PATH'],
            'HOME': str(directory),
            'PYTHONPATH': str(SRC),
            'GIT_CONFIG_GLOBAL': '/dev/null',
        }
        subprocess.run(['git', 'init', '-q', str(self.repository)], check=True, env=self.env)

    def start(self, *words: str) -> 'subprocess.Popen[str]':
        command = [sys.executable, '-m', 'liftlock', '--state', str(self.state), *words]
        return subprocess.Popen(
            command,
            cwd=self.repository,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *words: str) -> tuple[int, str]:
        with self.start(*words) as child:
            said, _ = child.communicate(timeout=PATIENCE)
        return child.returncode, said

    def begin(self) -> 'subprocess.Popen[str]':
        return self.start('run', '--env', f'COUNTS={self.counts}')

    def facts(self, mode: str = 'ro') -> list[dict[str, Any]]:
        """As the file has them, read from outside.

        After a kill the mode must be `rw`: only a writer looks again into the log for what was
        committed when there was no time left to say so in SQLite's index of it.
        """
        try:
            uri = f'file:{self.state}/liftlock.db?mode={mode}'
            with contextlib.closing(sqlite3.connect(uri, uri=True)) as sql:
                return [
                    json.loads(row[0]) for row in sql.execute('SELECT body FROM facts ORDER BY seq')
                ]
        except sqlite3.OperationalError:  # not made yet
            return []

    def shown(self) -> dict[str, Any]:
        _, said = self.run('show', 'last', '--json')
        told: dict[str, Any] = json.loads(said)
        return told

    def count(self, name: str, word: str) -> int:
        file = self.counts / name
        return file.read_text().split().count(word) if file.exists() else 0


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def kill_after(project: Project, facts: int) -> list[dict[str, Any]]:
    """Kill a new run as soon as so many facts can be seen; return those that were written."""
    child = project.begin()
    end = time.monotonic() + PATIENCE
    while len(project.facts()) < facts and child.poll() is None:
        assert time.monotonic() < end
    kill(child)
    return project.facts('rw')


def kill(child: 'subprocess.Popen[str]') -> None:
    with child:
        child.send_signal(signal.SIGKILL)


def finished(facts: list[dict[str, Any]]) -> set[str]:
    return {fact['job'] for fact in facts if fact['kind'] == 'JobFinished'}


def counter(job: str) -> str:
    return job.replace('[', '-').replace(']', '')


def check(project: Project, facts: list[dict[str, Any]]) -> None:
    """Resume what was killed when it had written these facts."""
    if not facts:  # it died before there was a run; then there is nothing to resume
        return
    over = any(fact['kind'] == 'RunFinished' for fact in facts)
    status, said = project.run('resume')
    assert status == (2 if over else 1), said
    shown = project.shown()
    assert shown['conclusion'] == 'failure', said
    assert {job['key']: job['state'] for job in shown['jobs']} == EXPECTED, said
    for job in finished(facts):
        assert project.count(counter(job), 'begin') == 1, f'{job} was run again'
    for job in EXPECTED:
        assert 1 <= project.count(counter(job), 'begin') <= 2
        assert project.count(counter(job), 'end') >= (job != 'fails')


def test_an_undisturbed_run_has_as_many_facts_as_are_tried(project: Project) -> None:
    status, said = project.run('run', '--env', f'COUNTS={project.counts}')
    assert status == 1, said
    facts = project.facts()
    assert len(facts) == FACTS + sum(fact['kind'] == 'Annotated' for fact in facts)
    assert {job['key']: job['state'] for job in project.shown()['jobs']} == EXPECTED


@pytest.mark.parametrize('boundary', range(1, FACTS, 3))
def test_killed_between_two_facts(project: Project, boundary: int) -> None:
    check(project, kill_after(project, boundary))


@pytest.mark.parametrize('seed', range(4))
def test_killed_at_any_instant(project: Project, seed: int) -> None:
    child = project.begin()
    time.sleep(random.Random(seed).uniform(0.08, 0.7))
    kill(child)
    check(project, project.facts('rw'))


def test_killed_again_and_again(project: Project) -> None:
    kill_after(project, 4)
    for more in (2, 4, 6):
        written = len(project.facts())
        child = project.start('resume')
        end = time.monotonic() + PATIENCE
        while len(project.facts()) < written + more and child.poll() is None:
            assert time.monotonic() < end
        kill(child)
    status, said = project.run('resume')
    assert status in (1, 2), said
    assert {job['key']: job['state'] for job in project.shown()['jobs']} == EXPECTED


SLOW = """
name: Slow
on: push
concurrency: {group: one, cancel-in-progress: false}
jobs:
  slow:
    runs-on: ubuntu-latest
    steps:
      - run: |
          echo begin >> $COUNTS/slow
          while [ ! -e $COUNTS/go ]; do sleep 0.05; done
          echo end >> $COUNTS/slow
"""


@pytest.fixture
def slow(tmp_path: Path) -> Project:
    return Project(tmp_path, SLOW)


def until_begun(project: Project, times: int = 1) -> None:
    end = time.monotonic() + PATIENCE
    while project.count('slow', 'begin') < times:
        assert time.monotonic() < end
        time.sleep(0.01)


def left_running(project: Project) -> list[str]:
    """Processes that belong to jobs of this store."""
    found = []
    for environ in Path('/proc').glob('[0-9]*/environ'):
        with contextlib.suppress(OSError):
            content = environ.read_bytes()
            if f'COUNTS={project.counts}'.encode() in content:
                found.append(environ.parent.name)
    return found


def test_what_a_killed_engine_left_running_is_ended_before_its_job_starts_again(
    slow: Project,
) -> None:
    child = slow.begin()
    until_begun(slow)
    kill(child)
    assert left_running(slow), 'the step survives the engine: that is what this test is about'
    child = slow.start('resume')
    until_begun(slow, 2)
    (slow.counts / 'go').touch()
    assert child.communicate(timeout=PATIENCE)[0]
    assert child.returncode == 0
    assert slow.count('slow', 'end') == 1, 'the lost attempt went on'
    assert not left_running(slow)


def test_a_living_run_cannot_be_resumed_but_it_can_be_cancelled(slow: Project) -> None:
    child = slow.begin()
    until_begun(slow)
    status, said = slow.run('resume', '1')
    assert status == 2
    assert f'is being carried out by process {child.pid}' in said
    status, said = slow.run('cancel', '1')
    assert status == 0, said
    child.communicate(timeout=PATIENCE)
    assert child.returncode == 1
    assert slow.shown()['conclusion'] == 'cancelled'


def test_an_interrupted_run_is_shown_as_such_and_can_be_cancelled(slow: Project) -> None:
    child = slow.begin()
    until_begun(slow)
    kill(child)
    assert 'interrupted' in slow.run('runs')[1]
    status, said = slow.run('cancel', 'last')
    assert (status, said) == (0, 'Run 1 is cancelled.\n')
    assert slow.shown()['conclusion'] == 'cancelled'
    assert not left_running(slow)


def test_two_processes_take_turns_in_a_concurrency_group(slow: Project) -> None:
    first = slow.begin()
    until_begun(slow)
    second = slow.begin()
    end = time.monotonic() + PATIENCE
    while not any(fact['kind'] == 'JobBlocked' for fact in slow.facts()):
        assert time.monotonic() < end
    assert slow.count('slow', 'begin') == 1
    (slow.counts / 'go').touch()
    said = [child.communicate(timeout=PATIENCE)[0] for child in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], said
    assert 'waits for the concurrency group "one", which run 1 has' in said[1]
    assert slow.counts.joinpath('slow').read_text().split() == ['begin', 'end', 'begin', 'end']


def test_logs_survive_up_to_the_last_flush(tmp_path: Path) -> None:
    talk = SLOW.replace('echo begin', 'seq 1000; sleep 0.3; echo begin')
    project = Project(tmp_path, talk)
    child = project.begin()
    until_begun(project)
    kill(child)
    _, said = project.run('logs', 'last')
    assert [line for line in said.split('\n') if line.isdecimal()][-1] == '1000'
    project.run('cancel', 'last')
