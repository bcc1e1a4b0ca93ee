"""Who lives, on a database that machines share: a session that holds a lock, and a beat.

An owner keeps a connection of its own, in a thread of its own. On it a lock is held, which the
server frees when the connection ends: so a process that was killed is known at once. And every
`BEAT` seconds a number is counted up: so one that is frozen, or cut off, is known although its
connection seems to stand. Neither is enough alone: a server that is started again has lost all
locks although everybody lives, so they are given time to come back; one that was paused has missed
all beats although everybody lives, so a silence counts when the number has stood still while
somebody looked.

Who is given up loses its row, and cannot come back under its name. That it stops is not to be
relied on: what it still writes is refused by its token (`journal.StaleToken`).

Times are the server's, so that no two machines' clocks are ever compared.
"""

import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Final

from liftlock.errors import UserError

if TYPE_CHECKING:
    from liftlock.store.database import Store

BEAT: Final = 2.0  # seconds between two signs of life
BACK: Final = 5.0  # seconds that somebody without a connection has to come back
GRACE: Final = 20.0  # seconds of silence until somebody with a connection is given up
SURE: Final = 2.5 * BEAT  # seconds for which it must have been seen silent

NOW: Final = 'CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)'
KEY: Final = 'hashtextextended(?, 0)'
ENTER: Final = f"""
INSERT INTO owners (name, host, pid, beat, beats) VALUES (?, ?, ?, {NOW}, 1)
ON CONFLICT (name) DO NOTHING"""  # noqa: S608 - our own words
LOCK: Final = f'SELECT pg_try_advisory_lock({KEY})'
RENEW: Final = f'UPDATE owners SET beat = {NOW}, beats = beats + 1 WHERE name = ?'  # noqa: S608
LOOK: Final = f"""
SELECT beats, {NOW} - GREATEST(beat, EXTRACT(EPOCH FROM pg_postmaster_start_time())),
       pg_try_advisory_xact_lock_shared({KEY})
FROM owners WHERE name = ?"""  # noqa: S608
BURY: Final = 'DELETE FROM owners WHERE name = ? AND beats = ?'

# Whom this process saw silent: with which number, and since when on its monotonic clock.
_silent: Final[dict[str, tuple[int, float]]] = {}


class Lease(threading.Thread):
    """Keeps one name alive until it is released or the process ends."""

    def __init__(self, store: 'Store', name: str) -> None:
        """UserError if the database cannot be reached."""
        super().__init__(name=f'lease {name}', daemon=True)
        self.lost = False  # whether others have given it up
        self.renewed = time.monotonic()
        self._place = store
        self._name = name
        self._ready = threading.Event()
        self._ended = threading.Event()
        self._wrong: Exception | None = None
        self.start()
        self._ready.wait()
        if self._wrong is not None:
            raise self._wrong

    def release(self) -> None:
        self._ended.set()
        self.join(BACK)

    def run(self) -> None:
        store = self._enter()
        if store is None:
            return
        made = store.engine.made
        while not self._ended.wait(BEAT) and not self.lost:
            try:
                made = self._renew(store, made)
            except UserError:
                continue  # it cannot be reached: others think of us what they must
        self._leave(store)

    def _enter(self) -> 'Store | None':
        try:
            store = self._place.again()
            with store.reading() as sql:
                sql.execute(LOCK, (self._name,))
                sql.execute(ENTER, (self._name, socket.gethostname(), os.getpid()))
        except Exception as error:
            self._wrong = error
            return None
        finally:
            self._ready.set()
        return store

    def _renew(self, store: 'Store', made: int) -> int:
        """`made` tells on which connection the lock was held: it went with that one."""
        began = time.monotonic()
        with store.reading() as sql:
            self.lost = not sql.execute(RENEW, (self._name,)).rowcount
            held = made == store.engine.made or sql.execute(LOCK, (self._name,)).fetchone()[0]
        self.renewed = began
        return store.engine.made if held else made  # our old connection may not have ended yet

    def _leave(self, store: 'Store') -> None:
        try:
            with store.reading() as sql:
                sql.execute('DELETE FROM owners WHERE name = ?', (self._name,))
        except UserError:
            pass  # the silence will tell
        finally:
            store.engine.close()


def dead(store: 'Store', name: str) -> bool:
    """Whether it has ended, or has to be taken for it; then it cannot come back."""
    with store.reading() as sql:
        row = sql.execute(LOOK, (name, name)).fetchone()
        if row is None:
            return True
        beats, silence, free = row
        if not _over(name, beats, silence, free, store.engine.since):
            return False
        _silent.pop(name, None)
        return bool(sql.execute(BURY, (name, beats)).rowcount)


def _over(name: str, beats: int, silence: float, free: bool, connected: float) -> bool:
    now = time.monotonic()
    if free:  # our own connection may have been cut by what cut the other's
        return silence > BACK and (not connected or now - connected > BACK)
    if silence < GRACE:
        _silent.pop(name, None)
        return False
    before, since = _silent.setdefault(name, (beats, now))
    if before != beats:
        _silent[name] = beats, now
        return False
    return now - since > SURE
