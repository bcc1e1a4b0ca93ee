"""What is sent, as whole documents."""

import hashlib
import hmac
import json

import pytest

from liftlock.language.settings.model import Alert, Condition
from liftlock.observe.alerts import Cleared, Raised
from liftlock.observe.notify import email, pagerduty, slack, teams, webhook
from liftlock.observe.notify.notice import Notice, duration, of_alert

ALERT = Alert('High Error Rate', Condition('error_rate', '>', 5.0, '%'), 300.0, 'critical')
RAISED = of_alert(Raised(ALERT, 1_790_000_000.0, '7 % > 5 %'), 'shop/production', 'http://x/1')
CLEARED = of_alert(Cleared(ALERT, 1_790_000_600.0, '0 %', 600.0), 'shop/production')


def test_an_alert_becomes_a_notice() -> None:
    assert (
        Notice(
            'liftlock/shop/production/High Error Rate',
            'High Error Rate (shop/production)',
            '7 % > 5 %',
            'critical',
            1_790_000_000.0,
            source='shop/production',
            url='http://x/1',
        )
        == RAISED
    )
    assert CLEARED.key == RAISED.key
    assert (CLEARED.cleared, CLEARED.text) == (True, '0 %; it lasted for 10 min 0 s')
    assert (RAISED.mark, CLEARED.mark) == ('CRITICAL', 'CLEARED')
    assert RAISED.time == '2026-09-21T14:13:20+00:00'


@pytest.mark.parametrize(
    ('seconds', 'said'), [(12, '12 s'), (200, '3 min 20 s'), (3900, '1 h 5 min')]
)
def test_durations_are_said_as_people_do(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_slack() -> None:
    title = 'CRITICAL: High Error Rate (shop/production)'
    assert slack.document(RAISED) == {
        'text': title,
        'attachments': [
            {
                'color': '#d00000',
                'blocks': [
                    {
                        'type': 'section',
                        'text': {'type': 'mrkdwn', 'text': f'*<http://x/1|{title}>*'},
                    },
                    {'type': 'section', 'text': {'type': 'mrkdwn', 'text': '7 % &gt; 5 %'}},
                    {
                        'type': 'context',
                        'elements': [{'type': 'mrkdwn', 'text': '2026-09-21T14:13:20+00:00'}],
                    },
                ],
            }
        ],
    }
    assert slack.document(CLEARED)['attachments'][0]['color'] == '#20a040'


def test_nobody_can_mention_everybody() -> None:
    sly = RAISED._replace(title='<!channel>', text='<http://evil|fine> & more')
    text = json.dumps(slack.document(sly))
    assert '<!channel>' not in text
    assert '&lt;http://evil|fine&gt; &amp; more' in text


def test_teams() -> None:
    (attachment,) = teams.document(RAISED)['attachments']
    assert attachment['contentType'] == 'application/vnd.microsoft.card.adaptive'
    card = attachment['content']
    assert [(one['text'], one.get('color')) for one in card['body']] == [
        ('CRITICAL: High Error Rate (shop/production)', 'Attention'),
        ('7 % > 5 %', None),
        ('2026-09-21T14:13:20+00:00', None),
    ]
    assert card['actions'] == [{'type': 'Action.OpenUrl', 'title': 'Open', 'url': 'http://x/1'}]
    assert 'actions' not in teams.document(CLEARED)['attachments'][0]['content']


def test_pagerduty() -> None:
    assert pagerduty.document(RAISED, 'R0') == {
        'routing_key': 'R0',
        'event_action': 'trigger',
        'dedup_key': 'liftlock/shop/production/High Error Rate',
        'payload': {
            'summary': 'High Error Rate (shop/production): 7 % > 5 %',
            'source': 'shop/production',
            'severity': 'critical',
            'timestamp': '2026-09-21T14:13:20+00:00',
        },
        'client': 'Liftlock',
        'links': [{'href': 'http://x/1', 'text': 'Open'}],
    }
    resolved = pagerduty.document(CLEARED, 'R0')
    assert resolved['event_action'] == 'resolve'
    assert resolved['dedup_key'] == pagerduty.document(RAISED, 'R0')['dedup_key']


def test_a_webhook_is_signed_as_github_does() -> None:
    # The example of GitHub's own documentation.
    secret = "It's a Secret to Everybody"
    known = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'
    assert webhook.sign(b'Hello, World!', secret) == known


def test_a_webhook_carries_its_signature_and_delivery() -> None:
    found = webhook.parcel('http://x', RAISED, 'abc', 'd-1')
    expected = hmac.new(b'abc', found.body, hashlib.sha256).hexdigest()
    assert found.headers == {
        'Content-Type': 'application/json',
        'X-Liftlock-Delivery': 'd-1',
        'X-Hub-Signature-256': f'sha256={expected}',
    }
    assert json.loads(found.body) == {
        'action': 'raised',
        'key': 'liftlock/shop/production/High Error Rate',
        'title': 'High Error Rate (shop/production)',
        'text': '7 % > 5 %',
        'severity': 'critical',
        'at': '2026-09-21T14:13:20+00:00',
        'source': 'shop/production',
        'url': 'http://x/1',
    }
    assert 'X-Hub-Signature-256' not in webhook.parcel('http://x', RAISED, '', 'd-1').headers


def test_an_email() -> None:
    mail = email.document(RAISED, 'ci@example.org', ('a@example.org', 'b@example.org'))
    assert mail['Subject'] == '[CRITICAL] High Error Rate (shop/production)'
    assert mail['To'] == 'a@example.org, b@example.org'
    assert mail['Auto-Submitted'] == 'auto-generated'
    assert mail['Date'] == 'Mon, 21 Sep 2026 14:13:20 +0000'
    assert mail.get_content() == '7 % > 5 %\n\n2026-09-21T14:13:20+00:00\nhttp://x/1\n'


def test_a_title_cannot_add_a_header_to_an_email() -> None:
    sly = RAISED._replace(title='x\r\nBcc: everybody@example.org')
    mail = email.document(sly, 'ci@example.org', ('a@example.org',))
    assert mail['Bcc'] is None
    assert mail['Subject'] == '[CRITICAL] x Bcc: everybody@example.org'


@pytest.mark.parametrize(
    ('address', 'host', 'port'),
    [
        ('mail.example.org', 'mail.example.org', 587),
        ('mail.example.org:465', 'mail.example.org', 465),
        ('[::1]:25', '::1', 25),
        ('[::1]', '::1', 587),
    ],
)
def test_a_mail_server_has_a_port(address: str, host: str, port: int) -> None:
    found = email.server(address)
    assert (found.host, found.port) == (host, port)
    with pytest.raises(ValueError, match='is no host:port'):
        email.server('mail:smtp')
