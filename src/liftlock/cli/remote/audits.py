"""The audit of a server."""

from collections.abc import Iterator

from liftlock.cli.remote.client import Client
from liftlock.store.audit import Entry

EVERYTHING = 2**53  # entries


def look(server: str, number: int) -> tuple[int, list[Entry], Entry | None]:
    """The first entry that is not what it was, or 0; the newest one, if there is any; and the one
    with that number."""
    client = Client(server)
    told = client.get('/audit', verify='true', limit=1)
    kept = client.get('/audit', after=number - 1, limit=1)['entries'] if number else []
    found = [Entry(**one) for one in kept if one['seq'] == number]
    return told['broken'], [Entry(**one) for one in told['entries']], next(iter(found), None)


def after(server: str, seq: int) -> Iterator[Entry]:
    """Oldest first."""
    for one in Client(server).each('/audit', 'entries', EVERYTHING, after=seq):
        yield Entry(**one)
