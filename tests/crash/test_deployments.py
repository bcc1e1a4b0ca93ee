"""`kill -9` while a job deploys, or waits to: nothing is deployed twice, and nobody is held up."""

import contextlib
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from .test_kill import PATIENCE, Project, kill, left_running

DEPLOY = """
name: Ship
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps: [{run: echo begin >> $COUNTS/build}]
  deploy:
    needs: build
    runs-on: ubuntu-latest
    environment: production
    steps:
      - run: |
          echo begin >> $COUNTS/deploy
          while [ -e $COUNTS/stay ]; do sleep 0.05; done
          echo end >> $COUNTS/deploy
"""
FACTS = 4  # of an undisturbed deployment: requested, allowed, started, finished


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path, DEPLOY)


def deployed(project: Project, mode: str = 'ro') -> list[dict[str, Any]]:
    """The facts of all environments, as the file has them."""
    try:
        uri = f'file:{project.state}/liftlock.db?mode={mode}'
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as sql:
            rows = sql.execute('SELECT body FROM deployment_facts ORDER BY seq').fetchall()
            return [json.loads(row[0]) for row in rows]
    except sqlite3.OperationalError:  # not made yet
        return []


def rows(project: Project) -> list[tuple[int, str, str, str]]:
    with contextlib.closing(sqlite3.connect(project.state / 'liftlock.db')) as sql:
        return sql.execute(
            'SELECT run, status, conclusion, message FROM deployments ORDER BY number'
        ).fetchall()


def until_deployed(project: Project, facts: int, child: Any) -> None:
    end = time.monotonic() + PATIENCE
    while len(deployed(project)) < facts and child.poll() is None:
        assert time.monotonic() < end


def until_begun(project: Project, times: int = 1) -> None:
    end = time.monotonic() + PATIENCE
    while project.count('deploy', 'begin') < times:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_an_undisturbed_deployment_has_as_many_facts_as_are_tried(project: Project) -> None:
    assert project.run('run', '--env', f'COUNTS={project.counts}')[0] == 0
    assert len(deployed(project)) == FACTS


@pytest.mark.parametrize('boundary', range(1, FACTS + 1))
def test_killed_between_two_facts_of_a_deployment(project: Project, boundary: int) -> None:
    child = project.begin()
    until_deployed(project, boundary, child)
    kill(child)
    begun = project.count('deploy', 'begin')
    status, said = project.run('resume')
    shown = {job['key']: job['state'] for job in project.shown()['jobs']}
    assert status in (0, 1, 2), said  # 2: it was over already
    assert project.count('deploy', 'begin') <= 1, 'it was deployed twice'
    ((_, state, conclusion, _),) = rows(project)
    assert state == 'completed', said
    assert conclusion == shown['deploy'], said
    if begun == 0 and shown['deploy'] == 'success':
        assert project.count('deploy', 'end') == 1
    status, said = project.run('run', '--env', f'COUNTS={project.counts}')
    assert status == 0, said
    assert not left_running(project)


def test_a_killed_deployment_has_failed_as_lost_when_its_run_is_taken_over(
    project: Project,
) -> None:
    (project.counts / 'stay').touch()
    child = project.begin()
    until_begun(project)
    kill(child)
    assert left_running(project), 'the step survives the engine: that is what this test is about'
    status, said = project.run('resume')
    assert status == 1
    assert 'lost: the process that carried it out has ended' in said
    told = 'lost: the process that carried out run 1 has ended'
    assert rows(project) == [(1, 'completed', 'failure', told)]
    assert project.count('deploy', 'begin') == 1
    assert not left_running(project)


def test_the_next_run_ends_what_a_killed_one_left_before_it_deploys(project: Project) -> None:
    (project.counts / 'stay').touch()
    child = project.begin()
    until_begun(project)
    kill(child)
    second = project.begin()
    until_begun(project, 2)
    assert [row[1:3] for row in rows(project)] == [('completed', 'failure'), ('in_progress', '')]
    (project.counts / 'stay').unlink()
    said, _ = second.communicate(timeout=PATIENCE)
    assert second.returncode == 0, said
    assert project.count('deploy', 'end') == 1, 'the lost deployment went on'
    assert not left_running(project)


def test_two_processes_deploy_one_after_the_other(project: Project) -> None:
    (project.counts / 'stay').touch()
    first = project.begin()
    until_begun(project)
    second = project.begin()
    end = time.monotonic() + PATIENCE
    while not any(fact['kind'] == 'JobBlocked' for fact in project.facts()):
        assert time.monotonic() < end
    assert project.count('deploy', 'begin') == 1
    (project.counts / 'stay').unlink()
    said = [child.communicate(timeout=PATIENCE)[0] for child in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], said
    assert 'waits for production, to which job "deploy" of run 1 deploys' in said[1]
    assert project.counts.joinpath('deploy').read_text().split() == ['begin', 'end'] * 2
