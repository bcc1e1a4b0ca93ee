"""Where a request comes from, when proxies stand before the server.

Each proxy adds to `X-Forwarded-For` whom it has heard, so what stands right is true as long as
those who wrote it are trusted, and what stands left of the first stranger may be anything.
"""

import ipaddress
from collections.abc import Sequence

from liftlock.errors import UserError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """UserError for what is no address and no network."""
    return tuple(_network(text) for text in texts)


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise UserError(
            f'"{text}" is no address of a proxy', 'as in 10.0.0.7, or 10.0.0.0/8'
        ) from None


def client(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """`forwarded` are the values of X-Forwarded-For, in order."""
    here = peer
    hops = [hop.strip() for value in forwarded for hop in value.split(',')]
    while hops and _is_trusted(here, trusted):
        hop = _plain(hops.pop())
        if not hop:
            break
        here = hop
    return here


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    try:
        found = ipaddress.ip_address(address.partition('%')[0])
    except ValueError:
        return False
    found = getattr(found, 'ipv4_mapped', None) or found
    return any(found in network for network in trusted)


def _plain(hop: str) -> str:
    """Without port and brackets; '' for what is no address."""
    if hop.startswith('['):
        hop = hop[1:].partition(']')[0]
    elif hop.count(':') == 1:
        hop = hop.partition(':')[0]
    try:
        return str(ipaddress.ip_address(hop))
    except ValueError:
        return ''
