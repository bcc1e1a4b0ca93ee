"""What was received is taken in: in order for each repository, several repositories side by side.

Who dies in between leaves the delivery `waiting`, and the next server takes it up. An event of a
delivery is taken in under the delivery's number, so nothing of it happens twice.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from liftlock.engine import trail
from liftlock.engine.intake import forges
from liftlock.engine.intake.forges.told import Ignored
from liftlock.engine.intake.intake import Intake
from liftlock.engine.intake.outcome import Outcome
from liftlock.errors import UserError
from liftlock.store import hooks, repositories
from liftlock.store.database import Store
from liftlock.store.hooks import Hook

AT_ONCE: Final = 16  # repositories; one whose forge does not answer holds up no other
LARGE_ONES: Final = 4  # bodies at a time
REST: Final = 1.0  # seconds after what should not have happened
AGAIN: Final = 60.0  # seconds after which somebody looks, whatever was told


class Processing:
    """One a server. `begin` starts it, `wake` says that there is something, `end` lets go. `room`
    is for those who send much before they have proved who they are."""

    def __init__(self, store: Store, intake: Intake) -> None:
        self._store = store
        self._intake = intake
        self.room = asyncio.Semaphore(LARGE_ONES)
        self._noted: dict[int, float] = {}
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._busy: dict[int, asyncio.Task[None]] = {}

    def begin(self) -> None:
        self._task = asyncio.create_task(self._run())

    def notes(self, repository: int) -> bool:
        """Whether to write down that somebody was refused: who knocks without end is told once a
        second, and must not keep the disk busy."""
        now = time.monotonic()
        if now - self._noted.get(repository, -REST) < REST:
            return False
        self._noted[repository] = now
        return True

    def wake(self) -> None:
        self._awake.set()

    async def end(self) -> None:
        tasks = [task for task in (self._task, *self._busy.values()) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _run(self) -> None:
        await self._guarded(self._intake.take_up)
        while True:
            self._awake.clear()
            self._look()
            try:
                async with asyncio.timeout(AGAIN):
                    await self._awake.wait()
            except TimeoutError:
                continue

    def _look(self) -> None:
        for repository in hooks.waiting(self._store):
            if repository not in self._busy and len(self._busy) < AT_ONCE:
                task = asyncio.create_task(self._drain(repository))
                self._busy[repository] = task
                task.add_done_callback(partial(self._free, repository))

    def _free(self, repository: int, task: asyncio.Task[None]) -> None:
        self._busy.pop(repository, None)
        if hooks.waiting(self._store):
            self._awake.set()

    async def _drain(self, repository: int) -> None:
        """All that waits of one repository, oldest first."""
        while hook := hooks.next_of(self._store, repository):
            await self._guarded(partial(self._process, hook))

    async def _guarded(self, act: Callable[[], Awaitable[object]]) -> None:
        """A task boundary: what is wrong with one delivery must not end the processing of all."""
        try:
            await act()
        except Exception as error:
            trail.tell('a delivery failed', error)
            await asyncio.sleep(REST)

    async def _process(self, hook: Hook) -> None:
        trail.follow(delivery=hook.id)
        try:
            status, said = await self._take(hook)
        except UserError as error:
            status, said = 'failed', str(error)
        except Exception as error:
            hooks.end(self._store, hook.id, 'failed', f'this is a bug in liftlock: {error!r}')
            raise
        hooks.end(self._store, hook.id, status, said)

    async def _take(self, hook: Hook) -> tuple[str, str]:
        repository = repositories.of(self._store, hook.repository)
        _, body = hooks.content(self._store, hook.id)
        try:
            payload = json.loads(body, parse_int=float)
        except (ValueError, RecursionError) as error:
            return 'failed', f'its body is not JSON: {error}'
        if not isinstance(payload, dict):
            return 'failed', 'its body is no JSON object'
        events = forges.read(repository, hook.event, payload)
        if isinstance(events, Ignored):
            return 'ignored', events.reason
        outcomes = [
            await self._intake.take(repository, event, f'hook:{hook.id}:{event.name}')
            for event in events
        ]
        return _told(outcomes)


def _told(outcomes: list[Outcome]) -> tuple[str, str]:
    failed = next((one for one in outcomes if one.status == 'failed'), None)
    if failed is not None:
        return 'failed', failed.said
    runs = sum(len(one.runs) for one in outcomes)
    held = [one.said for one in outcomes if one.status == 'held']
    started = f'{runs} run{"s" * (runs != 1)}' if runs else ''
    said = next((one.said for one in outcomes if one.said), '') if not (started or held) else ''
    return 'done', '; '.join(filter(None, (started, *held, said))) or 'no workflow starts'
