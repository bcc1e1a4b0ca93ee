"""Badges: how the newest run of a workflow ended, as a small picture for a README.

    /badge/{owner}/{name}/{file}.svg?branch=main&event=push

Without a log-in only where somebody has said so for the repository; whoever may not see one is told
the same as for one that is not there.
"""

import hashlib
from collections.abc import Mapping
from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from liftlock.server import site
from liftlock.store import listing, repositories, settings
from liftlock.store.database import Store
from liftlock.store.listing import Filter

PREFIX: Final = '/badge/'
FRESH: Final = 30  # seconds in which nobody asks again
COLOURS: Final[Mapping[str, str]] = {
    'passing': '#1a7f37',
    'failing': '#cf222e',
    'cancelled': '#6e7781',
    'running': '#0969da',
    'no status': '#6e7781',
}
WORDS: Final[Mapping[str, str]] = {
    'success': 'passing',
    'failure': 'failing',
    'cancelled': 'cancelled',
    'skipped': 'passing',
}
# Of Verdana at 11 px, near enough: what stands here are widths, the others are 7.
_NARROW: Final[Mapping[str, float]] = {
    **dict.fromkeys("fijlt.,:;|!'()[] ", 4.2),
    **dict.fromkeys('mwMW', 10.5),
    **dict.fromkeys('ABCDEGHNOPQRSTUVXYZ', 7.8),
}


async def show(request: Request) -> Response:
    here, person = site.of(request), request.scope['state'].get('person')
    name, _, file = request.path_params['path'].rpartition('/')
    repository = repositories.find(here.store, name)
    public = repository is not None and settings.of(here.store, repository.id).badges
    if not file.endswith('.svg') or not (public or (person is not None and repository is not None)):
        return Response('there is no such badge\n', 404)
    assert repository is not None
    given = request.query_params
    branch = given.get('branch') or repository.default_branch
    wanted = Filter(repository.name, file.removesuffix('.svg'), given.get('event', ''), branch)
    label, word = state(here.store, wanted)
    text = svg(label, word)
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    headers = {
        'etag': tag,
        'cache-control': f'{"public" if public else "private"}, max-age={FRESH}',
        'cross-origin-resource-policy': 'cross-origin',
    }
    if request.headers.get('if-none-match') == tag:
        return Response(status_code=304, headers=headers)
    return Response(text, media_type='image/svg+xml', headers=headers)


def state(store: Store, wanted: Filter) -> tuple[str, str]:
    """The workflow's name, and a word: of the newest run that has ended, so that a badge does not
    lose what it says whenever somebody pushes."""
    found = listing.newest(store, wanted, limit=10)
    ended = next((run for run in found if run.status == 'completed'), None)
    if ended is not None:
        return ended.name.rpartition('/')[2], WORDS.get(ended.conclusion, 'no status')
    if found:
        return found[0].name.rpartition('/')[2], 'running'
    return wanted.workflow, 'no status'


def svg(label: str, word: str) -> str:
    left, right = width(label) + 20, width(word) + 20
    whole = left + right
    title = escape(f'{label}: {word}')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole:.0f}" height="20" role="img" '
        f'aria-label="{title}"><title>{title}</title>'
        f'<clipPath id="r"><rect width="{whole:.0f}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left:.0f}" height="20" fill="#444c56"/>'
        f'<rect x="{left:.0f}" width="{right:.0f}" height="20" fill="{COLOURS[word]}"/></g>'
        '<g fill="#fff" text-anchor="middle" '
        'font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">'
        f'{_text(label, left / 2, left - 20)}{_text(word, left + right / 2, right - 20)}</g></svg>'
    )


def _text(text: str, x: float, length: float) -> str:
    return f'<text x="{x:.1f}" y="14" textLength="{length:.1f}">{escape(text)}</text>'


def width(text: str) -> float:
    return sum(_NARROW.get(letter, 7.0) for letter in text)
