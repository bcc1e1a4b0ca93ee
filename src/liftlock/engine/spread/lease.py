"""A worker's word that it lives, and what happens when it cannot be given any more.

Two threads of their own: one tells the database, and may hang in that; the other looks at the
clock. So neither a busy event loop nor a frozen database keeps a worker from ending what it runs
before others give it up. Time goes on while the process is stopped: a zombie finds its lease over.
"""

import threading
from collections.abc import Callable
from typing import Final

from liftlock.engine import trail
from liftlock.engine.spread import yard as yards
from liftlock.engine.spread.yard import Limits
from liftlock.errors import UserError
from liftlock.store import workers
from liftlock.store.database import Store

STEP: Final = 0.1  # seconds, at most, between two looks at the clock


class Lapsed(UserError):
    """Others may have taken over what this worker runs."""


class Lease:
    def __init__(
        self,
        opening: Callable[[], Store],
        worker: str,
        limits: Limits,
        lapse: Callable[[str], None],
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        """`opening` gives a store for a thread. `lapse` is called once, in a thread, with the
        reason; `beat`, in a thread, whenever the worker was heard of."""
        self._opening = opening
        self._worker = worker
        self._limits = limits
        self._lapse = lapse
        self._beat = beat
        self._heard = yards.now()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._over = False
        self._threads = [
            threading.Thread(target=work, name=f'lease-{work.__name__}', daemon=True)
            for work in (self._renew, self._guard)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._ended.set()

    def join(self) -> None:
        """For tests: threads that hang in a dead database would never end."""
        for thread in self._threads:
            thread.join()

    @property
    def good(self) -> bool:
        return not self._over and yards.now() < self._heard + self._limits.fence

    def check(self) -> None:
        """Raises Lapsed."""
        if not self.good:
            raise Lapsed('this worker could not say in time that it lives')

    def _renew(self) -> None:
        store: Store | None = None
        while not self._ended.is_set():
            asked = yards.now()
            try:
                store = store or self._opening()
                state = workers.renew(store, self._worker)
            except Exception as error:  # whatever it is, the clock goes on
                if store is not None:
                    _close(store)
                store = None
                trail.say(f'cannot say that this worker lives: {error}')
            else:
                if not state:
                    self._end('others have given this worker up')
                    break
                self._heard = asked
                self._beat()
            self._ended.wait(self._limits.beat)
        if store is not None:
            _close(store)

    def _guard(self) -> None:
        while not self._ended.is_set():
            left = self._heard + self._limits.fence - yards.now()
            if left <= 0:
                self._end(f'the database was out of reach for {self._limits.fence:.0f} s')
                return
            self._ended.wait(min(left, STEP * max(self._limits.beat, 0.1)))

    def _end(self, reason: str) -> None:
        with self._lock:
            before, self._over = self._over, True
        if not before and not self._ended.is_set():
            self._lapse(reason)
            self._ended.set()


def _close(store: Store) -> None:
    try:
        store.close()
    except Exception as error:
        trail.say(f'cannot close a connection: {error}')
