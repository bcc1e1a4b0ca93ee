"""Carries runs out that somebody has asked the server for, each as a task of this process.

A run is noted in the store before it begins and forgotten when it has ended, so whoever serves
next, after a `kill -9` say, goes on with what was left.
"""

import asyncio
import sys
from typing import Final

from liftlock.engine.submission import Terms
from liftlock.errors import UserError
from liftlock.plan.facts import Stamped
from liftlock.runner.ports import Stop
from liftlock.server.ground import Ground
from liftlock.store import owners, runs, served

GRACE: Final = 10.0  # seconds for tasks to let go when the server ends


class Silence:
    """Nobody watches from here: pages read the store."""

    def take(self, stamped: Stamped) -> None: ...

    def hear(self, job: str, number: int, lines: str) -> None: ...


class Crew:
    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._tasks: dict[int, asyncio.Task[None]] = {}

    @property
    def busy(self) -> int:
        return len(self._tasks)

    def carry(self, run: int, who: str, terms: Terms | None = None) -> None:
        """Begin, or go on with, the run. UserError if what it needs cannot be read."""
        given = terms or self._ground.terms(run, who)
        served.note(self._ground.store, run, who)
        task = asyncio.create_task(self._carry(run, given))
        self._tasks[run] = task
        task.add_done_callback(lambda _: self._tasks.pop(run, None))

    def take_up(self) -> None:
        """Go on with what an earlier server has left."""
        store = self._ground.store
        for run, who in served.left(store):
            row = runs.find(store, str(run))
            if row.status == 'completed':
                served.forget(store, run)
            elif owners.dead(store.directory, row.owner):
                try:
                    self.carry(run, who)
                except UserError as error:
                    _say(f'run {run} is not taken up: {error}')

    async def end(self) -> None:
        """Let go of all of them; they are taken up when somebody serves again."""
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE)

    async def _carry(self, run: int, terms: Terms) -> None:
        try:
            await self._ground.engine.carry_out(run, terms, Silence(), Stop())
        except UserError as error:
            _say(f'run {run}: {error}')
        except Exception as error:  # a task boundary: one run must not end the server
            import traceback

            _say(f'run {run} cannot be carried out: {error!r}\n{traceback.format_exc()}')
        served.forget(self._ground.store, run)


def _say(text: str) -> None:
    sys.stderr.write(f'liftlock: {text}\n')
    sys.stderr.flush()
