"""A process that carries out jobs of any run: registered, taking tasks, and out again.

A *shift* is the time under one id. It ends when the process is told to end, or when it could not
say in time that it lives: then it ends all it runs, and comes back as somebody new.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import Final

from liftlock.engine import trail
from liftlock.engine.spread import yard as yards
from liftlock.engine.spread.duty import Bay, Duty, Held
from liftlock.engine.spread.known import Known
from liftlock.engine.spread.lease import Lease
from liftlock.errors import UserError
from liftlock.store import tasks, workers
from liftlock.store.paths import RunPaths
from liftlock.store.tasks import Task
from liftlock.store.workers import Card

LOOK: Final = 0.1  # seconds between two looks at what runs here
REST: Final = 30.0  # seconds for which a worker takes nothing after it has failed


class Worker:
    """`card.id` is given anew for every shift."""

    def __init__(self, bay: Bay, card: Card) -> None:
        self.new = asyncio.Event()  # set for each new id
        self.over = asyncio.Event()  # set when all is over
        self._bay = bay
        self._store = bay.yard.store
        self._limits = bay.yard.limits
        self._card = card
        self._known = Known(bay.yard.store, bay.hands)
        self._duties: dict[int, tuple[Duty, asyncio.Task[None]]] = {}
        self._look = asyncio.Event()
        self._lapsed = asyncio.Event()
        self._ending = asyncio.Event()
        self._hurry = asyncio.Event()
        self._lease: Lease | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._rested = 0.0

    @property
    def id(self) -> str:
        return self._card.id

    @property
    def machine(self) -> str:
        return self._card.machine

    @property
    def busy(self) -> int:
        return len(self._duties)

    def wake(self) -> None:
        """There may be something to do. In the thread of the event loop."""
        self._look.set()

    def end(self, *, at_once: bool = False) -> None:
        """Take nothing any more, and let what runs finish, or not."""
        self._ending.set()
        if at_once:
            self._hurry.set()
        self._look.set()

    async def serve(self, grace: float) -> None:
        """Until `end`; what runs then has `grace` seconds to finish."""
        self._loop = asyncio.get_running_loop()
        try:
            await self._serve(grace)
        finally:
            self.over.set()

    async def _serve(self, grace: float) -> None:
        while not self._ending.is_set():
            try:
                self._begin()
            except UserError as error:
                trail.say(f'{error}')
                await self._sleep(self._limits.beat)
                continue
            try:
                await self._shift(grace)
            finally:
                await self._leave()

    # --- a shift

    def _begin(self) -> None:
        self._card = self._card._replace(id=name(self._card.machine))
        self._lapsed.clear()
        self._lease = Lease(self._store.again, self.id, self._limits, self._lapse, self._beat)
        workers.register(self._store, self._card)
        self._lease.start()
        self.new.set()
        with self._store.transaction() as sql:  # somebody may have waited for one like this
            self._bay.yard.dispatch(sql)

    async def _shift(self, grace: float) -> None:
        looking = asyncio.create_task(self._look_after())
        try:
            while not (self._ending.is_set() or self._lapsed.is_set()):
                self._look.clear()
                self._try(self._take)
                await self._either(self._look, self._lapsed)
            if self._ending.is_set() and not self._lapsed.is_set():
                await self._drain(grace)
        finally:
            looking.cancel()

    def _take(self) -> None:
        """What is assigned to this worker, what is to stop, and what it has no longer."""
        found = {task.id: task for task in tasks.of_worker(self._store, self.id)}
        for id, (duty, _) in tuple(self._duties.items()):
            task = found.get(id)
            if task is None:
                duty.look()  # it may be over; if somebody else has it, this tells
            elif task.stop:
                duty.stop(task.stop, force=task.forced)
        new = [one for one in found.values() if one.id not in self._duties]
        if new:
            self._clear_remains()  # before a lost job starts again where it may still run
        for task in new:
            self._start(task)

    def _start(self, task: Task) -> None:
        assert self._lease is not None
        duty = Duty(self._bay, task, Held(self.id, self._lease), self._known, self._fail)
        work = asyncio.create_task(duty.run())
        self._duties[task.id] = duty, work
        work.add_done_callback(lambda done: self._done(task.id, done))

    def _done(self, id: int, work: 'asyncio.Task[None]') -> None:
        self._duties.pop(id, None)
        error = None if work.cancelled() else work.exception()
        if isinstance(error, UserError):  # it could not be claimed: that is tried again
            trail.say(str(error))
        elif error is not None:
            trail.say(f'task {id}: {error!r}')
            self._try(lambda: self._fail_task(id, f'this is a bug in liftlock: {error!r}'))
        self._look.set()

    def _fail_task(self, id: int, message: str) -> None:
        with self._store.transaction() as sql:
            for task in tasks.held_by(sql, self.id):
                if task.id == id:
                    self._bay.yard.fail(sql, task, message)

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            for duty, _ in tuple(self._duties.values()):
                duty.look()
            if self._rested and yards.now() > self._rested:
                self._rested = 0.0
                self._try(lambda: self._turn(workers.READY))

    # --- the end of one

    async def _drain(self, grace: float) -> None:
        """Others take what was not begun; what runs may finish."""
        self._try(lambda: self._turn(workers.DRAINING, 'it is about to end'))
        self._try(self._give_back)
        works = [work for _, work in self._duties.values()]
        if works:
            waits = [
                asyncio.create_task(self._lapsed.wait()),
                asyncio.create_task(self._hurry.wait()),
                asyncio.create_task(_all(works)),
            ]
            await asyncio.wait(waits, timeout=grace, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()

    def _give_back(self) -> None:
        with self._store.transaction() as sql:
            for task in tasks.held_by(sql, self.id):
                if task.id not in self._duties:
                    tasks.give_back(sql, task.id)
            self._bay.yard.dispatch(sql)

    async def _leave(self) -> None:
        """End what still runs, and say so: nobody need wait until this id is given up."""
        assert self._lease is not None
        for duty, _ in tuple(self._duties.values()):
            duty.let_go()
        while self._duties:
            await asyncio.wait([work for _, work in self._duties.values()])
            await asyncio.sleep(0)
        self._lease.end()
        self._try(self._sign_off)

    def _sign_off(self) -> None:
        yard, reason = self._bay.yard, f'the worker {self.id} has ended'
        with yard.copied(self.id) as copies, self._store.transaction() as sql:
            for worker in workers.among(sql):
                if worker.id == self.id and workers.bury(sql, worker.id, worker.beat):
                    yard.write_off(sql, worker, reason, copies)

    def _lapse(self, reason: str) -> None:
        """In a thread: the event loop may be stuck, so what runs is ended from here."""
        trail.say(f'{reason}: what runs here is ended')
        for duty, _ in tuple(self._duties.values()):
            self._bay.hands.end_leftovers(duty.tracking_id)
        self._call(self._lapsed.set)

    def _beat(self) -> None:
        """In a thread, too."""
        if self._bay.watched is not None:
            self._bay.watched.good()
        self._call(self.wake)

    def _call(self, what: Callable[[], object]) -> None:
        """From a thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what)

    # --- this machine

    def _clear_remains(self) -> None:
        """What died with an earlier worker of this machine may have left processes."""
        left = tasks.remains(self._store, self._card.machine)
        for run, job, attempt in left:
            self._bay.hands.end_leftovers(
                RunPaths(self._store.directory, run).tracking_id(job, attempt)
            )
        if left:
            tasks.clear_remains(self._store, self._card.machine, left)

    def _fail(self, reason: str) -> None:
        """No job can run here now; take none for a while."""
        trail.say(f'{reason}: this worker takes no jobs for {REST:.0f} s')
        self._rested = yards.now() + REST
        self._try(lambda: self._turn(workers.RESTING, reason))

    def _turn(self, state: str, reason: str = '') -> None:
        with self._store.transaction() as sql:
            workers.turn(sql, self.id, state, reason)
            if state == workers.READY:
                self._bay.yard.dispatch(sql)

    def _try(self, what: Callable[[], object]) -> None:
        """The database may be away: this is done again, or by others."""
        try:
            what()
        except UserError as error:
            trail.say(str(error))

    async def _sleep(self, seconds: float) -> None:
        await asyncio.wait([asyncio.create_task(self._ending.wait())], timeout=seconds)

    async def _either(self, *events: asyncio.Event) -> None:
        waits = [asyncio.create_task(event.wait()) for event in events]
        try:
            await asyncio.wait(
                waits, timeout=self._limits.often, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for wait in waits:
                wait.cancel()


async def _all(works: Sequence['asyncio.Task[None]']) -> bool:
    await asyncio.wait(works)
    return True


def name(machine: str) -> str:
    """Never given twice. Short: the name of a queue, with a prefix, ends at 63 bytes."""
    return f'{machine[:16]}-{os.getpid()}-{os.urandom(4).hex()}'
