"""A real engine logs in at a real registry, and out of it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.actions.bench import Bench
from e2e.actions.engines import ENGINES, step
from liftlock.runner.workbench import StepFailed
from registry import PASSWORD, USER, Registry, locked_registry

USES = 'docker/login-action@v3'


@pytest.fixture(scope='module')
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with locked_registry(tmp_path_factory.mktemp('registry') / 'locked') as running:
        yield running


def known(bench: Bench, folder: str = 'home/.docker') -> list[str]:
    """What the job's engine is logged into."""
    file = bench.home.parent / folder / 'config.json'
    return sorted(json.loads(file.read_text()).get('auths', {})) if file.exists() else []


@pytest.mark.parametrize('engine', ENGINES)
def test_the_job_is_logged_in_until_its_end(
    tmp_path: Path, registry: Registry, engine: str
) -> None:
    inputs = {'registry': registry.host, 'username': USER, 'password': PASSWORD}
    bench = step(tmp_path, USES, inputs, engine=engine)
    bench.main()
    assert known(bench) == [registry.host]
    assert bench.lines == [f'Logging into {registry.host}...', 'Login Succeeded!']
    assert not any(PASSWORD in line for line in bench.lines)
    bench.post()
    assert known(bench) == []
    assert not bench.warnings


@pytest.mark.parametrize('engine', ENGINES)
def test_a_wrong_password_fails_with_the_engines_words(
    tmp_path: Path, registry: Registry, engine: str
) -> None:
    inputs = {'registry': registry.host, 'username': USER, 'password': 'wrong'}
    bench = step(tmp_path, USES, inputs, engine=engine)
    with pytest.raises(StepFailed, match=r'(?i)unauthorized|invalid username/password'):
        bench.main()
    assert known(bench) == []


def test_logout_can_be_left_out(tmp_path: Path, registry: Registry) -> None:
    inputs = {'registry': registry.host, 'username': USER, 'password': PASSWORD}
    bench = step(tmp_path, USES, {**inputs, 'logout': 'false'})
    bench.main()
    bench.post()
    assert known(bench) == [registry.host]


def test_another_directory_of_the_workflow_is_used(tmp_path: Path, registry: Registry) -> None:
    inputs = {'registry': registry.host, 'username': USER, 'password': PASSWORD}
    env = {'DOCKER_CONFIG': str(tmp_path / 'job' / 'mine')}
    bench = step(tmp_path, USES, inputs, env=env)
    bench.main()
    assert known(bench, 'mine') == [registry.host]
    assert not (bench.home / '.docker').exists()


def test_several_registries_at_once(tmp_path: Path, registry: Registry) -> None:
    entry = f'- registry: {registry.host}\n  username: {USER}\n  password: "{PASSWORD}"\n'
    bench = step(tmp_path, USES, {'registry-auth': entry + entry.replace('127.0.0.1', 'localhost')})
    bench.main()
    assert len(known(bench)) == 2
    assert bench.lines.count('masked') == 2
    bench.post()
    assert known(bench) == []


@pytest.mark.parametrize(
    ('scope', 'folder'), [('@push', '{host}@push'), ('acme/shop', '{host}/acme/shop')]
)
def test_a_scope_has_credentials_of_its_own(
    tmp_path: Path, registry: Registry, scope: str, folder: str
) -> None:
    inputs = {'registry': registry.host, 'username': USER, 'password': PASSWORD, 'scope': scope}
    bench = step(tmp_path, USES, inputs)
    bench.main()
    place = f'home/.docker/buildx/config/{folder.format(host=registry.host)}'
    assert known(bench, place) == [registry.host]
    assert known(bench) == []
    bench.post()
    assert known(bench, place) == []


@pytest.mark.parametrize(
    ('inputs', 'message'),
    [
        ({}, 'Username and password required'),
        ({'username': 'a'}, 'Password required'),
        ({'password': 'a'}, 'Username required'),
        ({'logout': 'maybe', 'username': 'a'}, 'YAML 1.2 "Core Schema" specification: logout'),
        ({'registry-auth': '- registry: a', 'username': 'b'}, 'Cannot use registry-auth'),
        ({'registry-auth': 'a'}, 'must be a list of objects'),
        ({'registry-auth': '[]'}, 'No registry to login'),
    ],
)
def test_inputs_that_are_wrong(tmp_path: Path, inputs: dict[str, str], message: str) -> None:
    with pytest.raises(StepFailed, match=message):
        step(tmp_path, USES, inputs).main()


def test_without_an_engine_the_message_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / 'bin').mkdir()
    (tmp_path / 'bin' / 'sh').symlink_to('/bin/sh')
    bench = step(
        tmp_path, USES, {'username': 'a', 'password': 'b'}, env={'PATH': str(tmp_path / 'bin')}
    )
    with pytest.raises(StepFailed, match=r'needs a container engine, but this job has no docker'):
        bench.main()


def test_an_engine_that_does_not_answer_is_named(tmp_path: Path) -> None:
    env = {'DOCKER_HOST': f'unix://{tmp_path}/nobody.sock'}
    bench = step(tmp_path, USES, {'username': 'a', 'password': 'b'}, env=env)
    with pytest.raises(StepFailed, match=r'docker: Cannot connect to the Docker daemon'):
        bench.main()
