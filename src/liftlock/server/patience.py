"""How often somebody may be wrong: so often within a while from one address, and for one name with
longer and longer pauses, from wherever, and by whichever of the servers on one database.

No number of failures shuts a name out for good: whoever wanted to vex somebody could do that from
anywhere. A minute's pause is enough against guessing, and little for whoever mistyped.
"""

import ipaddress
from collections.abc import Sequence
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.store import failures
from liftlock.store.database import Store

WHILE: Final = 60.0  # seconds
MOST: Final = 5  # failures of one address within it
FREE: Final = 5  # failures of one name before there are pauses
LONGEST: Final = 60.0  # seconds of a pause
FORGOTTEN: Final = 900.0  # seconds after a failure


class Attempt(NamedTuple):
    """`wait`: seconds until the next one is heard, and this one is not; 0.0: it is."""

    wait: float
    name: str = ''
    failures: tuple[int, ...] = ()


def attempt(store: Store, address: str, name: str, now: float) -> Attempt:
    """`name` is '' where there is none. It counts as a failure until it is known to be none: else
    as many as come at once would all be heard."""
    whose = (_address(address), *((_name(name),) if name else ()))
    with store.transaction():
        if seconds := left(store, address, name, now):
            return Attempt(seconds)
        made = failures.add(store, whose, now, now - FORGOTTEN)
    return Attempt(0.0, name, tuple(made))


def left(store: Store, address: str, name: str, now: float) -> float:
    of_address = failures.since(store, _address(address), now - WHILE)
    of_name = failures.since(store, _name(name), now - FORGOTTEN) if name else ()
    return wait(of_address, of_name, now)


def succeeded(store: Store, one: Attempt) -> None:
    """What went wrong before for the name is forgiven, too."""
    failures.forgive(store, one.failures, _name(one.name) if one.name else '')


def undecided(store: Store, one: Attempt) -> None:
    """It was not looked at."""
    failures.forgive(store, one.failures)


def wait(of_address: Sequence[float], of_name: Sequence[float], now: float) -> float:
    """By when the failures were, the first one first, that still count."""
    some = of_address[-MOST:]
    here = some[0] + WHILE - now if len(some) == MOST else 0.0
    named = of_name[-1] + pause(len(of_name)) - now if of_name else 0.0
    return max(0.0, here, named)


def pause(number: int) -> float:
    """Seconds after so many failures: 0 0 0 0 0 1 2 4 … 60."""
    over = number - FREE
    return min(LONGEST, 2.0 ** min(over - 1, 10)) if over > 0 else 0.0


def network(address: str) -> str:
    """A whole /64 is one address: any household has as many of IPv6 as it likes."""
    try:
        found = ipaddress.ip_address(address.partition('%')[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.IPv6Network((found, 64), strict=False))
    return str(found)


def _address(address: str) -> str:
    return f'address {network(address)}'


def _name(name: str) -> str:
    return f'name {name.lower()}'
