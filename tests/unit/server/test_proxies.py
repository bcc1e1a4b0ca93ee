"""Whom a request comes from, as far as those are trusted who say so."""

import pytest

from liftlock.errors import UserError
from liftlock.server.proxies import client, networks

TRUSTED = networks(['127.0.0.1', '10.0.0.0/8', 'fd00::/8'])


@pytest.mark.parametrize(
    ('peer', 'forwarded', 'found'),
    [
        ('192.0.2.9', ['203.0.113.5'], '192.0.2.9'),  # whoever is no proxy may write anything
        ('127.0.0.1', ['203.0.113.5'], '203.0.113.5'),
        ('127.0.0.1', ['198.51.100.1, 203.0.113.5'], '203.0.113.5'),  # the left one is invented
        ('127.0.0.1', ['198.51.100.1', '203.0.113.5, 10.1.2.3'], '203.0.113.5'),
        ('::ffff:127.0.0.1', ['203.0.113.5:4711'], '203.0.113.5'),
        ('fd00::1', ['[2001:db8::5]:443'], '2001:db8::5'),
        ('127.0.0.1', ['203.0.113.5, unknown'], '127.0.0.1'),
        ('127.0.0.1', [], '127.0.0.1'),
        ('127.0.0.1', [''], '127.0.0.1'),
        ('', ['203.0.113.5'], ''),  # a socket of this machine
    ],
)
def test_only_what_trusted_proxies_say_counts(peer: str, forwarded: list[str], found: str) -> None:
    assert client(peer, forwarded, TRUSTED) == found


def test_what_is_no_address_is_told() -> None:
    with pytest.raises(UserError, match='no address of a proxy'):
        networks(['proxy.example.org'])
