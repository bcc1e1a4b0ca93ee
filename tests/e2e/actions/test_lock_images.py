"""`liftlock lock` on images, in registries that run on this machine."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from click.testing import CliRunner

from e2e.actions.ground import Repository
from liftlock.cli.lock import command
from liftlock.errors import UserError
from liftlock.language.image import Image
from liftlock.language.locks import ACTIONS, IMAGES
from liftlock.language.locks.images import parse
from liftlock.runner.registry.credentials import Credentials
from liftlock.runner.registry.digest import NoDigest, ask, may_be_told
from registry import (
    PASSWORD,
    USER,
    Registry,
    free_port,
    guarded_registry,
    locked_registry,
    logged_in,
    open_registry,
)

CI = '.github/workflows/ci.yml'
Lock = Callable[..., tuple[int, str]]


@pytest.fixture(scope='module')
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with open_registry(tmp_path_factory.mktemp('registry')) as running:
        yield running


@pytest.fixture
def lock(project: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lock:
    """`lock(workflow)` writes the workflow and locks it; without one it locks what is there."""
    (project.top / '.github/workflows').mkdir(parents=True)
    settings = tmp_path / 'config/liftlock'
    settings.mkdir(parents=True)
    nothing = 'container-engine: /nowhere/docker'
    (settings / 'config.yml').write_text(f"actions: {{'*': {tmp_path}/remotes}}\n{nothing}\n")
    monkeypatch.setenv('XDG_CONFIG_HOME', str(tmp_path / 'config'))
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setenv('DOCKER_CONFIG', str(tmp_path / 'docker'))
    monkeypatch.setenv('GITHUB_API_URL', 'http://127.0.0.1:9')  # the port of nobody
    monkeypatch.setenv('HTTPS_PROXY', 'http://127.0.0.1:9')
    monkeypatch.chdir(project.top)

    def run(job: str = '', *arguments: str) -> tuple[int, str]:
        if job:
            head = 'on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    '
            (project.top / CI).write_text(head + job.strip().replace('\n', '\n    ') + '\n')
        done = CliRunner().invoke(command, arguments, standalone_mode=False)
        if done.exception is not None:
            raise done.exception
        return done.return_value, done.output

    return run


def locked(project: Repository) -> dict[str, str]:
    written = parse((project.top / IMAGES).read_text())
    assert set(written.workflows[CI]) == set(written.images)
    return dict(written.images)


def test_every_image_is_recorded_with_its_digest(
    project: Repository, lock: Lock, registry: Registry
) -> None:
    host = registry.host
    base = registry.push('acme/base', '1', 'base')
    tool = registry.push('acme/tool', 'latest', 'tool')
    said = lock(
        f"""
container: {host}/acme/base:1
services:
  db: {{image: 'docker://{host}/acme/base:1'}}
  pinned: {{image: '{host}/acme/other@{base}'}}
steps:
  - uses: docker://{host}/acme/tool
"""
    )[1]
    assert locked(project) == {f'{host}/acme/base:1': base, f'{host}/acme/tool': tool}
    assert f'{IMAGES}: 2 images' in said
    assert 'acme' not in (project.top / ACTIONS).read_text()  # GitHub refuses what it doesn't know
    assert lock('', '--check') == (0, 'the locks are up to date\n')


def test_a_list_of_platforms_is_recorded_as_a_whole(
    project: Repository, lock: Lock, registry: Registry
) -> None:
    both = registry.push_list(
        'acme/many', '1', registry.push('acme/many', 'a', 'a'), registry.push('acme/many', 'b', 'b')
    )
    lock(f'container: {registry.host}/acme/many:1\nsteps: [run: echo]')
    assert locked(project) == {f'{registry.host}/acme/many:1': both}


def test_a_tag_that_moved_stays_where_it_was_until_an_update(
    project: Repository, lock: Lock, registry: Registry
) -> None:
    name = f'{registry.host}/acme/moving:1'
    before = registry.push('acme/moving', '1', 'before')
    lock(f'container: {name}\nsteps: [run: echo]')
    after = registry.push('acme/moving', '1', 'after')
    assert lock('', '--check')[0] == 0
    lock()
    assert locked(project) == {name: before}
    assert f'{name}: {before} becomes {after}' in lock('', '--update')[1]
    assert locked(project) == {name: after}


def test_images_of_a_matrix_that_is_written_out_are_all_recorded(
    project: Repository, lock: Lock, registry: Registry
) -> None:
    found = {tag: registry.push('acme/legs', tag, tag) for tag in ('11', '12', 'edge')}
    said = lock(
        f"""
strategy: {{matrix: {{tag: [11, 12], include: [{{tag: edge}}]}}}}
container: {registry.host}/acme/legs:${{{{ matrix.tag }}}}
services: {{other: {{image: '${{{{ vars.IMAGE }}}}'}}}}
steps: [run: echo]
"""
    )[1]
    assert locked(project) == {
        f'{registry.host}/acme/legs:{tag}': digest for tag, digest in found.items()
    }
    assert f'{CI}: an image of job "build" is computed in a run' in said


def test_the_image_of_a_docker_action_is_recorded_where_the_action_is_used(
    project: Repository, lock: Lock, registry: Registry, tmp_path: Path
) -> None:
    name = f'{registry.host}/acme/scanner:2'
    digest = registry.push('acme/scanner', '2', 'scanner')
    remote = Repository(tmp_path / 'remotes/acme/scan')
    remote.commit(action_yml=f'name: x\nruns: {{using: docker, image: "docker://{name}"}}\n')
    remote.git('tag', 'v1')
    lock('steps: [uses: acme/scan@v1]')
    assert locked(project) == {name: digest}
    (tmp_path / 'cache').rename(tmp_path / 'gone')
    remote.top.rename(tmp_path / 'nowhere')
    code, said = lock('', '--check')  # nobody can look into the action any more
    assert (code, locked(project)) == (0, {name: digest})
    assert 'acme/scan@v1 stays as recorded; it was not looked into' in said


def test_every_path_of_a_repository_is_looked_into(
    project: Repository, lock: Lock, registry: Registry, tmp_path: Path
) -> None:
    digest = registry.push('acme/deep', '1', 'deep')
    remote = Repository(tmp_path / 'remotes/acme/tools')
    for folder, runs in (
        ('a', '{using: node20, main: x.js}'),
        ('b', f'{{using: docker, image: "docker://{registry.host}/acme/deep:1"}}'),
    ):
        (remote.top / folder).mkdir()
        (remote.top / folder / 'action.yml').write_text(f'name: x\nruns: {runs}\n')
    remote.commit()
    remote.git('tag', 'v1')
    lock('steps: [uses: acme/tools/a@v1]')
    assert not (project.top / IMAGES).exists()
    lock('steps: [{uses: acme/tools/a@v1}, {uses: acme/tools/b@v1}]')
    assert locked(project) == {f'{registry.host}/acme/deep:1': digest}


def test_what_has_no_digest_is_listed_and_nothing_is_written(
    project: Repository, lock: Lock, registry: Registry
) -> None:
    nobody = f'127.0.0.1:{free_port()}'
    with pytest.raises(UserError) as caught:
        lock(
            f"""
container: {registry.host}/acme/absent:1
services: {{a: {{image: '{nobody}/b'}}, c: {{image: 'Not An Image'}}}}
steps: [run: echo]
"""
        )
    assert sorted(str(caught.value).splitlines()[1:]) == sorted(
        [
            f'{registry.host}/acme/absent:1: {registry.host} has no acme/absent:1',
            f'{nobody}/b: {nobody} cannot be reached: [Errno 111] Connection refused',
            'Not An Image is no name of an image',
        ]
    )
    assert not (project.top / IMAGES).exists()
    assert not (project.top / ACTIONS).exists()


# --- who asks


@pytest.fixture(scope='module')
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Registry, dict[str, str]]]:
    """A registry that wants tokens, with two images in it, and their digests."""
    with guarded_registry(tmp_path_factory.mktemp('guarded') / 'root') as (running, realm):
        pushed = {}
        for repository in ('public/tool', 'secret/tool'):
            running.log_in(realm, repository)
            pushed[repository] = running.push(repository, '1', repository)
        yield running, pushed


def test_a_token_for_nobody_in_particular_is_enough_for_what_is_public(
    project: Repository, lock: Lock, guarded: tuple[Registry, dict[str, str]]
) -> None:
    registry, pushed = guarded
    name = f'{registry.host}/public/tool:1'
    lock(f'container: {name}\nsteps: [run: echo]')
    assert locked(project) == {name: pushed['public/tool']}


def test_what_is_not_public_wants_the_log_in_that_docker_keeps(
    project: Repository,
    lock: Lock,
    guarded: tuple[Registry, dict[str, str]],
    tmp_path: Path,
) -> None:
    registry, pushed = guarded
    name = f'{registry.host}/secret/tool:1'
    with pytest.raises(UserError, match=r'refuses access to secret/tool \(HTTP 401\)'):
        lock(f'container: {name}\nsteps: [run: echo]')
    logged_in(tmp_path / 'docker', registry.host)
    lock()
    assert locked(project) == {name: pushed['secret/tool']}


def test_a_wrong_password_is_told_from_none(
    lock: Lock, guarded: tuple[Registry, dict[str, str]], tmp_path: Path
) -> None:
    registry, _ = guarded
    (tmp_path / 'docker').mkdir()
    wrong = {'auths': {registry.host: {'auth': base64.b64encode(b'ada:wrong').decode()}}}
    (tmp_path / 'docker/config.json').write_text(json.dumps(wrong))
    with pytest.raises(UserError, match=r'gives no token \(HTTP 401\)'):
        lock(f'container: {registry.host}/secret/tool:1\nsteps: [run: echo]')


def test_a_registry_that_wants_a_password(project: Repository, lock: Lock, tmp_path: Path) -> None:
    with locked_registry(tmp_path / 'registry') as registry:
        name = f'{registry.host}/acme/tool:1'
        digest = registry.push('acme/tool', '1', 'tool')
        with pytest.raises(UserError, match=f'wants a log-in: docker login {registry.host}'):
            lock(f'container: {name}\nsteps: [run: echo]')
        logged_in(tmp_path / 'docker', registry.host)
        lock()
        assert locked(project) == {name: digest}


def test_a_helper_of_docker_is_asked_for_the_password(
    project: Repository, lock: Lock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with locked_registry(tmp_path / 'registry') as registry:
        digest = registry.push('acme/tool', '1', 'tool')
        helper = tmp_path / 'bin/docker-credential-vault'
        helper.parent.mkdir()
        answer = json.dumps({'ServerURL': '', 'Username': USER, 'Secret': PASSWORD})
        helper.write_text(f"#!/bin/sh\ngrep -qx {registry.host} && echo '{answer}'\n")
        helper.chmod(0o755)
        monkeypatch.setenv('PATH', str(helper.parent), prepend=':')
        (tmp_path / 'docker').mkdir()
        settings = {'credHelpers': {registry.host: 'vault'}}
        (tmp_path / 'docker/config.json').write_text(json.dumps(settings))
        lock(f'container: {registry.host}/acme/tool:1\nsteps: [run: echo]')
        assert locked(project) == {f'{registry.host}/acme/tool:1': digest}


# --- what a registry may try


class Hostile(BaseHTTPRequestHandler):
    """Sends whoever asks to somebody else, or wants the password sent there."""

    host = ''
    leads = ''
    realm = ''
    told: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self.told.append(self.headers.get('Authorization', ''))
        if self.leads:
            self.send_response(307)
            self.send_header('Location', self.leads)
        else:
            self.send_response(401)
            self.send_header('WWW-Authenticate', f'Bearer realm="{self.realm}",service="x"')
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def hostile() -> Iterator[type[Hostile]]:
    class Handler(Hostile):
        told: ClassVar[list[str]] = []

    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    Handler.host = f'127.0.0.1:{server.server_address[1]}'
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Handler
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_log_in_is_not_carried_on_to_another_host(
    hostile: type[Hostile], registry: Registry
) -> None:
    registry.push('acme/aim', '1', 'aim')
    hostile.leads = f'http://{registry.host}/v2/acme/aim/manifests/1'
    image = Image(hostile.host, 'acme/aim', '1')
    with pytest.raises(NoDigest, match='HTTP 307'):
        ask(image, Credentials(USER, PASSWORD))


@pytest.mark.parametrize('realm', ['', 'ftp://127.0.0.1/', 'file:///etc/passwd'])
def test_a_password_is_not_sent_wherever_a_registry_likes(
    hostile: type[Hostile], realm: str
) -> None:
    hostile.realm = realm
    image = Image(hostile.host, 'acme/aim', '1')
    with pytest.raises(NoDigest, match='in an unknown way'):
        ask(image, Credentials(USER, PASSWORD))
    assert hostile.told == ['']  # and nobody was told without having asked for it


def test_a_password_does_not_leave_a_secure_connection() -> None:
    assert not may_be_told('http://auth.example.org/token', 'https://registry.example.org/v2/')
    assert may_be_told('https://auth.example.org/token', 'https://registry.example.org/v2/')
