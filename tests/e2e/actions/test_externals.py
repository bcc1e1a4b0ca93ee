"""Nodes that run actions: from npm, once; else what the machine has."""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from fakes import make_world, play
from liftlock.runner.actions import externals

if shutil.which('npm') is None and os.environ.get('CI') != 'true':
    pytest.skip('npm is missing: install nodejs and npm', allow_module_level=True)

NOBODY = 'http://127.0.0.1:9'  # no registry is there
ACTION = 'runs: {using: node24, main: x.js}'
TELL = "console.log('on ' + process.execPath)"
STEPS = '- uses: octo/js@v1\n- uses: octo/js@v1'


def write_action(root: Path) -> None:
    folder = root / 'actions/octo/js'
    folder.mkdir(parents=True)
    (folder / 'action.yml').write_text(ACTION)
    (folder / 'x.js').write_text(TELL)


def only(folder: Path, *programs: str) -> str:
    """A PATH with these programs only."""
    folder.mkdir()
    for program in programs:
        found = shutil.which(program)
        assert found is not None
        (folder / program).symlink_to(found)
    return str(folder)


def write_program(file: Path, command: str) -> None:
    file.write_text(f'#!/bin/sh\n{command}\n')
    file.chmod(0o755)


def test_jobs_that_want_a_node_at_the_same_time_share_one_download(tmp_path: Path) -> None:
    world = make_world(tmp_path, externals=tmp_path / 'externals')
    said: list[str] = []

    async def fetch() -> list[Path]:
        return await asyncio.gather(*(externals.fetch(world, 24, said.append) for _ in range(3)))

    assert externals.find(world, 24) is None
    node = tmp_path / 'externals/node24/bin/node'
    assert asyncio.run(fetch()) == [node] * 3
    assert len(said) == 1
    assert externals.find(world, 24) == node
    told = subprocess.run((node, '--version'), capture_output=True, text=True, check=True).stdout
    assert told.startswith('v24.')
    assert sorted(path.name for path in (tmp_path / 'externals').iterdir()) == ['.lock', 'node24']

    write_action(tmp_path)
    played = play(STEPS, tmp_path, world={'externals': tmp_path / 'externals'})
    assert played.printed(1) == [f'on {node}']


def test_where_none_can_be_fetched_the_machines_own_runs_actions_and_a_job_says_so_once(
    tmp_path: Path,
) -> None:
    write_action(tmp_path)
    own = tmp_path / 'bin/node'
    path = only(tmp_path / 'bin', 'sh')
    write_program(own, 'test "$1" = --version && echo v22.1.0 || echo ran')
    npm = os.path.realpath(str(shutil.which('npm')))
    write_program(tmp_path / 'bin/npm', f'exec {shutil.which("node")} {npm} "$@"')
    played = play(
        STEPS,
        tmp_path,
        world={
            'externals': tmp_path / 'externals',
            'host_env': {'PATH': path, 'npm_config_registry': NOBODY},
        },
    )
    [note] = [line for _, line in played.lines if 'runs it instead' in line]
    assert note.startswith('node 24, on which GitHub runs this action, is not here')
    assert 'ECONNREFUSED' in note
    assert note.endswith(f'{own}, node 22 runs it instead')
    assert played.printed(2) == ['ran']
    assert played.finished.conclusion == 'success'


def test_without_any_node_the_step_says_what_to_install(tmp_path: Path) -> None:
    write_action(tmp_path)
    path = only(tmp_path / 'bin', 'sh')
    played = play(
        '- uses: octo/js@v1',
        tmp_path,
        world={'externals': tmp_path / 'externals', 'host_env': {'PATH': path}},
    )
    assert played.annotations[0].message == (
        'This action needs node 24, which could not be fetched (npm is not installed), and there '
        'is no `node` on PATH. Install Node.js 24 with npm'
    )
    assert played.finished.conclusion == 'failure'


def test_a_node_that_is_too_old_for_actions_does_not_run_them(tmp_path: Path) -> None:
    write_action(tmp_path)
    path = only(tmp_path / 'bin', 'sh')
    own = tmp_path / 'bin/node'
    write_program(own, 'echo v8.17.0')
    played = play(
        '- uses: octo/js@v1',
        tmp_path,
        world={'externals': tmp_path / 'externals', 'host_env': {'PATH': path}},
    )
    assert f'and {own} is node 8.' in played.annotations[0].message
    assert played.finished.conclusion == 'failure'


def test_a_job_is_told_which_actions_run_on_a_newer_node_than_they_name(tmp_path: Path) -> None:
    externals_ = tmp_path / 'externals'
    (externals_ / 'node24/bin').mkdir(parents=True)
    (externals_ / 'node24/bin/node').symlink_to(str(shutil.which('node')))
    for name, using in (('a', 'node20'), ('b', 'node24'), ('c', 'node12')):
        folder = tmp_path / 'actions/octo' / name
        folder.mkdir(parents=True)
        (folder / 'action.yml').write_text(f'runs: {{using: {using}, main: x.js, post: x.js}}')
        (folder / 'x.js').touch()
    steps = '- uses: octo/c@v1\n- uses: octo/a@v1\n- uses: octo/b@v1\n- uses: octo/a@v1'
    played = play(steps, tmp_path, world={'externals': externals_})
    assert [(found.level, found.message) for found in played.annotations] == [
        (
            'warning',
            'Node.js 20 is deprecated. As on GitHub, actions that target it or an older one are '
            'being run on Node.js 24: octo/a@v1, octo/c@v1',
        )
    ]
