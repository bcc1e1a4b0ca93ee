"""A node for each job, from the one on PATH."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.actions.bench import Bench
from liftlock.runner.actions.nodes import find_major
from liftlock.runner.ports import World
from liftlock.runner.workbench import StepFailed

USES = 'actions/setup-node@v4'
NODE = shutil.which('node')
if NODE is None and os.environ.get('CI') != 'true':
    pytest.skip('node is missing: install nodejs and npm', allow_module_level=True)


@pytest.fixture(scope='module')
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp('tools')


@pytest.fixture(scope='module')
def version() -> str:
    assert NODE is not None
    return subprocess.run((NODE, '--version'), capture_output=True, text=True, check=True).stdout[
        1:-1
    ]


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Path]:
    return (tmp_path / f'job{number}' for number in range(9))


@pytest.fixture(autouse=True)
def no_nvm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv('NVM_DIR', str(tmp_path / 'no-nvm'))


def step(tools: Path, job: Path, uses: str = USES, **inputs: str) -> Bench:
    world = World(None, None, None, None, tools, job.parent / 'packages')  # type: ignore[arg-type]
    return Bench(uses, job, world, {key.replace('_', '-'): text for key, text in inputs.items()})


def tell(bench: Bench, *command: str) -> str:
    done = subprocess.run(command, env=bench.env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_node_on_the_path_gets_a_prefix_of_the_jobs_own(
    tools: Path, jobs: Iterator[Path], version: str
) -> None:
    bench = step(tools, next(jobs), node_version=f'{version.partition(".")[0]}.x')
    bench.main()
    place = bench.temp / 'node' / version
    assert bench.outputs == {'node-version': f'v{version}'}
    assert Path(tell(bench, 'which', 'node')).is_relative_to(place)
    assert Path(tell(bench, 'npm', 'prefix', '--global')).is_relative_to(place)
    assert [file.name for file in bench.matchers] == [
        'tsc.json', 'eslint-stylish.json', 'eslint-compact.json',
    ]  # fmt: skip
    assert all(file.is_file() for file in bench.matchers)


@pytest.mark.parametrize(
    ('name', 'text'),
    [
        ('.nvmrc', 'v{0}\n'),
        ('.node-version', '{0}'),
        ('.tool-versions', 'python 3.12.1\nnodejs {0}\n'),
        ('package.json', '{{"engines": {{"node": ">=12 <={0}"}}}}'),
        ('package.json', '{{"volta": {{"node": "{0}"}}, "engines": {{"node": "1"}}}}'),
        ('package.json', '{{"devEngines": {{"runtime": {{"name": "node", "version": "{0}"}}}}}}'),
        ('mise.toml', '[tools]\nnode = "{0}"\n'),
    ],
)
def test_the_version_can_stand_in_a_file_of_the_project(
    tools: Path, jobs: Iterator[Path], version: str, name: str, text: str
) -> None:
    bench = step(tools, next(jobs), node_version_file=name)
    (bench.workspace / name).write_text(text.format(version))
    bench.main()
    assert bench.outputs['node-version'] == f'v{version}'
    assert bench.paths


@pytest.mark.parametrize(
    ('alias', 'major'),
    [('lts/iron', '20'), ('lts/Jod', '22'), ('lts/*', '24'), ('lts/-1', '22'), ('lts/nope', None)],
)
def test_names_of_long_term_support_are_majors(alias: str, major: str | None) -> None:
    assert find_major(alias) == major


@pytest.mark.parametrize(
    'inputs',
    [{'node_version': 'nonsense'}, {'node_version': 'lts/nope'}, {'node_version_file': 'x'}],
)
def test_what_is_no_version_fails(
    tools: Path, jobs: Iterator[Path], inputs: dict[str, str]
) -> None:
    with pytest.raises(StepFailed):
        step(tools, next(jobs), **inputs).main()


def test_a_registry_is_written_without_its_token(tools: Path, jobs: Iterator[Path]) -> None:
    bench = step(tools, next(jobs), registry_url='https://npm.example.org', scope='Acme')
    bench.main()
    file = Path(bench.exported['NPM_CONFIG_USERCONFIG'])
    assert file.read_text().splitlines() == [
        '//npm.example.org/:_authToken=${NODE_AUTH_TOKEN}',
        '@acme:registry=https://npm.example.org/',
    ]


def test_the_package_cache_needs_its_lock_file_and_knows_it_again(
    tools: Path, jobs: Iterator[Path]
) -> None:
    with pytest.raises(StepFailed, match='Dependencies lock file is not found'):
        step(tools, next(jobs), cache='npm').main()
    with pytest.raises(StepFailed, match='Some specified paths were not resolved'):
        step(tools, next(jobs), cache='npm', cache_dependency_path='nowhere/x.json').main()
    hits = []
    for _ in range(2):
        bench = step(tools, next(jobs), cache='npm')
        (bench.workspace / 'package-lock.json').write_text('{}')
        bench.main()
        bench.post()
        hits.append(bench.outputs['cache-hit'])
    assert hits == ['false', 'true']


@pytest.mark.parametrize(
    ('uses', 'manager', 'asked'),
    [
        ('actions/setup-node@v5', 'npm@10.2.0', True),
        ('actions/setup-node@v5', 'pnpm@9', False),
        ('actions/setup-node@v4', 'npm@10.2.0', False),
    ],
)
def test_from_v5_on_npm_is_cached_where_the_project_names_it(
    tools: Path, jobs: Iterator[Path], uses: str, manager: str, asked: bool
) -> None:
    bench = step(tools, next(jobs), uses)
    (bench.workspace / 'package.json').write_text(f'{{"packageManager": "{manager}"}}')
    (bench.workspace / 'package-lock.json').write_text('{}')
    bench.main()
    assert ('cache-hit' in bench.outputs) == asked
