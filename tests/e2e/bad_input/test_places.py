"""Repositories that are none, tools that are missing, and what may not be read."""

import os
from pathlib import Path

import pytest

from .conftest import LIFTLOCK, Place

ECHO = 'on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [run: echo hello]}}\n'

binds = pytest.mark.skipif(os.geteuid() == 0, reason='permissions do not bind root: run as a user')


def tools(directory: Path, *names: str) -> str:
    """A PATH on which only these are."""
    directory.mkdir()
    for name in names:
        places = (Path(one, name) for one in os.environ['PATH'].split(os.pathsep))
        (directory / name).symlink_to(next(place for place in places if place.exists()))
    return str(directory)


@pytest.mark.parametrize('command', ['run', 'plan', 'lock'])
def test_outside_a_repository_the_way_in_is_told(command: str, anywhere: Place) -> None:
    anywhere.workflow(ECHO)
    ended = anywhere.liftlock(command)
    assert ended.status == 2
    assert 'is not in a git repository' in ended.err
    assert 'git init' in ended.err


def test_a_repository_without_commits_runs(place: Place) -> None:
    place.workflow(ECHO)
    ended = place.run()
    assert ended.status == 0, ended.err
    assert 'no commit yet' in ended.out
    ended = place.run('--clean')
    assert ended.status == 2
    assert 'there is no commit yet' in ended.err


@pytest.mark.parametrize('command', ['run', 'plan', 'lock', 'check'])
def test_without_workflows_it_says_where_they_would_be(command: str, place: Place) -> None:
    place.write('.github/workflows/ci.yml/inside', 'a folder is no workflow')
    os.mkfifo(place.directory / '.github/workflows/pipe.yml')
    (place.directory / '.github/workflows/link.yml').symlink_to('nowhere')
    ended = place.liftlock(command)
    assert ended.status == 2
    assert f'{place.directory}/.github/workflows' in ended.err


@binds
@pytest.mark.parametrize('what', ['.github/workflows', '.github/workflows/ci.yml'])
@pytest.mark.parametrize('command', ['run', 'plan', 'lock', 'check'])
def test_what_may_not_be_read_is_named(what: str, command: str, place: Place) -> None:
    place.workflow(ECHO)
    place.git('add', '--all')
    place.git('commit', '--quiet', '--message', 'Something')
    locked = place.directory / what
    mode = locked.stat().st_mode
    locked.chmod(0)
    try:
        ended = place.liftlock(command)
    finally:
        locked.chmod(mode)
    assert ended.status == 2
    assert 'permission denied' in (ended.out + ended.err).lower()


@binds
def test_a_work_tree_that_may_not_be_written_is_run(place: Place) -> None:
    place.workflow(ECHO)
    place.directory.chmod(0o555)
    try:
        assert place.run().status == 0
    finally:
        place.directory.chmod(0o755)


@pytest.mark.parametrize('command', ['run', 'check', 'plan'])
def test_a_directory_that_is_gone_is_said_to_be(command: str, anywhere: Place) -> None:
    script = 'rmdir "$PWD"; exec "$@"'
    ended = anywhere.liftlock(command, program=('sh', '-c', script, '-', *LIFTLOCK))
    assert ended.status == 2
    assert 'the current directory is gone' in ended.err


def test_without_git_it_says_what_to_install(place: Place, tmp_path: Path) -> None:
    place.workflow(ECHO)
    path = tools(tmp_path / 'tools', 'sh')
    ended = place.run(PATH=path)
    assert ended.status == 2
    assert 'git was not found' in ended.err
    assert place.liftlock('check', PATH=path).status == 0
    assert 'missing  git' in place.liftlock('doctor', PATH=path).out


def test_without_bash_steps_run_in_sh_unless_they_ask_for_it(place: Place, tmp_path: Path) -> None:
    place.steps('run: echo in ${BASH_VERSION:-sh}', '{run: echo, shell: bash}')
    ended = place.run(PATH=tools(tmp_path / 'tools', 'git', 'sh'))
    assert ended.status == 1
    assert 'job | in sh\n' in ended.out
    assert 'bash: command not found. Install it, or choose another `shell:`' in ended.out


@pytest.mark.parametrize('home', [None, '', '/proc', '/dev/null'])
def test_no_home_is_needed_where_the_store_is_elsewhere(home: str | None, place: Place) -> None:
    place.workflow(ECHO)
    for name in ('HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME'):
        place.env.pop(name, None)
    if home is not None:
        place.env['HOME'] = home
    ended = place.liftlock('--state', str(place.state), 'run')
    assert ended.status == 0, ended.err
