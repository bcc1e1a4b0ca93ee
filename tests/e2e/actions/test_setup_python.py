"""A Python for each job, from a tool cache that holds the one that runs these tests."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.actions.bench import Bench
from liftlock.runner.actions.interpreters import architecture
from liftlock.runner.ports import World
from liftlock.runner.workbench import StepFailed

USES = 'actions/setup-python@v5'
VERSION = platform.python_version()
MINOR = f'{sys.version_info.major}.{sys.version_info.minor}'


@pytest.fixture(scope='module')
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared by the tests of this file: what is prepared once should be prepared once."""
    folder = tmp_path_factory.mktemp('tools')
    entry = folder / 'Python' / VERSION
    entry.mkdir(parents=True)
    (entry / architecture()).symlink_to(sys.base_prefix)
    (entry / f'{architecture()}.complete').touch()
    return folder


@pytest.fixture(autouse=True)
def no_pyenv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv('PYENV_ROOT', str(tmp_path / 'no-pyenv'))


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Path]:
    return (tmp_path / f'job{number}' for number in range(9))


def step(tools: Path, job: Path, uses: str = USES, **inputs: str) -> Bench:
    world = World(None, None, None, None, tools, job.parent / 'packages')  # type: ignore[arg-type]
    given = {name.replace('_', '-'): value for name, value in inputs.items()}
    return Bench(uses, job, world, given)


def tell(bench: Bench, *command: str) -> str:
    done = subprocess.run(
        command, env=bench.env, cwd=bench.workspace, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize('wanted', [VERSION, MINOR, '3.x', '>=3.8', f'~{VERSION}'])
def test_a_version_or_a_range_finds_it(tools: Path, jobs: Iterator[Path], wanted: str) -> None:
    bench = step(tools, next(jobs), python_version=wanted)
    bench.main()
    assert bench.outputs['python-version'] == VERSION
    assert tell(bench, 'python', '--version') == f'Python {VERSION}'


def test_it_is_a_prefix_of_its_own_and_no_virtual_environment(
    tools: Path, jobs: Iterator[Path]
) -> None:
    bench = step(tools, next(jobs), python_version=MINOR)
    bench.main()
    place = bench.exported['pythonLocation']
    told = tell(bench, 'python', '-c', 'import sys; print(sys.prefix, sys.base_prefix)')
    assert told == f'{place} {place}'
    assert place.startswith(str(bench.temp))
    assert bench.outputs['python-path'] == f'{place}/bin/python'
    assert bench.exported['LD_LIBRARY_PATH'].split(':')[0] == f'{place}/lib'
    pip, python = tell(bench, 'which', 'pip', 'python3').split()
    assert python == f'{place}/bin/python3'
    assert pip in (f'{place}/bin/pip', f'{place}/local/bin/pip')  # the second is Debian's
    assert tell(bench, 'pip', '--version').startswith('pip ')


def test_what_one_job_installs_no_other_has(tools: Path, jobs: Iterator[Path]) -> None:
    one, other = (step(tools, next(jobs), python_version=MINOR) for _ in range(2))
    one.main()
    other.main()
    site = tell(one, 'python', '-c', 'import sysconfig; print(sysconfig.get_path("purelib"))')
    Path(site, 'only_here.py').write_text('')
    tell(one, 'python', '-c', 'import only_here, ssl, json')
    with pytest.raises(AssertionError, match='No module named'):
        tell(other, 'python', '-c', 'import only_here')


def test_installing_for_the_user_and_making_environments_work(
    tools: Path, jobs: Iterator[Path]
) -> None:
    bench = step(tools, next(jobs), python_version=MINOR)
    bench.main()
    source = bench.workspace / 'tiny'
    source.mkdir()
    (source / 'tiny-1.0.dist-info').mkdir()
    wheel = make_wheel(bench.workspace)
    tell(bench, 'pip', 'install', '--user', '--no-index', '--no-deps', str(wheel))
    assert tell(bench, 'python', '-c', 'import tiny; print(tiny.__file__)').startswith(
        str(bench.home)
    )
    tell(bench, 'python', '-m', 'venv', '--without-pip', 'env')
    told = tell(bench, 'env/bin/python', '-c', 'import sys; print(sys.base_prefix)')
    assert told == bench.exported['pythonLocation']


def make_wheel(folder: Path) -> Path:
    import zipfile

    wheel = folder / 'tiny-1.0-py3-none-any.whl'
    with zipfile.ZipFile(wheel, 'w') as archive:
        archive.writestr('tiny.py', '')
        archive.writestr(
            'tiny-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n'
        )
        archive.writestr(
            'tiny-1.0.dist-info/WHEEL',
            'Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
        )
        archive.writestr('tiny-1.0.dist-info/RECORD', '')
    return wheel


def test_a_second_time_in_a_job_it_is_the_same(tools: Path, jobs: Iterator[Path]) -> None:
    job = next(jobs)
    first, second = (step(tools, job, python_version=MINOR) for _ in range(2))
    first.main()
    second.main()
    assert first.outputs == second.outputs


def test_of_several_versions_the_last_one_counts(tools: Path, jobs: Iterator[Path]) -> None:
    bench = step(tools, next(jobs), python_version=f'{MINOR}\n{VERSION}\n')
    bench.main()
    assert bench.outputs['python-version'] == VERSION


@pytest.mark.parametrize(
    ('name', 'text'),
    [
        ('.python-version', f'# ours\n{VERSION}\n'),
        ('.python-version', f'{MINOR}/envs/web\n'),
        ('.tool-versions', f'nodejs 20.1.0\npython {VERSION}\n'),
        ('pyproject.toml', f'[project]\nrequires-python = ">=3.8,<={VERSION}"\n'),
        ('pyproject.toml', f'[tool.poetry.dependencies]\npython = "^{MINOR}"\n'),
        ('Pipfile', f'[requires]\npython_version = "{MINOR}"\n'),
    ],
)
def test_the_version_can_stand_in_a_file(
    tools: Path, jobs: Iterator[Path], name: str, text: str
) -> None:
    bench = step(tools, next(jobs), python_version_file=name)
    (bench.workspace / name).write_text(text)
    bench.main()
    assert bench.outputs['python-version'] == VERSION


def test_a_file_that_is_not_there_fails_and_nothing_at_all_warns(
    tools: Path, jobs: Iterator[Path]
) -> None:
    with pytest.raises(StepFailed, match="doesn't exist"):
        step(tools, next(jobs), python_version_file='.python-version').main()
    bench = step(tools, next(jobs))
    bench.main()
    assert 'input is not set' in bench.warnings[0]
    assert not bench.paths


@pytest.mark.parametrize('wanted', ['2.0.1', '99', 'pypy3.10', 'nonsense'])
def test_what_cannot_be_had_fails_with_a_way_out(
    tools: Path, jobs: Iterator[Path], wanted: str
) -> None:
    with pytest.raises(StepFailed, match=wanted):
        step(tools, next(jobs), python_version=wanted).main()


def test_a_python_on_the_path_serves_where_no_other_does(
    jobs: Iterator[Path], tmp_path: Path
) -> None:
    folder = tmp_path / 'bin'
    folder.mkdir()
    (folder / f'python{MINOR}').symlink_to(os.path.realpath(sys.executable))
    bench = step(tmp_path / 'tools', next(jobs), python_version=MINOR)
    bench.env['PATH'] = f'{folder}:/usr/bin:/bin'
    bench.main()
    assert bench.outputs['python-version'] == VERSION
    assert 'from PATH' in bench.lines[-1]


def test_environment_is_left_alone_when_asked(tools: Path, jobs: Iterator[Path]) -> None:
    bench = step(tools, next(jobs), python_version=MINOR, update_environment='false')
    bench.main()
    assert not bench.exported
    assert not bench.paths
    assert Path(bench.outputs['python-path']).exists()


def test_the_package_cache_is_hit_after_a_job_that_ended_well(
    tools: Path, jobs: Iterator[Path]
) -> None:
    hits = []
    for _ in range(2):
        bench = step(tools, next(jobs), python_version=MINOR, cache='pip')
        (bench.workspace / 'requirements.txt').write_text('requests\n')
        bench.main()
        bench.post()
        hits.append(bench.outputs['cache-hit'])
    assert hits == ['false', 'true']


def test_a_package_cache_needs_its_lock_file(tools: Path, jobs: Iterator[Path]) -> None:
    with pytest.raises(StepFailed, match='matched to'):
        step(tools, next(jobs), python_version=MINOR, cache='pip').main()
    with pytest.raises(StepFailed, match='not supported'):
        step(tools, next(jobs), python_version=MINOR, cache='conda').main()


@pytest.mark.skipif(
    not Path(sys.base_prefix, 'bin/python').exists(),
    reason='the Python of these tests is not laid out like those that uv installs',
)
def test_a_python_that_is_not_here_is_had_by_uv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin_ = fake_uv(
        tmp_path, f'ln -s {sys.base_prefix} "$UV_PYTHON_INSTALL_DIR"/cpython-{VERSION}-x'
    )
    monkeypatch.setenv('PATH', str(bin_))
    bench = step(tmp_path / 'tools', tmp_path / 'job', python_version=VERSION)
    bench.main()
    assert bench.outputs['python-version'] == VERSION
    assert tell(bench, 'python', '-c', 'import sys; print(sys.prefix)').startswith(str(bench.temp))
    assert (tmp_path / 'asked').read_text() == f'install {VERSION}\n'


def test_what_uv_cannot_get_fails_and_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin_ = fake_uv(tmp_path, 'echo no route to the list >&2; exit 2')
    monkeypatch.setenv('PATH', f'{bin_}:/bin')
    bench = step(tmp_path / 'tools', tmp_path / 'job', python_version='9.14t')
    with pytest.raises(StepFailed, match=r'uv python install 9\.14t'):
        bench.main()
    assert (tmp_path / 'asked').read_text() == 'install 9.14t\n'
    assert 'no route to the list' in bench.lines


def fake_uv(root: Path, install: str) -> Path:
    folder = root / 'bin'
    folder.mkdir()
    for tool in ('ln', 'mkdir'):  # and no Python
        (folder / tool).symlink_to(f'/bin/{tool}')
    (folder / 'uv').write_text(
        '#!/bin/sh\ncase "$1 $2" in\n'
        '--version*) echo uv 0.9.1;;\n'
        '"python list") echo "[]";;\n'
        f'"python install") echo $2 $3 > {root}/asked\n'
        f'mkdir -p "$UV_PYTHON_INSTALL_DIR"; {install};;\nesac\n'
    )
    (folder / 'uv').chmod(0o755)
    return folder
