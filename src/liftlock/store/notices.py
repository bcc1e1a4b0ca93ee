"""Word between processes on one PostgreSQL: `ring` in a transaction, heard once that is through.

Word can be lost with a connection, so whoever listens also looks by himself now and then.
"""

import logging
import threading
from collections.abc import Callable
from typing import Final

from liftlock.store.sql import Sql

CHANNEL: Final = 'liftlock_runs'
LISTEN: Final = 5.0  # seconds after which a listener sees whether it is still wanted
AGAIN: Final = 1.0  # seconds until a lost connection is made again


def ring(sql: Sql, run: int) -> None:
    """Say that there is something new about the run."""
    sql.execute(f"SELECT pg_notify('{CHANNEL}', ?)", (str(run),))


class Listener(threading.Thread):
    """`heard` is called in this thread with the run; 0 after a time in which word may be lost."""

    def __init__(self, url: str, heard: Callable[[int], None]) -> None:
        super().__init__(name='notices', daemon=True)
        self._url = url
        self._heard = heard
        self._ended = threading.Event()
        self._told = False

    def end(self) -> None:
        self._ended.set()

    def run(self) -> None:
        import psycopg

        while not self._ended.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                told = str(error).partition('\n')[0]
                self._say(f'no word of other processes is heard: {told}')
                self._ended.wait(AGAIN)

    def _listen(self) -> None:
        import psycopg

        from liftlock.store.engines.session import ALIVE, NAME

        with psycopg.connect(self._url, autocommit=True, application_name=NAME, **ALIVE) as link:
            link.execute(f'LISTEN {CHANNEL}'.encode())
            self._told = False
            self._heard(0)
            while not self._ended.is_set():
                for notice in link.notifies(timeout=LISTEN):
                    self._heard(int(notice.payload))
                    if self._ended.is_set():
                        return
                link.execute(b'SELECT 1')  # raises where the connection is gone

    def _say(self, text: str) -> None:
        if not self._told:
            logging.getLogger('liftlock').warning('%s', text)
            self._told = True
