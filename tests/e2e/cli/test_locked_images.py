"""Images whose tags move under a lock: a real registry, a real engine, real containers."""

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import containers
from e2e.cli.conftest import Project
from liftlock.language.locks import IMAGES
from liftlock.language.locks.images import parse
from liftlock.runner.docker.engine import Engine
from registry import Registry, open_registry

WRITTEN = '.github/workflows/ci.yml'
PROGRAMS = ('sh', 'cat', 'tail', 'env', 'id', 'mkdir', 'ls', 'chmod', 'chown', 'sleep', 'touch')
WORKFLOW = """
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    container: {host}/acme/place:1
    steps:
      - run: echo "container $(cat /version)"
        shell: sh
      - uses: docker://{host}/acme/place:1
        with: {{args: -c "echo action $(cat /version)", entrypoint: /bin/sh}}
      - run: mkdir dist && echo made > dist/made.txt
        shell: sh
      - uses: actions/upload-artifact@v4
        with: {{name: dist, path: dist}}
"""


@pytest.fixture(scope='module')
def engine() -> Engine:
    return containers.docker()


@pytest.fixture(scope='module')
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with open_registry(tmp_path_factory.mktemp('registry')) as running:
        yield running


@pytest.fixture
def image(registry: Registry, engine: Engine) -> Iterator[str]:
    name = f'{registry.host}/acme/place:1'
    yield name
    told = containers.ask(engine, 'images', '--quiet', '--no-trunc', name.rpartition(':')[0])
    for id_ in set(told.stdout.split()):
        containers.ask(engine, 'rmi', '--force', id_)


def push(engine: Engine, name: str, version: str, folder: Path) -> str:
    """A new version under the same tag, and none of it left here; its digest."""
    archive = folder / f'{version}.tar'
    with tarfile.open(archive, 'w') as tar:
        files = {name: shutil.which(name) or '' for name in PROGRAMS}
        assert all(files.values())
        for program, path in files.items():
            tar.add(os.path.realpath(path), f'bin/{program}')
        for library in libraries(files.values()):
            tar.add(os.path.realpath(library), library.lstrip('/'))
        (folder / 'version').write_text(version)
        tar.add(folder / 'version', 'version')
        for empty in ('tmp', 'etc', 'root'):
            tar.addfile(folder_in_tar(empty))
    assert containers.ask(engine, 'import', str(archive), name).returncode == 0
    pushed = containers.ask(engine, 'push', name)
    assert pushed.returncode == 0, pushed.stderr
    (digest,) = (word for word in pushed.stdout.split() if word.startswith('sha256:'))
    assert containers.ask(engine, 'rmi', name).returncode == 0
    return digest


def folder_in_tar(name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, 0o777
    return info


def libraries(programs: 'Iterator[str] | list[str]') -> set[str]:
    told = subprocess.run(('ldd', *programs), capture_output=True, text=True, check=True).stdout
    words = [word for line in told.splitlines() for word in line.split()]
    return {word for word in words if word.startswith('/') and not word.endswith(':')}


@pytest.fixture
def locked(project: Project, registry: Registry, tmp_path: Path) -> Project:
    """Whose workflow was locked while the tag pointed at version one, which is gone from here."""
    (tmp_path / 'upload').mkdir()
    upload = Project(tmp_path / 'upload')
    upload.write('action.yml', 'name: x\nruns: {using: node20, main: x.js}\n')
    upload.commit()
    upload.git('tag', 'v4')
    settings = Path(project.homes['XDG_CONFIG_HOME']) / 'liftlock/config.yml'
    settings.parent.mkdir(parents=True)
    settings.write_text(
        f'container-engine: docker\nactions: {{actions/upload-artifact: {upload.directory}}}\n'
    )
    project.workflow(WORKFLOW.format(host=registry.host))
    ended = project.liftlock('lock')
    assert ended.status == 0, ended
    project.commit('Lock')
    return project


@pytest.fixture
def version_one(engine: Engine, image: str, tmp_path: Path) -> str:
    return push(engine, image, 'one', tmp_path)


def test_a_locked_image_runs_as_it_was_when_it_was_locked(
    version_one: str, locked: Project, engine: Engine, image: str, tmp_path: Path
) -> None:
    assert parse((locked.directory / IMAGES).read_text()).images == {image: version_one}
    version_two = push(engine, image, 'two', tmp_path)
    ended = locked.liftlock('run', '-v')
    assert ended.status == 0, ended
    assert 'build | container one\n' in ended.out
    assert 'build | action one\n' in ended.out
    assert f'{image} is locked to {version_one}' in ended.out
    assert locked.liftlock('lock', '--check').status == 0

    assert locked.liftlock('artifacts', '--attest').status == 0
    told = json.loads(locked.liftlock('verify', 'dist', '--json').out)['predicate']
    used = told['buildDefinition']['resolvedDependencies'][1:]
    assert used == [{'uri': f'docker://{image}', 'digest': {'sha256': version_one[7:]}}]
    assert told['runDetails']['builder']['id'] == 'urn:liftlock:builder:docker'

    ended = locked.liftlock('lock', '--update')
    assert f'{version_one} becomes {version_two}' in ended.out
    assert 'build | container two\n' in locked.liftlock('run', '-v').out


def test_the_image_of_an_action_that_is_not_locked_is_not_run(
    version_one: str, locked: Project, registry: Registry
) -> None:
    assert version_one
    steps = f'[{{uses: docker://{registry.host}/acme/place:1}}]'
    workflow = f'on: push\njobs: {{build: {{runs-on: ubuntu-latest, steps: {steps}}}}}\n'
    file = locked.directory / IMAGES
    file.write_text(f'version: v0.0.1\nworkflows: {{{WRITTEN}: []}}\n')
    locked.workflow(workflow)
    ended = locked.liftlock('run')
    assert ended.status == 1
    assert f'{registry.host}/acme/place:1 is not in {IMAGES}' in ended.out
    assert locked.liftlock('check').status == 2
