"""What a page can be told to have changed, and the mark by which it knows what it has seen.

A mark is taken before the page reads what it shows: so what happens meanwhile is told to it again,
and nothing is ever missed.
"""

import time
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlencode

from liftlock.server.site import Site
from liftlock.store import deliveries, listing

LIVE: Final = 2.0  # seconds between two looks at instances while something is deployed

Mark = Callable[[], str]


def begin(here: Site, topic: str, **which: int) -> str:
    """The query of a stream of events, for a page that begins to read now."""
    given = {'topic': topic, **{name: str(number) for name, number in which.items()}}
    return urlencode({**given, 'seen': marking(here, given)()})


def marking(here: Site, given: Mapping[str, str]) -> Mark:
    """What tells the present mark. KeyError, ValueError or UserError for what is no topic."""
    match given.get('topic', ''):
        case 'run':
            run = int(given['run'])
            return lambda: f'r{listing.newest_fact(here.store, run)}'
        case 'runs':
            return lambda: f'r{listing.newest_fact(here.store)}'
        case 'all':
            return lambda: f'r{listing.newest_fact(here.store)}d{_newest_of_all(here)}'
        case 'deployments':
            return lambda: f'd{_newest_of_all(here)}'
        case 'environment':
            return _environment(here, int(given['id']))
        case other:
            raise KeyError(other)


def _newest_of_all(here: Site) -> int:
    return max(deliveries.latest(here.store).values(), default=0)


def _environment(here: Site, environment: int) -> Mark:
    place = here.place(environment)

    def mark() -> str:
        seq = deliveries.latest(here.store).get(environment, 0)
        (standing,) = here.folded([place], time.time())
        going = standing.environment.active is not None
        return f'd{seq}' + (f't{int(time.time() / LIVE)}' if going else '')

    return mark
