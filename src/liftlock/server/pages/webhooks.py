"""Deliveries of webhooks: what came, what was made of it, and once more."""

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from liftlock.server import rendering, rights, site
from liftlock.server.rights import Person
from liftlock.server.site import Site
from liftlock.store import hooks, intakes, repositories
from liftlock.store.hooks import Hook

PAGE: Final = 50
SHOWN: Final = 200_000  # characters of a body
STATES: Final = ('waiting', 'done', 'ignored', 'failed', 'refused')
MARKS: Final = {
    'waiting': 'waiting',
    'done': 'success',
    'ignored': 'skipped',
    'failed': 'failure',
    'refused': 'cancelled',
}


async def index(request: Request) -> Response:
    here, given = site.of(request), request.query_params
    rights.refuse(site.person(request), 'delivery.read')
    repository, before = _number(given.get('repository', '')), _number(given.get('before', ''))
    status = given.get('status', '')
    status = status if status in STATES else ''
    found = hooks.listed(
        here.store, repository=repository, status=status, before=before, limit=PAGE + 1
    )
    known = repositories.listed(here.store)
    query = (
        {'repository': repository or '', 'status': status, 'before': found[PAGE - 1].id}
        if (len(found) > PAGE)
        else {}
    )
    return rendering.page(
        request,
        'deliveries.html',
        deliveries=found[:PAGE],
        names={one.id: one.name for one in known},
        repositories=known,
        repository=repository,
        states=STATES,
        status=status,
        marks=MARKS,
        older=f'/deliveries?{urlencode(query)}' if query else '',
    )


async def show(request: Request) -> Response:
    here = site.of(request)
    one = hooks.of(here.store, request.path_params['delivery'])
    repository = repositories.of(here.store, one.repository)
    rights.refuse(site.person(request), 'delivery.read', repository.name)
    headers, body = hooks.content(here.store, one.id)
    return rendering.page(
        request,
        'delivery.html',
        one=one,
        repository=repository,
        headers=sorted(headers.items()),
        body=_pretty(body),
        cut=len(body) > SHOWN,
        taken=_taken(here, one),
        marks=MARKS,
    )


def _taken(here: Site, one: Hook) -> list[tuple[intakes.Intake, list[intakes.Decision]]]:
    """The events that it was, and what became of workflows."""
    found = intakes.of_delivery(here.store, one.repository, f'hook:{one.id}:')
    return [(each, intakes.decisions(here.store, each.id)) for each in found]


async def replay(
    request: Request, here: Site, person: Person, given: Mapping[str, str]
) -> tuple[str, str]:
    number = request.path_params['delivery']
    made = here.register.replay(person, number)
    return f'/deliveries/{made.id}', f'Delivery {number} is taken in again, as {made.id}.'


def _pretty(body: str) -> str:
    if len(body) > SHOWN:
        return body[:SHOWN]
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
