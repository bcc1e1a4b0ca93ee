"""Runs: the list with its filters."""

from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from liftlock.engine.telling import condition
from liftlock.language.records import NamedTuple
from liftlock.server import rendering, site, topics
from liftlock.store import listing
from liftlock.store.database import Store
from liftlock.store.listing import Filter
from liftlock.store.runs import Run

PAGE: Final = 25
NUMBERS: Final = ('before', 'after')


class Row(NamedTuple):
    """`state` is a conclusion, a status, or `interrupted`."""

    run: Run
    state: str


async def index(request: Request) -> Response:
    here = site.of(request)
    store, topic = here.store, topics.begin(here, 'runs')
    given = request.query_params
    wanted = Filter(**{name: given.get(name, '').strip() for name in Filter._fields})
    before, after = (_number(given.get(name, '')) for name in NUMBERS)
    found = listing.newest(store, wanted, before=before, after=after, limit=PAGE + 1)
    more = len(found) > PAGE
    shown = (found[1:] if after and not before else found[:-1]) if more else found
    older = more if not (after and not before) else True
    newer = bool(before) or (bool(after) and more)
    return rendering.page(
        request,
        'runs.html',
        rows=rows(store, shown),
        wanted=wanted,
        choices=listing.choices(store, wanted.repository),
        repositories=listing.repositories(store),
        older=_older(wanted, shown, older),
        newer=_newer(wanted, shown, newer),
        chips=[(name, value, _link(wanted._replace(**{name: ''}))) for name, value in _set(wanted)],
        topic=topic,
    )


def rows(store: Store, found: list[Run]) -> list[Row]:
    return [Row(run, condition(store, run)) for run in found]


def _older(wanted: Filter, shown: list[Run], there_are: bool) -> str:
    return _link(wanted, before=shown[-1].id) if there_are and shown else ''


def _newer(wanted: Filter, shown: list[Run], there_are: bool) -> str:
    return _link(wanted, after=shown[0].id) if there_are and shown else ''


def _set(wanted: Filter) -> list[tuple[str, str]]:
    return [(name, value) for name, value in wanted._asdict().items() if value]


def _link(wanted: Filter, **more: Any) -> str:
    query = urlencode({**dict(_set(wanted)), **more})
    return '/runs' + (f'?{query}' if query else '')


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
