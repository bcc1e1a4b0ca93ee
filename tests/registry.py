"""A real container registry on a port of this machine, and images in it, without any engine."""

import base64
import hashlib
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import pytest

MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
LIST = 'application/vnd.docker.distribution.manifest.list.v2+json'
USER, PASSWORD = 'ada', 'open:sesame'
HTPASSWD = 'ada:$2b$04$hFoNNBnyiJH6sh/NUhoHCuEUnoca28Rm8B9Tl4jtooFIgKsZCf3Qy\n'  # of these two


class Registry:
    """Running until it is closed. `host` is what images' names begin with."""

    def __init__(self, root: Path, auth: Mapping[str, Any] | None = None, host: str = '') -> None:
        program = shutil.which('docker-registry') or shutil.which('registry')
        if program is None:
            if os.environ.get('CI') == 'true':
                pytest.fail('install docker-registry')
            pytest.skip('install docker-registry to run this')
        root.mkdir(parents=True, exist_ok=True)
        self._authorization = ''
        config = {
            'version': 0.1,
            'log': {'level': 'error', 'accesslog': {'disabled': True}},
            'storage': {'filesystem': {'rootdirectory': str(root / 'data')}},
            **({'auth': auth} if auth else {}),
        }
        for _ in range(5):  # somebody may take the port before it is ours
            self.host = host or f'127.0.0.1:{free_port()}'
            (root / 'config.yml').write_text(json.dumps(config | {'http': {'addr': self.host}}))
            self._process = subprocess.Popen(
                (program, 'serve', str(root / 'config.yml')),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if self._answers():
                return
        raise AssertionError('docker-registry does not answer')

    def _answers(self) -> bool:
        """Whether it comes to that: False if it has ended."""
        for _ in range(600):
            try:
                urlopen(f'http://{self.host}/v2/').close()
            except HTTPError as error:
                error.close()
            except URLError:
                if self._process.poll() is not None:
                    return False
                time.sleep(0.05)
                continue
            return self._process.poll() is None
        self.close()
        return False

    def log_in(self, realm: str, repository: str) -> None:
        """Be somebody who may push to this repository: by password, where no realm is asked."""
        self._authorization = basic()
        if not realm:
            return
        url = f'{realm}?service=registry.example.org&scope=repository:{repository}:pull,push'
        with urlopen(Request(url, headers={'Authorization': basic()})) as answer:
            self._authorization = f'Bearer {json.load(answer)["token"]}'

    def push(self, repository: str, tag: str, content: str) -> str:
        """An image whose one layer is this text, which is enough for everybody but a kernel."""
        config = self._blob(repository, json.dumps({'os': 'linux', 'comment': content}).encode())
        layer = self._blob(repository, content.encode())
        return self._manifest(
            repository,
            tag,
            {
                'schemaVersion': 2,
                'mediaType': MANIFEST,
                'config': {**config, 'mediaType': 'application/vnd.docker.container.image.v1+json'},
                'layers': [
                    {**layer, 'mediaType': 'application/vnd.docker.image.rootfs.diff.tar.gzip'}
                ],
            },
        )

    def push_list(self, repository: str, tag: str, *digests: str) -> str:
        """A list of platforms."""
        entries = [
            {
                'mediaType': MANIFEST,
                'digest': digest,
                'size': 1,
                'platform': {'os': 'linux', 'architecture': architecture},
            }
            for digest, architecture in zip(digests, ('amd64', 'arm64'), strict=True)
        ]
        return self._manifest(
            repository, tag, {'schemaVersion': 2, 'mediaType': LIST, 'manifests': entries}
        )

    def _blob(self, repository: str, data: bytes) -> dict[str, object]:
        digest = f'sha256:{hashlib.sha256(data).hexdigest()}'
        place = self._send('POST', f'/v2/{repository}/blobs/uploads/', b'')['Location']
        joint = '&' if '?' in place else '?'
        self._send('PUT', f'{place}{joint}digest={digest}', data)
        return {'digest': digest, 'size': len(data)}

    def _manifest(self, repository: str, tag: str, manifest: Mapping[str, Any]) -> str:
        data = json.dumps(manifest).encode()
        path = f'/v2/{repository}/manifests/{tag}'
        return str(self._send('PUT', path, data, manifest['mediaType'])['Docker-Content-Digest'])

    def _send(
        self, method: str, place: str, data: bytes, kind: str = 'application/octet-stream'
    ) -> Any:
        url = place if place.startswith('http') else f'http://{self.host}{place}'
        headers = {'Content-Type': kind}
        if self._authorization:
            headers['Authorization'] = self._authorization
        with urlopen(Request(url, data, headers, method=method)) as answer:
            return answer.headers

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def free_port() -> int:
    with closing(socket.create_server(('127.0.0.1', 0))) as listener:
        return int(listener.getsockname()[1])


def basic() -> str:
    return f'Basic {base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}'


def logged_in(folder: Path, host: str) -> None:
    """What `docker login` leaves behind."""
    folder.mkdir(parents=True, exist_ok=True)
    auth = base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()
    (folder / 'config.json').write_text(json.dumps({'auths': {host: {'auth': auth}}}))


@contextmanager
def open_registry(root: Path, host: str = '') -> Iterator[Registry]:
    """Anybody may come in."""
    with Registry(root, host=host) as registry:
        yield registry


@contextmanager
def locked_registry(root: Path) -> Iterator[Registry]:
    """Which lets in nobody but who says the password (Basic)."""
    root.mkdir(parents=True)
    (root / 'htpasswd').write_text(HTPASSWD)
    with Registry(
        root, {'htpasswd': {'realm': 'tests', 'path': str(root / 'htpasswd')}}
    ) as running:
        running.log_in('', '')
        yield running


@contextmanager
def guarded_registry(root: Path) -> Iterator[tuple[Registry, str]]:
    """Which sends whoever has no token to another address, as Docker Hub and GitHub's do; and
    that address."""
    root.mkdir(parents=True)
    key, certificate = _certificate()
    (root / 'root.pem').write_bytes(certificate)
    with _token_server(key, certificate) as realm:
        token = {
            'realm': realm,
            'service': 'registry.example.org',
            'issuer': 'tests',
            'rootcertbundle': str(root / 'root.pem'),
        }
        with Registry(root, {'token': token}) as registry:
            yield registry, realm


@contextmanager
def _token_server(key: Any, certificate: bytes) -> Iterator[str]:
    """Gives tokens to pull what is public, and to do all else to who has the password."""
    import jwt

    chain = [''.join(certificate.decode().splitlines()[1:-1])]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            known = self.headers.get('Authorization') == basic()
            if not known and self.headers.get('Authorization'):
                self.send_error(401)
                return
            scopes = [scope.split(':') for scope in asked.get('scope', [])]
            access = [
                {'type': kind, 'name': name, 'actions': actions.split(',')}
                for kind, name, actions in scopes
                if known or (name.startswith('public/') and actions == 'pull')
            ]
            now = datetime.now(UTC)
            claims = {
                'iss': 'tests', 'sub': '', 'aud': asked['service'][0], 'jti': os.urandom(4).hex(),
                'iat': now, 'nbf': now - timedelta(minutes=1), 'exp': now + timedelta(minutes=1),
                'access': access,
            }  # fmt: skip
            token = jwt.encode(claims, key, 'ES256', headers={'x5c': chain})
            body = json.dumps({'token': token}).encode()
            self.send_response(200)
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f'http://127.0.0.1:{server.server_address[1]}/token'
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _certificate() -> tuple[Any, bytes]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, 'tests')])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1)
    )
    signed = made.sign(key, hashes.SHA256())
    return key, signed.public_bytes(serialization.Encoding.PEM)
