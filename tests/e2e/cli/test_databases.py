"""The command line on a store that is on PostgreSQL, as a person uses it."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import postgres
from e2e.cli.conftest import Project

WORKFLOW = """
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: cat text | tee out
      - run: echo "database=$LIFTLOCK_DATABASE$LIFTLOCK_DATABASE_FILE."
      - uses: actions/upload-artifact@v4
        with: {name: out, path: out}
  more:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - run: while [ ! -e GO-ON ]; do sleep 0.1; done; echo went on
"""
Eventually = Callable[[Callable[[], object]], None]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A file that holds the URL of an empty database."""
    with postgres.database() as url:
        file = tmp_path / 'address'
        file.write_text(f'{url}\n')
        yield str(file)


def state(project: Project) -> Path:
    return Path(project.homes['XDG_STATE_HOME'], 'liftlock')


def test_a_run_that_was_killed_is_taken_up_and_everything_is_told_from_the_database(
    project: Project,
    address: str,
    started: list['subprocess.Popen[str]'],
    eventually: Eventually,
) -> None:
    where = ('--database-file', address)
    project.write('text', 'hello\n')
    go_on = state(project).parent / 'go-on'
    project.workflow(WORKFLOW.replace('GO-ON', str(go_on)))
    process = project.start(*where, 'run')
    started.append(process)
    begun = lambda: '"in_progress"' in project.liftlock(*where, 'show', '--json').out  # noqa: E731
    eventually(lambda: begun() and 'hello' in project.liftlock(*where, 'logs', '1').out)
    again = project.liftlock(*where, 'resume', '1')
    assert (again.status, 'is being carried out by process' in again.err) == (2, True)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    go_on.touch()
    eventually(lambda: project.liftlock(*where, 'resume', '1').status == 0)
    shown = json.loads(project.liftlock(*where, 'show', '1', '--json').out)
    assert shown['conclusion'] == 'success'
    assert 'went on' in project.liftlock(*where, 'logs', '1').out
    told = project.liftlock(*where, 'logs', '1', '-j', 'build').out
    assert 'database=.' in told, 'no step is told where it is'
    assert not (state(project) / 'liftlock.db').exists()


def test_a_store_moves_from_one_database_to_the_other_by_a_backup(
    project: Project, address: str, tmp_path: Path
) -> None:
    project.write('text', 'hello\n')
    project.workflow(WORKFLOW.partition('  more:')[0])
    assert project.liftlock('run').status == 0
    assert project.liftlock('secret', 'set', 'TOKEN', '--from-file', 'text').status == 0
    file = str(tmp_path / 'store.tar')
    made = project.liftlock('backup', file)
    assert (made.status, 'The keys are not in it' in made.err) == (0, True), made.err
    assert project.liftlock('backup', file).status == 2, 'nothing is written over'
    state(project).rename(tmp_path / 'old')
    where = ('--database-file', address)
    restored = project.liftlock(*where, 'restore', file)
    assert (restored.status, 'Stored secrets need their key' in restored.out) == (0, True)
    assert 'is not empty' in project.liftlock(*where, 'restore', file).err
    assert 'hello' in project.liftlock(*where, 'logs', '1').out
    assert 'TOKEN' in project.liftlock(*where, 'secret', 'list').out
    assert 'the key' in project.liftlock(*where, 'rerun', '1').err
    (tmp_path / 'old/secrets.key').rename(state(project) / 'secrets.key')
    again = project.liftlock(*where, 'rerun', '1')
    assert again.status == 0, again.out + again.err
    assert not (state(project) / 'liftlock.db').exists()


def test_a_password_is_not_told_when_a_database_cannot_be_reached(project: Project) -> None:
    url = 'postgresql://me:hunter2@127.0.0.1:1/ci'
    ended = project.liftlock('runs', LIFTLOCK_DATABASE=url)
    assert ended.status == 2
    assert 'cannot reach the database postgresql://me@127.0.0.1:1/ci' in ended.err
    assert 'hunter2' not in ended.out + ended.err
