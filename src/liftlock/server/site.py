"""What all requests of one server share, and how a page finds it."""

import asyncio
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from liftlock.engine.delivery import standing
from liftlock.engine.delivery.lodge import Lodge
from liftlock.engine.delivery.standing import Live, Looking, Standing
from liftlock.errors import UserError
from liftlock.server.crew import Crew
from liftlock.server.doing import Doing, Person
from liftlock.server.ground import Ground
from liftlock.store import access, deliveries
from liftlock.store.deliveries import Place

LARGEST_FORM = 64 * 1024  # bytes


class Site:
    """`ending` is set when the server ends: streams close. `words` are what is told to somebody on
    the next page, by the session's cookie."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.store = ground.store
        self.crew = Crew(ground)
        self.doing = Doing(ground, self.crew)
        self.ending = asyncio.Event()
        self.words: dict[str, tuple[str, str]] = {}
        self.streams = 0
        self._lodge = Lodge(ground.store.directory)
        self._lives: dict[int, Live] = {}
        self._looking = Looking(ground.store, lambda _, place: self._lives.get(place.id, Live()))

    async def standings(self, places: list[Place], now: float) -> list[Standing]:
        """How environments stand. The supervisor is asked beside other work; the store is not."""
        asked = (asyncio.to_thread(standing.live, self._lodge, place) for place in places)
        answers = await asyncio.gather(*asked)
        self._lives.update(zip((place.id for place in places), answers, strict=True))
        return self._looking.look(places, now)

    def folded(self, places: list[Place], now: float) -> list[Standing]:
        """The same without asking the supervisor."""
        return self._looking.look(places, now)

    def place(self, identity: int) -> Place:
        return deliveries.place(self.store, identity)


def of(request: Request) -> Site:
    site = request.app.state.site
    assert isinstance(site, Site)
    return site


def person(request: Request) -> Person:
    found = request.scope['state']['person']
    assert isinstance(found, Person)
    return found


def session(request: Request) -> access.Session | None:
    found: access.Session | None = request.scope['state'].get('session')
    return found


async def form(request: Request) -> Mapping[str, str]:
    """The fields of a form; of those with one name the last. UserError for what is too large."""
    body = b''
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise UserError('the form is too large')
    return dict(parse_qsl(body.decode('utf-8', 'replace'), keep_blank_values=True))
