"""A job deploys what is not well: the earlier version's job is run again, by itself or by hand."""

import json
from pathlib import Path

import pytest

from e2e.cli.conftest import Project

WORKFLOW = """
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - uses: actions/checkout@v4
      - run: cp version {place}
"""
SETTINGS = """
environments:
  production:
    progressDeadlineSeconds: 2
    health_checks: [{{command: '! grep -q bad {place}', timeout: 5s}}]
    {rollback}
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / 'place'


def release(project: Project, place: Path, version: str, rollback: str = '') -> None:
    project.write('version', version)
    project.write('liftlock.yml', SETTINGS.format(place=place, rollback=rollback))
    project.workflow(WORKFLOW.format(place=place))


def history(project: Project) -> list[tuple[str, str]]:
    found = json.loads(project.liftlock('deployments', 'production', '--json').out)
    return [(one['commit'], one['conclusion']) for one in reversed(found)]


def test_a_bad_version_is_taken_back_once_its_run_has_ended(project: Project, place: Path) -> None:
    project.git('remote', 'add', 'origin', 'https://github.com/acme/shop.git')
    release(project, place, 'one')
    first = project.liftlock('run')
    assert first.status == 0, first.out
    release(project, place, 'bad', 'rollback: {on: [unhealthy], watch: 0s}')
    second = project.liftlock('run')
    assert second.status == 1
    assert 'it did not become healthy within 2 s: ' in second.out
    assert 'job "deploy" of run 1 again' in second.out + second.err
    assert place.read_text() == 'one'
    (good, _), *rest = found = history(project)
    assert [conclusion for _, conclusion in found] == ['success', 'failure', 'success']
    assert rest[1][0] == good


def test_somebody_goes_back_by_hand(project: Project, place: Path) -> None:
    project.git('remote', 'add', 'origin', 'https://github.com/acme/shop.git')
    release(project, place, 'one')
    project.liftlock('run')
    release(project, place, 'two')
    assert project.liftlock('run').status == 0
    back = project.liftlock('rollback', 'production')
    assert back.status == 0, back.err
    assert place.read_text() == 'one'
    again = project.liftlock('rollback', 'production', '--to', history(project)[0][0])
    assert (again.status, place.read_text()) == (2, 'one')
    assert 'is what was deployed to production last' in again.err
