"""Ports as `docker create --publish` writes them: `[address:][port here:]port in there[/protocol]`.

Port 0 here stands for any that is free.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.executors.base import CannotPrepare

FREE: Final = 0
_WORDS: Final = re.compile(
    r'(?:(?:\[(?P<v6>[^\]]*)\]|(?P<v4>[^:]*)):(?=.*:))?'
    r'(?:(?P<here>\d+(?:-\d+)?)?:)?'
    r'(?P<there>\d+(?:-\d+)?)'
    r'(?:/(?P<protocol>tcp|udp|sctp))?',
    re.IGNORECASE,
)
_HIGHEST: Final = 65535


class Port(NamedTuple):
    here: int  # on this machine
    there: int  # in the container
    protocol: str = 'tcp'


def parse(text: str) -> list[Port]:
    """One, or those of a range. Raises CannotPrepare."""
    found = _WORDS.fullmatch(text.strip())
    if found is None:
        raise _bad(text)
    there = _range(found['there'])
    here = _range(found['here']) if found['here'] else None
    if here is not None and len(there) == 1:
        here = here[:1]
    if here is not None and len(here) != len(there):
        raise _bad(text)
    if not there or there[0] < 1 or max(*there, *(here or ()), 0) > _HIGHEST:
        raise _bad(text)
    protocol = (found['protocol'] or 'tcp').lower()
    return [Port(here[index] if here else FREE, port, protocol) for index, port in enumerate(there)]


def parse_all(texts: Iterable[str]) -> Iterator[Port]:
    for text in texts:
        yield from parse(text)


def _range(text: str) -> range:
    first, _, last = text.partition('-')
    return range(int(first), int(last or first) + 1)


def _bad(text: str) -> CannotPrepare:
    return CannotPrepare(f'"{text}" is no port of a container: expected 5432:5432 or 5432, say')
