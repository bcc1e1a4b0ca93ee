"""Poetry from the package index, in the job's own home."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from e2e.actions.bench import Bench
from liftlock.runner.ports import World
from liftlock.runner.workbench import StepFailed

USES = 'snok/install-poetry@v1'
PROJECT = """
[tool.poetry]
name = "shop"
version = "1.0"
description = ""
authors = []
package-mode = false

[tool.poetry.dependencies]
python = ">=3.9"
"""


def step(root: Path, cache: Path, **inputs: str) -> Bench:
    """With the Python that runs this test as `python3`, and pip's cache shared with other tests."""
    world = World(None, None, None, None, root / 'tools', root / 'packages')  # type: ignore[arg-type]
    programs = root / 'bin'
    programs.mkdir()
    (programs / 'python3').symlink_to(sys.executable)
    indexes = {name: os.environ[name] for name in os.environ if name.startswith(('PIP_', 'SSL_'))}
    env = {'PATH': f'{programs}:/usr/bin:/bin', 'PIP_CACHE_DIR': str(cache), **indexes}
    given = {name.replace('_', '-'): text for name, text in inputs.items()}
    return Bench(USES, root / 'job', world, given, env=env)


def test_poetry_is_installed_and_configured(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bench = step(tmp_path, tmp_path_factory.mktemp('pip'), virtualenvs_in_project='true')
    bench.main()
    assert bench.paths == [bench.home / '.local/bin']
    assert bench.exported == {'VENV': '.venv/bin/activate'}
    config = tomllib.loads((bench.home / '.config/pypoetry/config.toml').read_text())
    assert config['virtualenvs'] == {
        'create': True,
        'in-project': True,
        'path': '{cache-dir}/virtualenvs',
    }
    (bench.workspace / 'pyproject.toml').write_text(PROJECT)
    done = subprocess.run(
        ('poetry', 'install', '--no-interaction'), env=bench.env, cwd=bench.workspace,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (bench.workspace / '.venv/bin/activate').exists()


def test_arguments_that_mean_nothing_here_are_refused(tmp_path: Path) -> None:
    bench = step(tmp_path, tmp_path, installation_arguments='--uninstall')
    with pytest.raises(StepFailed, match="'--uninstall' is not supported here"):
        bench.main()


def test_a_python_without_venv_is_named(tmp_path: Path) -> None:
    bench = step(tmp_path, tmp_path)
    (tmp_path / 'bin/python3').unlink()
    (tmp_path / 'bin/python3').write_text('#!/bin/sh\necho "ensurepip is not available"; exit 1\n')
    (tmp_path / 'bin/python3').chmod(0o755)
    with pytest.raises(StepFailed, match=r'\(ensurepip is not available\)\. Put a step with'):
        bench.main()


def test_a_version_that_there_is_not_fails(tmp_path: Path) -> None:
    bench = step(tmp_path, tmp_path, version='0.0.0.dev1')
    with pytest.raises(StepFailed):
        bench.main()
    assert 'No matching distribution' in '\n'.join(bench.lines)
