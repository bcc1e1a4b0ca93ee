"""Addresses of servers, and the tokens that are kept for them."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from liftlock.cli.remote import credentials
from liftlock.cli.remote.client import Client
from liftlock.errors import UserError


@pytest.mark.parametrize(
    ('given', 'address'),
    [
        ('https://ci.example.org', 'https://ci.example.org'),
        ('https://ci.example.org/', 'https://ci.example.org'),
        ('http://localhost:8765/api/v1', 'http://localhost:8765'),
        ('ci.example.org', 'https://ci.example.org'),
        ('https://example.org/ci/', 'https://example.org/ci'),
    ],
)
def test_a_server_has_one_address(given: str, address: str) -> None:
    assert credentials.address(given) == address


@pytest.mark.parametrize('given', ['', 'ftp://a', 'https://', 'https://mona:llt_x@ci.example.org'])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(UserError):
        credentials.address(given)


def answering(status: int, text: str, headers: dict[str, str] | None = None) -> Client:
    """A client of a server that says only this."""
    client = Client('http://ci.example.org', 'llt_x')
    client._http = httpx.Client(
        base_url='http://ci.example.org/api/v1',
        transport=httpx.MockTransport(lambda _: httpx.Response(status, text=text, headers=headers)),
    )
    return client


@pytest.mark.parametrize(
    ('status', 'text', 'error', 'hint'),
    [
        (401, '{"error": "a token is needed", "hint": ""}', 'is not good', 'liftlock login'),
        (403, '{"error": "mona may not", "hint": "ask an admin"}', 'mona may not', 'ask an admin'),
        (404, '{"error": "there is no run 7", "hint": "see"}', 'there is no run 7', 'see'),
        (409, '{"error": "it has finished", "hint": ""}', 'it has finished', ''),
        (200, '<html>', 'does not answer as Liftlock does', 'address'),
        (404, '<html>', 'does not answer as Liftlock does (it answers 404)', 'address'),
        (302, '', 'sends its visitors elsewhere', 'is this the address?'),
    ],
)
def test_what_a_server_refuses_is_told_with_what_to_do(
    status: int, text: str, error: str, hint: str
) -> None:
    with pytest.raises(UserError) as refused:
        answering(status, text).get('/runs/7')
    assert error in str(refused.value)
    assert hint in refused.value.hint


def test_a_server_of_another_version_is_told() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith('/whoami'):
            return httpx.Response(200, json={'version': '0.0.9'})
        return httpx.Response(404, json={'error': 'there is no such address', 'hint': ''})

    client = Client('http://ci.example.org', 'llt_x')
    client._http = httpx.Client(
        base_url='http://ci.example.org/api/v1', transport=httpx.MockTransport(answer)
    )
    with pytest.raises(UserError, match=r'it has Liftlock 0\.0\.9'):
        client.get('/new')


def test_an_answer_that_was_lost_is_asked_for_under_the_same_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr('liftlock.cli.remote.client.PAUSE', 0.0)
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers['idempotency-key'])
        if len(keys) == 1:
            raise httpx.RemoteProtocolError('gone')
        if len(keys) == 2:
            told = {'error': 'the same is being done', 'hint': ''}
            return httpx.Response(409, json=told, headers={'retry-after': '0'})
        return httpx.Response(202, json={'number': 4})

    client = Client('http://ci.example.org', 'llt_x')
    client._http = httpx.Client(
        base_url='http://ci.example.org/api/v1', transport=httpx.MockTransport(answer)
    )
    assert client.post('/deployments', {}) == {'number': 4}
    assert len(set(keys)) == 1
    assert len(keys) == 3


def test_no_http_is_imported_before_a_server_is_named() -> None:
    names = 'runs show logs artifacts cancel rerun status deploy promote secret token dispatch'
    script = f"""
import importlib, sys
for name in {names!r}.split():
    importlib.import_module(f'liftlock.cli.{{name}}')
print([name for name in ('httpx', 'httpcore', 'fastapi', 'pydantic') if name in sys.modules])
"""
    command = [sys.executable, '-c', script]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.strip() == '[]'


def test_tokens_are_kept_for_this_user_alone(tmp_path: Path) -> None:
    file = tmp_path / 'config' / 'servers.json'
    assert credentials.read(file) == {}
    credentials.write(file, {'https://ci.example.org': 'llt_a'})
    assert file.stat().st_mode & 0o777 == 0o600
    assert credentials.token('https://ci.example.org', file, {}) == 'llt_a'
    assert credentials.token('https://other.example.org', file, {}) == ''
    assert credentials.token('https://ci.example.org', file, {'LIFTLOCK_TOKEN': 'b'}) == 'b'
    file.chmod(0o644)
    with pytest.raises(UserError, match='others may read'):
        credentials.read(file)
