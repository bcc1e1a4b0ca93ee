"""What is kept for how long, by whole runs: time is put forward by putting a run's end back."""

import os
import sqlite3
import time
from pathlib import Path

from e2e.cli.conftest import Project

WORKFLOW = """
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: cat text | tee out
      - uses: actions/upload-artifact@v4
        with: {name: out, path: out}
"""
DAY = 86400.0


def state(project: Project) -> Path:
    return Path(project.homes['XDG_STATE_HOME'], 'liftlock')


def age(project: Project, run: int, days: float) -> None:
    """Let the run have ended so long ago, and the store be due to be tidied."""
    with sqlite3.connect(state(project) / 'liftlock.db') as database:
        moment = time.time() - days * DAY
        database.execute('UPDATE runs SET finished = ? WHERE id = ?', (moment, run))
    hours_ago = time.time() - 2 * 3600
    os.utime(state(project) / 'tidied', (hours_ago, hours_ago))


def start(project: Project) -> None:
    ended = project.liftlock('run')
    assert ended.status == 0, ended.out + ended.err


def test_liftlock_yml_says_how_long_logs_and_artifacts_are_kept(project: Project) -> None:
    project.write('text', 'hello\n')
    project.write('liftlock.yml', 'retention: {logs: 2d, artifacts: 30d}\n')
    project.workflow(WORKFLOW)
    start(project)
    assert 'for 30 more days' in project.liftlock('artifacts', '1').out
    age(project, 1, 3)
    start(project)
    ended = project.liftlock('logs', '1')
    assert (ended.status, ended.out) == (2, '')
    assert 'the logs of run 1 are gone: they were kept for 2 days' in ended.err
    assert 'hello' in project.liftlock('logs', '2').out
    assert project.liftlock('show', '1').status == 0


def test_a_mistake_in_liftlock_yml_is_told_before_anything_runs(project: Project) -> None:
    project.write('liftlock.yml', 'retention: {logs: long}\n')
    project.workflow(WORKFLOW)
    ended = project.liftlock('run')
    assert ended.status == 2
    assert 'liftlock.yml:1:19: error' in ended.err


def test_sources_go_a_month_after_their_run_and_a_later_rerun_is_refused(project: Project) -> None:
    project.write('text', 'hello\n')
    project.workflow(WORKFLOW)
    for text in ('first\n', 'second\n', 'third\n'):
        project.write('text', text)
        start(project)
    refs = [*state(project).glob('sources/*.git/refs/liftlock/*')]
    assert len(refs) == 3
    for ref in refs:
        os.utime(ref, (time.time() - 40 * DAY,) * 2)
    age(project, 1, 40)
    age(project, 2, 10)
    project.write('text', 'third\n')
    start(project)  # the same files as in run 3
    assert len([*state(project).glob('sources/*.git/refs/liftlock/*')]) == 2
    ended = project.liftlock('rerun', '1')
    assert ended.status == 2
    assert 'which holds the sources of the run, is gone' in ended.err
    assert 'success' in project.liftlock('runs', '--json').out
    assert project.liftlock('rerun', '2').status == 0
    assert 'second' in project.liftlock('logs', '2').out
