"""One place among the instances of a revision: its process is started, watched, replaced, ended.

    intent is written ─▶ start ─▶ record is written ─▶ watch ──┬─▶ died: wait, and from the start
          ▲                                                    │
          └──────────── adopted: found by its record, or mark ─┘─▶ told to stop: drain, SIGTERM,
                                                                   after the grace SIGKILL, forget

Only the life's own task changes its record, and it is on disk before anything follows from it.
Let go (`release`), it leaves everything running.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from liftlock.rollout.trouble import Trouble
from liftlock.targets.process import backoff, birth, command, ending, lines, ports, record
from liftlock.targets.process.ground import Ground
from liftlock.targets.process.record import Record
from liftlock.targets.process.vigil import Vigil, keep

_KNOCK: Final = (0.05, 1.0, 5.0)  # seconds: at first, at most while nobody answers, afterwards
_LOOK: Final = 0.1  # seconds between looks at what is left of an instance


class Life:
    def __init__(self, kept: Record, ground: Ground) -> None:
        self.record = kept
        self.ready: bool | None = None
        self._adopted = self.alive  # it may well have answered already
        self.leaving = kept.stopping
        self.started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ground = ground
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    @property
    def address(self) -> str:
        return f'{ports.LOOPBACK}:{self.record.port}'

    @property
    def alive(self) -> bool:
        return self.record.pid != 0

    @property
    def routable(self) -> bool:
        """Whether requests may be sent to it. Those of somebody adopted go on until it is known
        that it does not answer."""
        return self.alive and not self.leaving and (self.ready or self._adopted)

    @property
    def gone(self) -> bool:
        """It has ended for good. A bug in here is raised where it is noticed."""
        return self._task.done() and (self._task.cancelled() or self._task.result() is None)

    @property
    def is_new(self) -> bool:
        """Its first start is still to come, or under way."""
        return not self.started.done() and not self.leaving and not self.record.failures

    def wake(self) -> None:
        """Something it may wait for has happened."""
        self._news.set()

    async def stop(self) -> None:
        """Returns when nothing is left of it. It goes on ending if whoever waits is cancelled."""
        self.leaving = True
        self._news.set()
        await asyncio.wait([self._task])
        if self._task.cancelled():
            raise Trouble(f'{self.record.id} is looked after by somebody else now', again=True)
        self._task.result()

    async def release(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        try:
            while self.alive or not self.leaving:
                if self.alive:
                    await self._watch()
                elif await self._until_due():
                    await self._start()
            await self._forget()
        finally:
            self._tell(None)

    async def _until_due(self) -> bool:
        """Whether it is to be started now."""
        while not self.leaving:
            # However the clock is set meanwhile: nobody waits for longer than the longest pause.
            left = min(backoff.due(self.record) - time.time(), backoff.LONGEST)
            if self._ground.environment(self.record) is None:
                left = backoff.LONGEST
            elif left <= 0:
                return True
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._news.wait()
        return False

    async def _start(self) -> None:
        try:
            self.record = self._intent(time.time())
            await self._carry_out(self.record)
        except Trouble as trouble:
            await self._note(backoff.died(self.record, time.time(), str(trouble)))
            self._tell(trouble)
        else:
            self._tell(None)
        self._ground.changed()

    async def _carry_out(self, intent: Record) -> None:
        env = self._ground.environment(intent)
        assert env is not None
        starting = asyncio.ensure_future(asyncio.to_thread(self._start_now, intent, env))
        try:
            self.record = await asyncio.shield(starting)
        except asyncio.CancelledError:
            self.record = await starting  # left half done, whoever comes next had to search for it
            raise

    def _intent(self, now: float) -> Record:
        kept = self.record
        if not kept.port or not ports.is_free(kept.port):
            kept = kept._replace(port=ports.free(ports.held(self._ground.places.records)))
        return kept._replace(
            mark=f'{self._ground.places.marks}{kept.id}-{secrets.token_hex(4)}',
            log=str(self._ground.places.logs / lines.name(kept.id, now)),
            since=now,
            ended=0.0,
        )

    def _start_now(self, intent: Record, env: Mapping[str, str]) -> Record:
        try:
            record.write(self._ground.places.records, intent)
        except OSError as error:
            raise Trouble(f'cannot keep a record: {error.strerror}', again=True) from error
        line = command.line(birth.shell(), intent.command)
        started = birth.start(intent, line, env, self._ground.places.releases / intent.release)
        self._write(started)
        return started

    def _write(self, changed: Record) -> None:
        """What is not kept, since the disk is full, say, is found out again by whoever comes
        next: who runs by their marks, and who has died by their absence."""
        with suppress(OSError):
            record.write(self._ground.places.records, changed)

    def _tell(self, trouble: Trouble | None) -> None:
        if self.started.done():
            return
        if trouble is None:
            self.started.set_result(None)
        else:
            self.started.set_exception(trouble)
            self.started.exception()  # whoever asked may have gone

    async def _watch(self) -> None:
        """Until it has ended, and nothing that it started is left."""
        self._tell(None)
        vigil = keep(self.record.pid, self.record.born)
        how = lines.UNSEEN
        session = 0
        if vigil is not None:
            session = self.record.pid
            how = await self._attend(vigil)
        self.ready, self._adopted = None, False
        self.record = self.record._replace(pid=0)
        self._ground.changed()
        await asyncio.to_thread(ending.kill, self.record.mark, session)
        if self.leaving:
            return
        message = lines.last_words(how, Path(self.record.log))
        await self._note(backoff.died(self.record, time.time(), message))
        self._ground.changed()

    async def _attend(self, vigil: Vigil) -> str:
        knocking = asyncio.create_task(self._knock())
        try:
            while not vigil.is_over and not self.leaving:
                self._news.clear()
                await first_of(vigil.over(), self._news.wait())
            if not vigil.is_over:
                await self._end(vigil)
            return vigil.reap()
        finally:
            knocking.cancel()
            vigil.close()

    async def _knock(self) -> None:
        """See whether the port is answered, often at first."""
        first, most, later = _KNOCK
        pause = first
        while True:
            answered = await ports.answers(self.record.port)
            now = answered or (None if self.ready is None else False)
            if now != self.ready or self._adopted:
                self.ready, self._adopted = now, False
                self._ground.changed()
            pause = later if answered else first if pause == later else min(most, pause * 1.3)
            await asyncio.sleep(pause)

    async def _end(self, vigil: Vigil) -> None:
        await self._note(self.record._replace(stopping=True))
        self._ground.changed()
        await self._ground.drain(self)
        deadline = time.monotonic() + self._ground.grace
        vigil.send_term()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._ground.grace):
                await vigil.over()
        if vigil.is_over:
            await self._end_rest(deadline)
        await asyncio.to_thread(ending.kill, self.record.mark, self.record.pid)
        await vigil.over()

    async def _end_rest(self, deadline: float) -> None:
        """Whoever outlived the process that was started, a shell perhaps, gets the signal too."""
        mark, session = self.record.mark, self.record.pid
        if not await asyncio.to_thread(ending.terminate, mark, session):
            return
        while time.monotonic() < deadline:
            if not await asyncio.to_thread(ending.family, mark, session):
                return
            await asyncio.sleep(_LOOK)

    async def _note(self, changed: Record) -> None:
        self.record = changed
        await asyncio.to_thread(self._write, changed)

    async def _forget(self) -> None:
        await asyncio.to_thread(record.remove, self._ground.places.records, self.record)
        self._ground.changed()


async def first_of(*waiting: Awaitable[object]) -> None:
    tasks = [asyncio.ensure_future(one) for one in waiting]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
