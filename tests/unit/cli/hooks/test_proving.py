"""What is said when a hook is installed that its server would not hear."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from liftlock.cli.hooks.proving import warnings
from liftlock.cli.hooks.sender.letters import Settings


class Answering(BaseHTTPRequestHandler):
    status, body = 200, b''

    def do_POST(self) -> None:
        assert self.path == '/hooks/3/progress'
        assert self.headers['X-Hub-Signature-256']
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def settings() -> Iterator[Settings]:
    with HTTPServer(('127.0.0.1', 0), Answering) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield Settings(f'http://127.0.0.1:{server.server_port}', 3, 'octo/shop', 'x' * 32)
        server.shutdown()


@pytest.mark.parametrize(
    ('status', 'error', 'said'),
    [
        (404, 'there is no such delivery', []),
        (404, 'nobody waits for this here', ['knows no octo/shop', '--token-file']),
        (401, 'its signature is wrong', ['knows no octo/shop', '--token-file']),
        (422, 'it asks for no delivery, or too late', ['too late', '--server']),
        (200, '', ['does not answer as Liftlock does', '--server']),
        (404, '', ['the server answered 404', '--server']),
    ],
)
def test_a_server_that_would_not_take_it_is_warned_of(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, status: int, error: str, said: list[str]
) -> None:
    body = json.dumps({'error': error}).encode() if error else b'<p>Hello'
    monkeypatch.setattr(Answering, 'status', status)
    monkeypatch.setattr(Answering, 'body', body)
    found = list(warnings(settings))
    assert len(found) == len(said)
    for line, part in zip(found, said, strict=True):
        assert part in line


def test_a_gate_to_a_server_that_is_away_says_what_it_locks() -> None:
    settings = Settings('http://127.0.0.1:9', 3, 'octo/shop', 'x', ('main', 'release/*'))
    why, hint, locked = warnings(settings)
    assert 'http://127.0.0.1:9 cannot be reached' in why
    assert '--server' in hint
    assert 'every push to main, release/* is refused' in locked
