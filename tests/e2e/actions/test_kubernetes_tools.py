"""kubectl and helm of this machine, and a kubeconfig of the job's own."""

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from e2e.actions.bench import Bench
from liftlock.runner.actions.interpreters import architecture
from liftlock.runner.ports import World
from liftlock.runner.workbench import StepFailed

SET = 'azure/k8s-set-context@v4'
FAKES = {
    'kubectl': """echo '{"clientVersion": {"gitVersion": "v%s-gke.1"}}'""",
    'helm': "echo 'v%s+g12345'",
}
CONFIG = """
apiVersion: v1
kind: Config
current-context: one
clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]
users: [{name: u, user: {token: abc}}]
contexts:
  - {name: one, context: {cluster: c, user: u}}
  - {name: two, context: {cluster: c, user: u, namespace: shop}}
"""


def step(root: Path, uses: str, **inputs: str) -> Bench:
    world = World(None, None, None, None, root / 'tools', root / 'packages')  # type: ignore[arg-type]
    given = {name.replace('_', '-'): text for name, text in inputs.items()}
    return Bench(uses, root / 'job', world, given, env={'PATH': f'{root}/bin:/usr/bin:/bin'})


def put(folder: Path, name: str, version: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f'#!/bin/sh\n{FAKES[name] % version}\n')
    (folder / name).chmod(0o755)


def cache(root: Path, name: str, version: str) -> Path:
    folder = root / 'tools' / name / version / architecture()
    put(folder, name, version)
    folder.with_name(f'{folder.name}.complete').touch()
    return folder


@pytest.mark.parametrize('name', ['kubectl', 'helm'])
def test_the_one_on_the_path_is_taken(tmp_path: Path, name: str) -> None:
    put(tmp_path / 'bin', name, '1.27.3')
    bench = step(tmp_path, f'azure/setup-{name}@v4')
    bench.main()
    assert bench.outputs == {f'{name}-path': str(tmp_path / 'bin' / name)}
    assert bench.paths == []


@pytest.mark.parametrize('name', ['kubectl', 'helm'])
@pytest.mark.parametrize('wanted', ['1.28', 'v1.28', 'v1.28.4'])
def test_another_one_comes_from_the_tool_cache(tmp_path: Path, name: str, wanted: str) -> None:
    put(tmp_path / 'bin', name, '1.27.3')
    cache(tmp_path, name, '1.28.1')
    newest = cache(tmp_path, name, '1.28.4')
    bench = step(tmp_path, f'azure/setup-{name}@v4', version=wanted)
    bench.main()
    assert bench.paths == [newest]
    assert bench.outputs[f'{name}-path'] == str(newest / name)


@pytest.mark.parametrize('name', ['kubectl', 'helm'])
def test_one_that_is_not_here_is_asked_for(tmp_path: Path, name: str) -> None:
    put(tmp_path / 'bin', name, '1.27.3')
    bench = step(tmp_path, f'azure/setup-{name}@v4', version='v1.30.0')
    with pytest.raises(StepFailed, match=rf'{name} v1.30.0 is not on this machine \(here: v1.27.3'):
        bench.main()


@pytest.mark.parametrize(
    ('name', 'message'), [('kubectl', 'Invalid version format: "new"'), ('helm', 'no version of')]
)
def test_what_is_no_version(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(StepFailed, match=message):
        step(tmp_path, f'azure/setup-{name}@v4', version='new').main()


# --- azure/k8s-set-context


def read(bench: Bench) -> Any:
    return json.loads(Path(bench.exported['KUBECONFIG']).read_text())


def test_a_kubeconfig_is_kept_for_the_job_alone(tmp_path: Path) -> None:
    bench = step(tmp_path, SET, method='kubeconfig', kubeconfig=CONFIG)
    bench.main()
    file = Path(bench.exported['KUBECONFIG'])
    assert file.is_relative_to(bench.temp)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == CONFIG.strip()
    assert not (bench.home / '.kube').exists()


def test_it_may_be_encoded(tmp_path: Path) -> None:
    encoded = base64.b64encode(CONFIG.encode()).decode()
    bench = step(tmp_path, SET, kubeconfig=encoded, kubeconfig_encoding='base64')
    bench.main()
    assert Path(bench.exported['KUBECONFIG']).read_text() == CONFIG


def test_another_context_can_be_chosen(tmp_path: Path) -> None:
    bench = step(tmp_path, SET, kubeconfig=CONFIG, context='two')
    bench.main()
    assert read(bench)['current-context'] == 'two'
    assert read(bench)['users'][0]['user'] == {'token': 'abc'}


def test_a_service_account_makes_one(tmp_path: Path) -> None:
    token = base64.b64encode(b'sesame').decode()
    secret = f'apiVersion: v1\nkind: Secret\ndata:\n  ca.crt: Q0E=\n  token: {token}\n'
    bench = step(
        tmp_path, SET, method='service-account', k8s_url='https://k8s.example.org:6443',
        k8s_secret=secret,
    )  # fmt: skip
    bench.main()
    made = read(bench)
    assert made['clusters'][0]['cluster'] == {
        'server': 'https://k8s.example.org:6443',
        'certificate-authority-data': 'Q0E=',
    }
    assert made['users'][0]['user'] == {'token': 'sesame'}
    assert made['current-context'] == made['contexts'][0]['name']
    assert 'masked' in bench.lines


@pytest.mark.parametrize(
    ('inputs', 'message'),
    [
        ({}, 'Input required and not supplied: kubeconfig'),
        ({'cluster-type': 'arc'}, 'cluster-type: arc needs Azure'),
        ({'kubeconfig': 'x', 'kubeconfig-encoding': 'rot13'}, "Invalid kubeconfig-encoding: 'r"),
        ({'kubeconfig': CONFIG, 'context': 'three'}, r"no context 'three' \(it has one, two\)"),
        ({'method': 'service-account'}, 'Input required and not supplied: k8s-url'),
        (
            {'method': 'service-account', 'k8s-url': 'x', 'k8s-secret': 'data: {token: a}'},
            'does not contain ca.crt field',
        ),
    ],
)  # fmt: skip
def test_inputs_that_are_wrong(tmp_path: Path, inputs: dict[str, str], message: str) -> None:
    with pytest.raises(StepFailed, match=message):
        step(tmp_path, SET, **inputs).main()
