"""An engine logs in at a registry by a password that AWS gives."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from e2e.actions.bench import Bench
from e2e.actions.cloud import ACCOUNT, KEYS, REGION, Cloud, open_cloud
from e2e.actions.engines import have
from liftlock.runner.workbench import StepFailed
from registry import PASSWORD, USER, Registry, locked_registry

USES = 'aws-actions/amazon-ecr-login@v2'


@pytest.fixture(scope='module', autouse=True)
def engine() -> None:
    have('docker')


@pytest.fixture(scope='module')
def cloud() -> Iterator[Cloud]:
    with open_cloud() as running:
        yield running


@pytest.fixture(scope='module')
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with locked_registry(tmp_path_factory.mktemp('registry') / 'locked') as running:
        yield running


@pytest.fixture
def passwords(registry: Registry) -> Iterator[tuple[Cloud, list[dict[str, object]]]]:
    """AWS as far as it gives passwords: moto's are for registries that nobody can reach."""
    asked: list[dict[str, object]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers['Content-Length']))
            asked.append(json.loads(body or b'{}'))
            accounts = asked[-1].get('registryIds') or [ACCOUNT]
            token = base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()
            hosts = (registry.host, registry.host.replace('127.0.0.1', 'localhost'))
            entries = [
                {'authorizationToken': token, 'proxyEndpoint': f'http://{host}'}
                for host, _ in zip(hosts, accounts, strict=False)
            ]
            answer = json.dumps({'authorizationData': entries}).encode()
            self.send_response(200)
            self.send_header('Content-Type', 'application/x-amz-json-1.1')
            self.send_header('Content-Length', str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Cloud(f'http://127.0.0.1:{server.server_address[1]}'), asked
    server.shutdown()
    server.server_close()
    thread.join()


def known(bench: Bench) -> list[str]:
    file = bench.home / '.docker/config.json'
    return sorted(json.loads(file.read_text()).get('auths', {})) if file.exists() else []


def test_the_engine_is_logged_in_until_the_end(
    tmp_path: Path, registry: Registry, passwords: tuple[Cloud, list[dict[str, object]]]
) -> None:
    bench = passwords[0].step(tmp_path, USES, {})
    bench.main()
    assert bench.outputs['registry'] == registry.host
    suffix = registry.host.replace('.', '_').replace(':', '_')
    assert bench.outputs[f'docker_username_{suffix}'] == USER
    assert bench.outputs[f'docker_password_{suffix}'] == PASSWORD
    assert [name.removeprefix('http://') for name in known(bench)] == [registry.host]
    assert 'masked' in bench.lines
    assert not bench.warnings
    bench.post()
    assert known(bench) == []


def test_several_registries_and_no_logout(
    tmp_path: Path, passwords: tuple[Cloud, list[dict[str, object]]]
) -> None:
    cloud, asked = passwords
    inputs = {'registries': '111111111111, 222222222222', 'skip-logout': 'true'}
    bench = cloud.step(tmp_path, USES, inputs)
    bench.main()
    assert asked[-1] == {'registryIds': ['111111111111', '222222222222']}
    assert 'registry' not in bench.outputs
    assert len(known(bench)) == 2
    bench.post()
    assert len(known(bench)) == 2


def test_v1_shows_the_password_and_warns(
    tmp_path: Path, passwords: tuple[Cloud, list[dict[str, object]]]
) -> None:
    bench = passwords[0].step(tmp_path, 'aws-actions/amazon-ecr-login@v1', {})
    bench.main()
    assert 'masked' not in bench.lines
    assert bench.warnings[0].startswith('Your docker password is not masked.')


def test_a_registry_that_nobody_can_reach_is_named(cloud: Cloud, tmp_path: Path) -> None:
    host = f'{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com'
    bench = cloud.step(tmp_path, USES, {}, HTTPS_PROXY='', NO_PROXY='*')
    with pytest.raises(StepFailed, match=f'Could not login to registry {host}: '):
        bench.main()


def test_without_credentials_it_fails(cloud: Cloud, tmp_path: Path) -> None:
    bench = cloud.step(tmp_path, USES, {}, logged_in=False, AWS_REGION=REGION)
    with pytest.raises(StepFailed, match='Unable to locate credentials'):
        bench.main()


def test_kinds_of_registries(cloud: Cloud, tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match=r'possible options are \[private, public\]'):
        cloud.step(tmp_path, USES, {'registry-type': 'secret'}).main()


def test_docker_login_knows_amazons_registries(
    tmp_path: Path, registry: Registry, passwords: tuple[Cloud, list[dict[str, object]]]
) -> None:
    """docker/login-action, with keys as user name and password."""
    cloud, asked = passwords
    inputs = {
        'registry': f'{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com',
        'username': KEYS['AWS_ACCESS_KEY_ID'],
        'password': KEYS['AWS_SECRET_ACCESS_KEY'],
    }
    bench = cloud.step(
        tmp_path, 'docker/login-action@v3', inputs, logged_in=False, AWS_ACCOUNT_IDS='111111111111'
    )
    bench.main()
    assert asked[-1] == {'registryIds': [ACCOUNT, '111111111111']}
    assert len(known(bench)) == 2
