"""Templates, and the words in which they tell numbers and times."""

import time
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from liftlock.language.figures import count, duration, size, span
from liftlock.language.printable import harmless
from liftlock.server import guard, navigation, rights, site, static, words

THEMES: Final = ('system', 'light', 'dark')
WORDS: Final = {'in_progress': 'running', 'rolled_back': 'rolled back'}


def page(request: Request, name: str, status: int = 200, /, **values: Any) -> Response:
    """A whole page, in the theme and for the eyes of whoever asks."""
    scope = request.scope['state']
    session, person = scope.get('session'), scope.get('person')
    theme = request.cookies.get('theme', 'system')
    values = {
        'person': person,
        'csrf': guard.csrf(session) if session else '',
        'theme': theme if theme in THEMES else 'system',
        'path': request.url.path,
        'here': request.url.path + (f'?{request.url.query}' if request.url.query else ''),
        'said': words.given(request, session),
        'now': time.time(),
        'version': site.of(request).ground.version,
        'topic': '',  # the query of its live updates
        'pages': navigation.shown(person),
        'stands': lambda item: navigation.here(item, request.url.path),
        'waiting_count': site.of(request).waiting() if person else 0,
        'may': lambda *what: person is not None and rights.may(person, *what),
        **values,
    }
    answer = HTMLResponse(environment().get_template(name).render(values), status)
    words.forget(request, answer)
    return answer


@cache
def environment() -> Environment:
    """Everything is escaped; a name that nobody gave is a bug."""
    found = Environment(
        loader=PackageLoader('liftlock.server'),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(
        ago=ago,
        branch=branch,
        clock=clock,
        count=count,
        duration=duration,
        harmless=harmless,
        iso=iso,
        markdown=_markdown,
        quoted=quoted,
        quoted_path=lambda text: quote(str(text), safe='/'),
        size=size,
        word=word,
    )
    found.globals['static'] = static.address
    found.globals['all_pages'] = navigation.ITEMS
    return found


def _markdown(text: str) -> Markup:
    from liftlock.server import markdown  # with the standard library's reader of HTML

    return Markup(markdown.html(text))  # noqa: S704 - cleaned there


def quoted(text: object) -> str:
    return quote(str(text), safe='')


def word(state: str) -> str:
    return WORDS.get(state, state.replace('_', ' '))


def branch(ref: str) -> str:
    return ref.removeprefix('refs/heads/').removeprefix('refs/tags/')


def ago(at: float, now: float) -> str:
    return f'{span(now - at)} ago' if now - at >= 1 else 'now'


def iso(at: float) -> str:
    """For the `datetime` of a `<time>`."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec='milliseconds')


def clock(at: float) -> str:
    """The moment with its zone, as a tooltip shows it."""
    return datetime.fromtimestamp(at, UTC).strftime('%d %b %Y, %H:%M:%S UTC')
