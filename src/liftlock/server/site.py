"""What all requests of one server share, and how a page finds it."""

import asyncio
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from liftlock.engine.delivery import alive, standing
from liftlock.engine.delivery.lodge import ROLE, Lodge
from liftlock.engine.delivery.standing import Live, Looking, Standing
from liftlock.engine.intake.intake import Intake
from liftlock.engine.tested import Tests
from liftlock.errors import UserError
from liftlock.server.counting import Jobs, Requests
from liftlock.server.crew import Crew
from liftlock.server.doing import Doing, Person
from liftlock.server.ground import Ground
from liftlock.server.hooks.processing import Processing
from liftlock.server.members import Members
from liftlock.server.register import Register
from liftlock.server.showing import Tickets
from liftlock.store import access, deliveries, intakes, sealing, workers
from liftlock.store.deliveries import Place
from liftlock.store.sealing import Key

LARGEST_FORM = 64 * 1024  # bytes


class Site:
    """`ending` is set when the server ends: streams close. `words` are what is told to somebody on
    the next page, by the session's cookie."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.store = ground.store
        self.crew = Crew(ground)
        self.intake = Intake(ground.bench, self.crew.carry)
        self.processing = Processing(ground.store, self.intake)
        key_file = ground.bench.key_file
        self.register = Register(ground.store, key_file, self.intake, self.processing)
        self.doing = Doing(ground, self.crew)
        self.members = Members(ground.store)
        self.tests = Tests(ground.store)
        self.tickets = Tickets(lambda: self.key().derived('tickets'))
        self.since = time.time()
        self.ending = asyncio.Event()
        self.streams = 0
        self.refused = 0  # log-ins
        self.draining = False  # it ends soon: nothing new shall come
        self.requests = Requests()
        self.jobs = Jobs(ground.store)
        self._lodge = Lodge(ground.store.directory)
        self._lives: dict[int, Live] = {}
        self._looking = Looking(ground.store, lambda _, place: self._lives.get(place.id, Live()))

    def key(self) -> Key:
        """That of stored secrets, which all servers of the store have. UserError."""
        return sealing.make_key(self.ground.bench.key_file)

    async def standings(self, places: list[Place], now: float) -> list[Standing]:
        """How environments stand. The supervisor is asked beside other work; the store is not."""
        asked = (asyncio.to_thread(standing.live, self._lodge, place) for place in places)
        answers = await asyncio.gather(*asked)
        if not all(live.watched for live in answers) and self._is_watched_elsewhere():
            answers = [live if live.watched else Live(watched=True) for live in answers]
        self._lives.update(zip((place.id for place in places), answers, strict=True))
        return self._looking.look(places, now)

    def folded(self, places: list[Place], now: float) -> list[Standing]:
        """The same without asking the supervisor."""
        return self._looking.look(places, now)

    async def supervised(self) -> bool:
        """Whether somebody watches over what is deployed from here."""
        here = await asyncio.to_thread(alive.greet, self._lodge, 'ping') is not None
        return here or self._is_watched_elsewhere()

    def _is_watched_elsewhere(self) -> bool:
        """By another server on the same database."""
        return bool(self.store.database and workers.holder(self.store, ROLE))

    def waiting(self) -> int:
        """How many deployments and pull requests wait for somebody or something."""
        return deliveries.count_waiting(self.store) + intakes.count_held(self.store)

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
