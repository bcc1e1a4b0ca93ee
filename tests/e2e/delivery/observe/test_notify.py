"""Notices, delivered to real servers."""

import asyncio
import contextlib
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.delivery.observe import smtp
from e2e.delivery.observe.servers import Server
from e2e.delivery.observe.smtp import Mailbox
from liftlock.language.settings.model import Channel, Secret
from liftlock.observe.notify import channels, post
from liftlock.observe.notify.notice import Notice, Undelivered

NOTICE = Notice('k', 'High Error Rate', '7 % > 5 %', 'critical', 1_790_000_000.0, source='shop')
HOOK = Channel(webhook=Secret('HOOK'))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post, 'PAUSES', (0.0, 0.0))
    for name in ('http_proxy', 'HTTP_PROXY'):
        monkeypatch.delenv(name, raising=False)


def deliver(kind: str, channel: Channel, **secrets: str) -> None:
    asyncio.run(channels.send(kind, channel, secrets, NOTICE))


def why(kind: str, channel: Channel, **secrets: str) -> str:
    with pytest.raises(Undelivered) as error:
        deliver(kind, channel, **secrets)
    return str(error.value)


# --- HTTP


@pytest.mark.parametrize('kind', ['slack', 'teams', 'webhook'])
def test_a_webhook_is_an_address_that_is_secret(server: Server, kind: str) -> None:
    server.answers['/services/T0/secret'] = (200, 'ok')
    deliver(kind, HOOK, HOOK=f'{server.url}/services/T0/secret')
    (asked,) = server.asked
    assert asked.method == 'POST'
    assert asked.headers['content-type'] == 'application/json'
    assert 'High Error Rate' in asked.body.decode()


def test_what_is_signed_can_be_verified(server: Server) -> None:
    server.answers['/hook'] = (204, '')
    deliver('webhook', Channel(url=f'{server.url}/hook', secret=Secret('KEY')), KEY='abc')
    (asked,) = server.asked
    expected = hmac.new(b'abc', asked.body, hashlib.sha256).hexdigest()
    assert asked.headers['x-hub-signature-256'] == f'sha256={expected}'
    assert asked.headers['x-liftlock-delivery']


def test_pagerduty_is_given_its_key(server: Server) -> None:
    server.answers['/v2/enqueue'] = (202, '{"status": "success"}')
    channel = Channel(routing_key=Secret('KEY'), url=f'{server.url}/v2/enqueue')
    deliver('pagerduty', channel, KEY='R0')
    document = json.loads(server.asked[0].body)
    assert (document['routing_key'], document['event_action']) == ('R0', 'trigger')


def test_a_busy_server_is_asked_again_and_a_refusal_is_final(server: Server) -> None:
    server.answers['/busy'] = (503, 'later')
    said = why('slack', HOOK, HOOK=f'{server.url}/busy')
    assert said == '127.0.0.1 answered 503: later'
    assert len(server.asked) == 3
    server.answers['/gone'] = (404, 'no_team')
    assert why('slack', HOOK, HOOK=f'{server.url}/gone') == '127.0.0.1 answered 404: no_team'
    assert len(server.asked) == 4


def test_no_failure_tells_a_secret(server: Server, nobody: str) -> None:
    server.answers['/secret'] = (302, '')
    server.headers['Location'] = f'{server.url}/secret2'
    for address in (
        f'http://{nobody}/secret',
        f'{server.url}/secret',
        'http://127.0.0.1:1/sec ret',
        'secret',
    ):
        said = why('slack', HOOK, HOOK=address)
        assert said
        assert 'sec' not in said
    assert len(server.asked) == 1


def test_a_missing_secret_is_named() -> None:
    assert why('slack', HOOK) == 'the secret HOOK is not there'
    assert why('slack', Channel()) == 'nothing says where to'
    assert why('fax', Channel()) == 'there is no channel "fax"'


def test_one_channel_that_fails_keeps_none_of_the_others(server: Server, nobody: str) -> None:
    server.answers['/ok'] = (200, '')
    known = {'slack': HOOK, 'webhook': Channel(url=f'{server.url}/ok')}
    secrets = {'HOOK': f'http://{nobody}/x'}
    names = ('slack', 'email', 'webhook')
    failed = asyncio.run(channels.send_all(names, known, secrets, NOTICE))
    assert failed == {
        'slack': f'nobody listens on {nobody}',
        'email': 'notify: does not set up "email"',
    }
    assert len(server.asked) == 1


# --- SMTP

TO = ('ops@example.org', 'dev@example.org')


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with contextlib.closing(Mailbox()) as one:
        yield one


def test_an_email_arrives(mailbox: Mailbox) -> None:
    deliver('email', Channel(to=TO, sender='ci@example.org', server=mailbox.address))
    (mail,) = mailbox.mails
    assert 'Subject: [CRITICAL] High Error Rate' in mail
    assert 'To: ops@example.org, dev@example.org' in mail
    assert '7 % > 5 %' in mail


def test_a_password_is_not_sent_without_tls(mailbox: Mailbox) -> None:
    channel = Channel(to=TO, server=mailbox.address, password=Secret('PASSWORD'))
    said = why('email', channel, PASSWORD='right')
    assert said == '127.0.0.1 offers no TLS, and a password is not sent without'
    assert (mailbox.mails, mailbox.logins) == ([], [])


def test_with_tls_it_logs_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = smtp.certificate(tmp_path / 'mail.pem')
    monkeypatch.setenv('SSL_CERT_FILE', str(certificate))
    with contextlib.closing(Mailbox(certificate)) as mailbox:
        channel = Channel(
            to=TO, sender='ci@example.org', server=mailbox.address, password=Secret('PASSWORD')
        )
        deliver('email', channel, PASSWORD='right')
        assert mailbox.logins == ['ci@example.org:right']
        assert len(mailbox.mails) == 1
        assert why('email', channel, PASSWORD='wrong') == '127.0.0.1: 535 wrong password'


def test_a_certificate_that_nobody_trusts_gets_no_password(tmp_path: Path) -> None:
    with contextlib.closing(Mailbox(smtp.certificate(tmp_path / 'mail.pem'))) as mailbox:
        channel = Channel(to=TO, server=mailbox.address, password=Secret('PASSWORD'))
        assert 'is not trusted' in why('email', channel, PASSWORD='right')
        assert mailbox.logins == []


def test_whom_the_server_refuses_is_named(nobody: str) -> None:
    with contextlib.closing(Mailbox(refused=('dev@',))) as mailbox:
        said = why('email', Channel(to=TO, server=mailbox.address))
        assert said == '127.0.0.1 refuses dev@example.org'
        assert len(mailbox.mails) == 1  # the others have got it
    with contextlib.closing(Mailbox(refused=('@example.org',))) as mailbox:
        said = why('email', Channel(to=TO, server=mailbox.address))
        assert said == '127.0.0.1: it refuses ops@example.org, dev@example.org'
    assert why('email', Channel(to=TO, server=nobody)) == f'nobody listens on {nobody}'
