"""Somebody stays: one process a store that carries out what is deployed, and watches over it.

It holds every environment that has facts, each with a controller of its own, and finds new ones
when it is woken, and every two seconds. When no controller is busy any more and nobody has asked
for something for a while, it ends. What is deployed never ends with it.

`ensure` finds or starts the one of a store. A server has the role as long as it runs: `resident`.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from liftlock import VERSION
from liftlock.engine.delivery import alive, calls, lodge
from liftlock.engine.delivery.alive import Alive as Alive
from liftlock.engine.delivery.alive import ensure as ensure
from liftlock.engine.delivery.lodge import Lodge, say
from liftlock.engine.delivery.ward import Make, Ward
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.store import deliveries, schema
from liftlock.store.database import Store
from liftlock.store.owners import Owner

PERIOD: Final = 2.0  # seconds between two looks for new environments
IDLE: Final = 60.0  # seconds without anything to do
GRACE: Final = 20.0  # seconds for controllers to end
MIGRATION: Final = 'the store is to be brought to a newer schema'


class Terms(NamedTuple):
    """How a supervisor lives.

    `idle` seconds without anything to do end it; 0.0: it stays. `rotates`: its standard error is
    the log, and makes room when it is large. `resident`: it lives in a server, and ends with that,
    not because somebody tells it to, or wants another schema. `ready` is told once that it answers.
    """

    idle: float = IDLE
    rotates: bool = False
    resident: bool = False
    ready: Callable[[], None] = lambda: None


class Supervisor:
    def __init__(self, place: Lodge, store: Store, make: Make, terms: Terms) -> None:
        self._lodge = place
        self._store = store
        self._owner = Owner(store)
        self._make = make
        self._terms = terms
        self._since = time.time()
        self._wards: dict[int, Ward] = {}
        self._event = asyncio.Event()
        self._stopping = ''  # why
        self._asked = time.monotonic()  # when somebody last wanted something
        self._troubled = ''

    @property
    def busy(self) -> bool:
        """Whether somebody has to stay, or had to when it ended."""
        return any(ward.busy for ward in self._wards.values())

    async def run(self) -> str:
        """Until it is told to stop, or nothing is left to do. Why it ended."""
        (self._store.directory / schema.WANTED).unlink(missing_ok=True)  # a killed process' wish
        server = await calls.serve(self._lodge.listen(), self._answer)
        say(f'liftlock {VERSION} supervises {self._lodge.state} as process {os.getpid()}')
        try:
            self._terms.ready()
            while not self._stopping:
                self._event.clear()
                self._look()
                if not self._stopping:
                    await self._pause()
        finally:
            server.close()  # from here on whoever asks starts another one
            if not self._lodge.lost():  # else the socket is a successor's
                self._lodge.socket.unlink(missing_ok=True)
            await self._end()
        return self._stopping

    def _look(self) -> None:
        if self._lodge.lost():
            self.stop('its directory is gone')
            return
        if self._terms.rotates:
            self._make_room()
        try:
            self._scan()
        except UserError as error:  # the store is locked, or the disk full: it may pass
            if str(error) != self._troubled:
                say(f'{error} ({error.hint})', wrong=True)
            self._troubled = str(error)
            return
        self._troubled = ''
        if self._is_wanted() and not self._terms.resident:
            self.stop(MIGRATION)
        elif self._is_idle():
            self.stop('nothing is left to do')

    def _is_wanted(self) -> bool:
        return (self._store.directory / schema.WANTED).exists()

    def _scan(self) -> None:
        latest = deliveries.latest(self._store)
        if latest.keys() - self._wards.keys():
            for place in deliveries.environments(self._store):
                if place.id in latest and place.id not in self._wards:
                    self._wards[place.id] = Ward(self._store, self._owner, place, self._make)
        now = time.monotonic()
        for environment, ward in self._wards.items():
            ward.heed(latest.get(environment, 0), now)

    def _is_idle(self) -> bool:
        now = time.monotonic()
        if self.busy:
            self._asked = now
        return bool(self._terms.idle) and now - self._asked > self._terms.idle

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(min(PERIOD, self._terms.idle or PERIOD)):
                await self._event.wait()
        except TimeoutError:
            pass

    def stop(self, reason: str) -> None:
        """Soon; from the thread of its loop."""
        self._stopping = self._stopping or reason
        self._event.set()

    async def _end(self) -> None:
        say(f'ends: {self._stopping or "it failed"}')
        ends = [asyncio.ensure_future(ward.end()) for ward in self._wards.values()]
        if ends:
            _, late = await asyncio.wait(ends, timeout=GRACE)
            if late:
                say(f'{len(late)} of its controllers do not end; it leaves them', wrong=True)
        self._owner.release()

    def _make_room(self) -> None:
        if lodge.rotate(self._lodge.log):
            log = self._lodge.open_log()
            for descriptor in (1, 2):
                os.dup2(log, descriptor)
            os.close(log)

    # --- what is asked over the socket

    async def _answer(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._stopping:  # who has written facts must not think that somebody will look
            raise calls.Silent
        match request:
            case {'do': 'ping'}:
                return self._greeting()
            case {'do': 'wake'}:
                self.wake()
                return self._greeting()
            case {'do': 'stop'} if self._terms.resident:
                raise UserError(
                    f'the server (process {os.getpid()}, liftlock {VERSION}) watches over what '
                    'is deployed here',
                    'end that server, or restart it with the newer liftlock',
                )
            case {'do': 'stop'}:
                self.stop('it was told to')
                return self._greeting()
            case {'do': 'busy', 'environment': int(environment)}:
                return {'busy': environment in self._wards and self._wards[environment].busy}
            case {'do': 'look', 'environment': int(environment)}:
                return await self._sight(environment)
        raise UserError('the supervisor knows no such request', f'it is version {VERSION}')

    def wake(self) -> None:
        """There may be new facts. From the thread of its loop."""
        self._asked = time.monotonic()
        self._event.set()
        for ward in self._wards.values():
            ward.wake()

    def _greeting(self) -> Mapping[str, Any]:
        known = {'version': VERSION, 'pid': os.getpid(), 'since': self._since}
        return {**known, 'resident': self._terms.resident}

    async def _sight(self, environment: int) -> Mapping[str, Any]:
        ward = self._wards.get(environment)
        if ward is None:
            raise UserError(f'nothing is known of environment {environment} yet')
        return await ward.look()


def supervise(place: Lodge, store: Store, make: Make, terms: Terms) -> str:
    """Be the supervisor, as who holds the lock. Why it ended.

    The process must end then: what a controller has left in a thread, or would not stop, is not
    waited for. All of it is journalled, as for a `kill -9`.
    """

    async def run() -> str:
        supervisor = Supervisor(place, store, make, terms)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, supervisor.stop, number.name)
        return await supervisor.run()

    return asyncio.new_event_loop().run_until_complete(run())


def introduction() -> str:
    """What stands in the file of the lock."""
    return alive.described(os.getpid(), time.time())
