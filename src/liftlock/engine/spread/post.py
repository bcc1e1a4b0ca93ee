"""Word to workers by Procrastinate: a queue for each, which its worker alone listens to.

The word is deferred by the connection of the transaction that assigns the task, so it is there if
and only if the assignment is, and PostgreSQL wakes the worker when that is through. The task itself
stands in our table. Procrastinate's row says no more than "look", and is gone when that is done:
nothing hangs on it, and it is never tried again.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from liftlock.engine import trail
from liftlock.store import notices
from liftlock.store.database import Store
from liftlock.store.sql import Sql

if TYPE_CHECKING:
    from procrastinate import App

LOOK: Final = 'liftlock:look'
QUEUE: Final = 'w-'
POLL: Final = 20.0  # seconds between two looks at the queue if nothing is heard
NEVER: Final = 86400.0  # nothing is aborted in Procrastinate's words
AGAIN: Final = 1.0  # seconds until it listens again after a lost connection
IDLE: Final = 10  # seconds until a worker that does nothing in a transaction is put out
CLEAR: Final = f"""
DELETE FROM procrastinate_jobs WHERE id IN (
    SELECT id FROM procrastinate_jobs
    WHERE starts_with(queue_name, '{QUEUE}') AND queue_name NOT IN
        (SELECT '{QUEUE}' || workers.id FROM workers WHERE state <> 'gone')
    FOR UPDATE SKIP LOCKED)"""  # noqa: S608 - our own words


class Mail:
    """Satisfies `Post`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._sender: App | None = None

    def prepare(self, store: Store) -> None:
        """Make Procrastinate's tables, if nobody has."""
        with store.transaction() as sql:
            if sql.execute("SELECT to_regclass('procrastinate_jobs')").fetchone()[0] is None:
                from procrastinate.schema import SchemaManager

                sql.script(SchemaManager.get_schema())  # type: ignore[attr-defined]

    def bring(self, sql: Sql, worker: str) -> None:
        if self._sender is None:
            from procrastinate import App, SyncPsycopgConnector

            self._sender = App(connector=SyncPsycopgConnector())
        task = self._sender.configure_task(
            LOOK, allow_unknown=True, queue=QUEUE + worker, connection=_link(sql)
        )
        task.defer()

    def ring(self, sql: Sql, run: int) -> None:
        notices.ring(sql, run)

    def clear(self, sql: Sql) -> None:
        """What is left for workers that are gone. One that is frozen may have a row in its hand:
        that stays until the next one goes."""
        sql.execute(CLEAR)

    async def listen(self, worker: str, look: Callable[[], None]) -> None:
        """Call `look` for every word to this worker, until cancelled."""
        told = ''
        while True:
            try:
                await self._listen(worker, look)
            except Exception as error:  # a lost connection ends Procrastinate's worker
                if str(error) != told:
                    told = str(error)
                    trail.say(f'no word of tasks is heard: {error}')
            look()
            await asyncio.sleep(AGAIN)

    async def _listen(self, worker: str, look: Callable[[], None]) -> None:
        from procrastinate import App, PsycopgConnector

        for name in ('procrastinate', 'psycopg.pool'):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        given = {'application_name': 'liftlock'}
        connector = PsycopgConnector(
            conninfo=self._url, min_size=1, max_size=2, kwargs=given, configure=_impatient
        )
        app = App(connector=connector)

        async def hear() -> None:
            look()

        app.task(name=LOOK)(hear)
        async with app.open_async():
            look()
            await app.run_worker_async(
                queues=[QUEUE + worker],
                name=worker,
                concurrency=1,
                install_signal_handlers=False,
                delete_jobs='always',
                fetch_job_polling_interval=POLL,
                abort_job_polling_interval=NEVER,
            )


async def _impatient(link: Any) -> None:
    """The server is to put out who is frozen in the middle of a transaction."""
    await link.execute(f"SET idle_in_transaction_session_timeout = '{IDLE}s'")
    await link.commit()


def _link(sql: Sql) -> Any:
    """psycopg's connection of the transaction that is under way."""
    return sql.link  # type: ignore[attr-defined]
