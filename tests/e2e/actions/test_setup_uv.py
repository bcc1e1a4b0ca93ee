"""uv for each job, and the Pythons of this machine in it."""

import os
import platform
import pwd
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from e2e.actions.bench import Bench
from liftlock.runner.actions.interpreters import architecture
from liftlock.runner.ports import World
from liftlock.runner.workbench import StepFailed

FAKE = """#!/bin/sh
[ "$1" = --version ] && echo "uv {version} (fake)" && exit
echo "$@" >> "$ASKED"
[ "$1" = python ] && echo {python}
exit 0
"""
HERE = platform.python_version()


@pytest.fixture(autouse=True)
def bare_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No uv and no Pythons but those that a test puts there."""
    monkeypatch.setenv('HOME', str(tmp_path / 'person'))
    monkeypatch.setenv('PYENV_ROOT', str(tmp_path / 'pyenv'))


def put(folder: Path, version: str) -> None:
    folder.mkdir(parents=True)
    for name in ('uv', 'uvx'):
        (folder / name).write_text(FAKE.format(version=version, python=sys.executable))
        (folder / name).chmod(0o755)


def step(root: Path, env: Mapping[str, str] | None = None, **inputs: str) -> Bench:
    world = World(None, None, None, None, root / 'tools', root / 'packages')  # type: ignore[arg-type]
    given = {key.replace('_', '-'): text for key, text in inputs.items()}
    known = {'PATH': f'{root}/bin:/usr/bin:/bin', 'ASKED': str(root / 'asked'), **(env or {})}
    return Bench('astral-sh/setup-uv@v7', root / 'job', world, given, env=known)


def test_the_uv_on_the_path_is_taken_and_its_neighbours_are_not(tmp_path: Path) -> None:
    put(tmp_path / 'bin', '0.9.1')
    (tmp_path / 'bin' / 'python3.99').touch(mode=0o755)
    bench = step(tmp_path, python_version='pypy3.11')
    bench.main()
    directory = tmp_path / 'job/temp/uv/0.9.1'
    assert bench.outputs == {
        'uv-version': '0.9.1',
        'uv-path': str(directory / 'uv'),
        'uvx-path': str(directory / 'uvx'),
        'python-version': 'pypy3.11',
    }
    assert bench.paths == [bench.home / '.local/bin', directory]
    assert sorted(file.name for file in directory.iterdir()) == ['uv', 'uvx']
    assert bench.exported['UV_PYTHON'] == 'pypy3.11'
    assert [file.name for file in bench.matchers] == ['python.json']


def test_shims_of_pyenv_are_passed_over_and_its_own_uv_is_found(tmp_path: Path) -> None:
    put(tmp_path / 'pyenv' / 'shims', '0.9.9')
    put(tmp_path / 'pyenv' / 'versions' / '3.11.7' / 'bin', '0.9.2')
    bench = step(tmp_path, {'PATH': f'{tmp_path}/pyenv/shims:/usr/bin:/bin'})
    bench.main()
    assert bench.outputs['uv-version'] == '0.9.2'


@pytest.mark.parametrize(
    ('name', 'text'),
    [
        ('uv.toml', 'required-version = "0.8.x"'),
        ('pyproject.toml', '[tool.uv]\nrequired-version = ">=0.8,<0.9"'),
        ('pyproject.toml', '[dependency-groups]\ndev = ["ruff", "uv==0.8.4"]'),
        ('.tool-versions', 'python 3.12.1\nuv 0.8.4 # pinned'),
        ('requirements.txt', 'ruff\nuv==0.8.4 ; python_version > "3"\n'),
        ('uv.lock', '[[package]]\nname = "uv"\nversion = "0.8.4"'),
    ],
)
def test_the_version_can_stand_in_a_file_of_the_project(
    tmp_path: Path, name: str, text: str
) -> None:
    put(tmp_path / 'bin', '0.9.1')
    put(tmp_path / 'pyenv/versions/3.11.7/bin', '0.8.4')
    by_itself = name in ('uv.toml', 'pyproject.toml')
    bench = step(tmp_path, version_file='' if by_itself else name)
    (bench.workspace / name).write_text(text)
    bench.main()
    assert bench.outputs['uv-version'] == '0.8.4'


def test_a_file_without_a_version_fails(tmp_path: Path) -> None:
    bench = step(tmp_path, version_file='requirements.txt')
    with pytest.raises(StepFailed, match='Could not determine uv version'):
        bench.main()


def test_a_version_that_is_not_here_comes_from_pypi_once(tmp_path: Path) -> None:
    put(tmp_path / 'bin', '0.9.1')
    script = (
        '#!/bin/sh\n[ "$1" = -c ] && exit 0\n'
        'while [ "$1" != --target ]; do shift; done\n'
        'mkdir -p "$2/bin" && echo "$3" > "$2/bin/asked" && cp -p "$MADE"/uv "$MADE"/uvx "$2/bin"\n'
    )
    (tmp_path / 'bin' / 'python3').write_text(script)
    (tmp_path / 'bin' / 'python3').chmod(0o755)
    put(tmp_path / 'made', '0.7.5')
    bench = step(tmp_path, {'MADE': str(tmp_path / 'made')}, version='0.7.x')
    bench.main()
    place = Path(bench.outputs['uv-path']).parent
    assert place.is_relative_to(tmp_path / 'tools/uv/0.7.5')
    assert (place / 'asked').read_text() == 'uv>=0.7.0,<0.8.0\n'
    (tmp_path / 'bin' / 'python3').unlink()
    again = step(tmp_path, version='0.7.5')
    again.main()
    assert again.outputs['uv-path'] == bench.outputs['uv-path']


def test_without_uv_and_without_pip_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, 'executable', str(tmp_path / 'none'))
    bench = step(tmp_path, {'PATH': str(tmp_path / 'bin')}, version='0.7.x')
    with pytest.raises(StepFailed, match='Install uv, or'):
        bench.main()


def test_an_environment_is_made_and_stands_first(tmp_path: Path) -> None:
    put(tmp_path / 'bin', '0.9.1')
    bench = step(tmp_path, activate_environment='true', venv_path='~/env')
    bench.main()
    place = bench.home / 'env'
    assert bench.paths[-1] == place / 'bin'
    assert bench.exported['VIRTUAL_ENV'] == bench.outputs['venv'] == str(place)
    asked = (tmp_path / 'asked').read_text().splitlines()
    assert asked[0] == f'venv {place} --directory {bench.workspace} --clear'


def test_a_second_job_with_the_same_lock_hits_the_cache(tmp_path: Path) -> None:
    put(tmp_path / 'bin', '0.9.1')
    hits = []
    for text in ('a', 'a', 'b'):
        bench = step(tmp_path, enable_cache='true')
        (bench.workspace / 'uv.lock').write_text(text)
        bench.main()
        bench.post()
        hits.append(bench.outputs['cache-hit'])
        shutil.rmtree(tmp_path / 'job')
    assert hits == ['false', 'true', 'false']


@pytest.fixture
def real() -> Path:
    """A uv that is really here, and no shim."""
    person = Path(pwd.getpwuid(os.getuid()).pw_dir)
    found = [*(shutil.which('uv', path=folder) for folder in os.environ['PATH'].split(':')),
             *person.glob('.pyenv/versions/*/bin/uv')]  # fmt: skip
    for file in found:
        if file and '/shims/' not in str(file):
            return Path(os.path.realpath(file))
    if os.environ.get('CI') == 'true':
        pytest.fail('install uv')
    pytest.skip('install uv to run this')


def test_uv_finds_the_python_that_is_asked_for_without_a_download(
    tmp_path: Path, real: Path
) -> None:
    (tmp_path / 'bin').mkdir()
    (tmp_path / 'bin' / 'uv').symlink_to(real)
    entry = tmp_path / 'tools' / 'Python' / HERE
    entry.mkdir(parents=True)
    (entry / architecture()).symlink_to(sys.base_prefix)
    (entry / f'{architecture()}.complete').touch()
    bench = step(tmp_path, {'UV_PYTHON_DOWNLOADS': 'never'}, python_version=HERE)
    bench.main()
    told = subprocess.run(
        ('uv', 'run', '--no-project', '--offline', 'python', '-c',
         'import platform, sys; print(platform.python_version(), sys.base_prefix)'),
        env=bench.env, cwd=bench.workspace, capture_output=True, text=True, check=False,
    )  # fmt: skip
    version, place = told.stdout.split() or [told.stderr, '']
    assert version == HERE
    assert Path(place).is_relative_to(bench.temp / 'uv-python-dir')
