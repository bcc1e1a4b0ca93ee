"""Pages of strangers are shown where they can do no harm."""

import pytest

from liftlock.server import showing
from liftlock.server.showing import Tickets


def test_a_ticket_is_good_for_an_hour_and_one_artifact() -> None:
    tickets = Tickets(lambda: b'key')
    ticket = tickets.make(7, 10_000.0)
    assert tickets.good(ticket, 7, 10_000.0 + showing.LASTING)
    assert not tickets.good(ticket, 8, 10_000.0)
    assert not tickets.good(ticket, 7, 10_000.0 + 2 * showing.LASTING)
    assert not Tickets(lambda: b'other').good(ticket, 7, 10_000.0)


@pytest.mark.parametrize('ticket', ['', '-', 'ffffffff-', 'zz-00', '1-2-3', 'ffffffff-é'])
def test_what_is_no_ticket_is_not_good(ticket: str) -> None:
    assert not Tickets(lambda: b'key').good(ticket, 7, 0.0)


def test_it_does_not_change_from_page_to_page() -> None:
    tickets = Tickets(lambda: b'key')
    assert tickets.make(7, 3_600_000.0) == tickets.make(7, 3_600_060.0)


def test_a_page_is_a_sandbox_that_reaches_what_lies_beside_it_alone() -> None:
    policy = showing.headers('ci.example:8765', 't')['content-security-policy']
    rules = dict(rule.partition(' ')[::2] for rule in policy.split('; '))
    assert 'allow-same-origin' not in rules['sandbox']
    assert 'allow-forms' not in rules['sandbox']
    assert rules['default-src'] == "'none'"
    assert rules['connect-src'] == 'ci.example:8765/shown/t/'


def test_a_host_that_is_none_opens_nothing() -> None:
    policy = showing.headers('x; script-src *', 't')['content-security-policy']
    assert 'script-src *' not in policy


@pytest.mark.parametrize(
    ('name', 'content', 'kind'),
    [
        ('index.html', b'', 'text/html; charset=utf-8'),
        ('app.JS', b'', 'text/javascript; charset=utf-8'),
        ('notes', 'größer'.encode(), 'text/plain; charset=utf-8'),
        ('notes', b'a' * 8191 + 'ö'.encode(), 'text/plain; charset=utf-8'),
        ('core', b'\0\1', 'application/octet-stream'),
        ('latin', b'gr\xf6\xdfer und mehr', 'application/octet-stream'),
    ],
)
def test_a_file_is_told_by_its_name_or_its_content(name: str, content: bytes, kind: str) -> None:
    assert showing.kind(name, content) == kind
