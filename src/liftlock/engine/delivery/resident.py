"""The supervisor of a server: it has the role as long as the server runs.

It lives in a thread and on a connection of its own, so that pages and controllers never wait for
one another. A detached supervisor hands the role over when it is asked to; while another server,
or a newer Liftlock, has it, this one stands by. When the server ends and something is still to be
watched over, a detached one is started again: somebody stays.

Where servers on many machines share a database, the one that is `elected` has the role. It looks
every two seconds whether it still is; in between, each environment's token refuses a second one.
"""

import asyncio
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

from liftlock import VERSION
from liftlock.engine.delivery import alive, supervisor
from liftlock.engine.delivery.alive import Alive
from liftlock.engine.delivery.lodge import Lodge, Taken, say
from liftlock.engine.delivery.supervisor import Supervisor, Terms
from liftlock.engine.delivery.ward import Controller, Make
from liftlock.errors import UserError, is_trouble
from liftlock.store.database import Store
from liftlock.store.deliveries import Place

PERIOD: Final = 2.0  # seconds between two tries for the role
PATIENCE: Final = supervisor.GRACE + 5.0


Elected = Callable[[Store], bool]  # asked with the thread's own store


class Resident:
    """`open_store` is called in the thread; `make` when there is something to control. Without
    `elected` nobody elsewhere has the store."""

    def __init__(
        self,
        state: Path,
        open_store: Callable[[], Store],
        make: Callable[[Store], Make],
        elected: Elected | None = None,
    ) -> None:
        self._state = state
        self._open = open_store
        self._make = make
        self._elected = elected
        self._store: Store | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._live, name='supervisor', daemon=True)
        self._role: tuple[asyncio.AbstractEventLoop, Supervisor] | None = None
        self._left = False  # something to be watched over

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """See to it that somebody looks at new facts, without waiting for it."""
        role = self._role
        if role is not None:
            with suppress(RuntimeError):  # it has just ended
                role[0].call_soon_threadsafe(role[1].wake)
                return
        if self._elected is None:
            threading.Thread(target=self._ensure, name='wake', daemon=True).start()

    def end(self) -> None:
        """Give the role up, to a detached supervisor if need be."""
        self._ending.set()
        role = self._role
        if role is not None:
            with suppress(RuntimeError):
                role[0].call_soon_threadsafe(role[1].stop, 'the server ends')
        if self._thread.ident is not None:
            self._thread.join(PATIENCE)
        if self._left and self._elected is None:
            self._ensure()

    def _ensure(self) -> None:
        try:
            alive.ensure(self._state)
        except UserError as error:
            say(f'error: {error}', wrong=True)

    # --- in its thread

    def _live(self) -> None:
        lodge = Lodge(self._state)
        while not self._ending.is_set():
            try:
                self._try(lodge)
            except Exception as error:  # a task boundary: the pages go on
                told = error if is_trouble(error) else traceback.format_exc()
                say(f'error: {told}', wrong=True)
            self._ending.wait(PERIOD)
        if self._store is not None:
            self._store.close()

    def _try(self, lodge: Lodge) -> None:
        lodge.prepare()
        with suppress(Taken):
            self._supervise(lodge)
            return
        found = alive.greet(lodge, 'ping')
        if found is not None and gives_way(found, VERSION):
            alive.end(lodge)
            self._supervise(lodge)

    def _supervise(self, lodge: Lodge) -> None:
        """As long as the server runs."""
        lodge.take(supervisor.introduction())
        try:
            store = self._store = self._store or self._open()
            if self._elected is None or self._elected(store):
                # As in `supervise`, what a controller has left in a thread is not waited for.
                asyncio.new_event_loop().run_until_complete(self._run(lodge, store))
        finally:
            lodge.leave()

    async def _run(self, lodge: Lodge, store: Store) -> None:
        made = cache(self._make)

        def make(place: Place) -> Controller:
            return made(store)(place)

        one = Supervisor(lodge, store, make, Terms(idle=0.0, resident=True))
        self._role = (asyncio.get_running_loop(), one)
        minding = asyncio.create_task(self._mind(one, store))
        try:
            if not self._ending.is_set():
                await one.run()
        finally:
            minding.cancel()
            self._role = None
            self._left = one.busy

    async def _mind(self, one: Supervisor, store: Store) -> None:
        """Whether it still has the role."""
        while self._elected is not None:
            await asyncio.sleep(PERIOD)
            with suppress(UserError):  # the database is out of reach: nobody else gets it either
                if not self._elected(store):
                    one.stop('another server has the role')


def gives_way(found: Alive, version: str) -> bool:
    """Whether this supervisor is to be replaced by a server of that version."""
    return not found.resident and not alive.older(version, found.version)
