"""One environment under supervision: its claim, its controller, and what becomes of that.

A controller that fails is started again after a pause, which doubles from a second to a minute
until it has gone well for as long. Its failure is a fact once, not once a minute.
"""

import asyncio
import contextlib
import traceback
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Final, Protocol

from liftlock.engine.delivery.lodge import say
from liftlock.errors import UserError, is_trouble
from liftlock.rollout.facts import Noticed
from liftlock.rollout.trouble import Trouble
from liftlock.store import deliveries, owners
from liftlock.store.database import StaleToken, Store
from liftlock.store.deliveries import Held, Place
from liftlock.store.owners import Owner

SHORTEST: Final = 1.0  # seconds
LONGEST: Final = 60.0


class Controller(Protocol):
    """Whoever carries one environment's deployments out."""

    @property
    def busy(self) -> bool:
        """Something of it runs, or is due: somebody has to stay."""
        ...

    def run(self) -> Coroutine[Any, Any, None]: ...

    def wake(self) -> None:
        """There may be new facts."""
        ...

    async def look(self) -> Mapping[str, Any]:
        """What is there now, as JSON: `sight`, `groups`, `address`, `preview`."""
        ...


Make = Callable[[Place], Controller]  # of an environment that is held, with the claim's token


class Ward:
    def __init__(self, store: Store, owner: Owner, place: Place, make: Make) -> None:
        self.place = place
        self._store = store
        self._owner = owner
        self._make = make
        self._controller: Controller | None = None
        self._task: asyncio.Task[None] | None = None
        self._failures = 0
        self._told = ''  # the failure that is a fact already
        self._seen = 0  # facts that a controller was woken for
        self._due = 0.0  # when it may be started again
        self._begun = 0.0

    @property
    def busy(self) -> bool:
        """Whether somebody has to stay; one that failed could not say, so somebody has."""
        return self._failures > 0 or (self._controller is not None and self._controller.busy)

    def heed(self, latest: int, now: float) -> None:
        """There are facts up to `latest`; start or wake the controller if need be. `now` is of the
        monotonic clock."""
        if self._task is not None and self._task.done():
            self._ended(self._task, now)
        if self._task is None and now >= self._due and (self._failures or latest > self._seen):
            self._start(now)
        elif self._controller is not None and latest > self._seen:
            self._controller.wake()
        self._seen = max(self._seen, latest)

    def _start(self, now: float) -> None:
        try:
            self._controller = self._make(self.place._replace(token=self._claim()))
        except Exception as error:  # a task boundary: the other environments go on
            self._failed(error, now)
            return
        self._begun = now
        self._task = asyncio.create_task(self._controller.run(), name=self.place.name)

    def _claim(self) -> int:
        dead = partial(owners.dead, self._store)
        return deliveries.claim(self._store, self.place.id, self._owner.name, dead)

    def _ended(self, task: asyncio.Task[None], now: float) -> None:
        self._task = self._controller = None
        error = None if task.cancelled() else task.exception()
        if error is None or now - self._begun > LONGEST:
            self._failures, self._told = 0, ''
        if isinstance(error, Exception):
            self._failed(error, now)
        elif error is not None:
            raise error

    def _failed(self, error: Exception, now: float) -> None:
        self._failures += 1
        pause = min(SHORTEST * 2 ** (self._failures - 1), LONGEST)
        self._due = now + pause
        message = explained(error)
        if message == self._told:
            say(f'{self.place.name}: {message} (again; next try in {pause:.0f} s)', wrong=True)
            return
        told = f'{self.place.name}: {message} (next try in {pause:.0f} s)'
        say(told + _trace(error), wrong=True)
        if not isinstance(error, StaleToken | Held):  # whose holder tells what happens there
            with contextlib.suppress(UserError):  # the disk is full, say: the log has it
                self._notice(message)
        self._told = message

    def _notice(self, message: str) -> None:
        under_way = [
            one.number
            for one in deliveries.listed(self._store, environment=self.place.id)
            if one.status in ('in_progress', 'paused')
        ]
        fact = Noticed(under_way[0] if under_way else 0, 'error', message)
        deliveries.append(self._store, self.place.id, [fact])

    def wake(self) -> None:
        if self._controller is not None:
            self._controller.wake()

    async def look(self) -> Mapping[str, Any]:
        if self._controller is None:
            raise UserError(f'nothing is known of {self.place.name} now')
        return await self._controller.look()

    async def end(self) -> None:
        """Stop the controller; what is deployed goes on."""
        if self._task is None:
            return
        self._task.cancel()
        try:
            await self._task
        except asyncio.CancelledError:
            pass
        except Exception as error:  # it ends anyway
            told = f'{self.place.name}: {explained(error)}, while ending'
            say(told + _trace(error), wrong=True)


def explained(error: Exception) -> str:
    """In one line: what a person can act on, or that it is a bug."""
    if isinstance(error, UserError | Trouble):
        return f'{error}; {error.hint}' if error.hint else str(error)
    if isinstance(error, StaleToken):
        return 'another process has taken the environment over'
    if is_trouble(error):
        return f'this machine refuses: {error}'
    return f'this is a bug in liftlock: {error!r}'


def _trace(error: Exception) -> str:
    if is_trouble(error) or isinstance(error, Trouble | StaleToken):
        return ''
    return '\n' + ''.join(traceback.format_exception(error)).rstrip()
