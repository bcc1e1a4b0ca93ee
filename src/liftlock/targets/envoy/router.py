"""The traffic router of a store: one Envoy for all its environments.

Whoever holds the router may be killed at any instant. Envoy goes on by the files it has; what is
wanted stands in files, too, and the next one who opens the router brings Envoy in line with them.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Final

from liftlock.rollout.sight import Routes, Window
from liftlock.rollout.trouble import Trouble
from liftlock.targets.envoy import (
    admin,
    documents,
    entrance,
    entry,
    gauges,
    listeners,
    logs,
    names,
    process,
    publication,
    shelf,
)
from liftlock.targets.envoy.entry import Entry
from liftlock.targets.envoy.gauges import Gauges
from liftlock.targets.envoy.meter import Meter
from liftlock.targets.envoy.part import Part
from liftlock.targets.envoy.publication import Publication

_PAUSE: Final = 0.02
_LOOK: Final = 1.0  # how often Envoy is looked after
_WORST: Final = 30.0  # between two tries to start it
_SETTLE: Final = 0.1  # threads take new routes a moment after Envoy has confirmed them
_HEALTH: Final = 10.0  # for an instance to be found healthy, besides one interval of asking


class Router:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._publication = Publication(directory)
        self._meter = Meter(directory)
        self._entries: dict[str, Entry] = {}
        self._turns: dict[str, int] = {}  # of `put`: a later one overtakes those before
        self._lock = asyncio.Lock()  # over every change of the files
        self._changes: set[asyncio.Task[None]] = set()
        self._held: IO[str] | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Have Envoy run, the one that runs already or a new one, as soon as there is something
        to route."""
        process.program()
        self._held = await asyncio.to_thread(shelf.hold, self._directory)
        try:
            self._entries = await asyncio.to_thread(shelf.load, self._directory)
            await self._resume()
        except BaseException:
            self._held.close()
            raise
        self._keeper = asyncio.create_task(self._keep())

    async def put(self, part: Part) -> None:
        """Bring about what the part says. Returns once Envoy has confirmed it, and whoever left
        the routes has finished its requests or `grace` is over."""
        name = names.check(part.environment)
        for revision in part.routes.revisions() | set(part.endpoints):
            names.check(revision)
        turn = self._turns[name] = self._turns.get(name, 0) + 1
        before = self._entries.get(name)
        await asyncio.to_thread(_check_ports, before, part)
        await self._change(name, lambda now: entry.arriving(now, part))
        await self._arrived(name, turn)
        try:
            await self._change(name, self._only(name, turn, entry.shown))
        except Trouble:
            await self._back(name, turn, before)
            raise
        await self._drain(name, turn)

    async def endpoints(self, environment: str, endpoints: Mapping[str, tuple[str, ...]]) -> None:
        """Instances of these revisions are others now; nothing else has changed."""
        if environment in self._entries:
            await self._change(
                environment, lambda now: entry.changed(now, endpoints) if now else None
            )

    async def confirmed(self, environment: str) -> Routes | None:
        """What Envoy has; None while it does not have what was wanted last."""
        found = self._entries.get(environment)
        if found is None or found.shown is None:
            return None
        made = documents.make([found])
        mine = publication.scopes(made.routes)
        return found.shown if await self._publication.accepted(made, mine) else None

    async def counted(self, environment: str, revision: str, reader: str) -> Window:
        """What was counted of the revision since this reader asked last.

        Errors are answers of 500 and above, and requests that nobody of the revision could be
        found for, even where another revision then took over.
        """
        try:
            return await self._meter.counted(environment, revision, reader)
        except admin.Silent as error:
            raise Trouble(f'Envoy does not answer: {error}', again=True) from error

    async def busy(self, environment: str) -> Mapping[str, int]:
        """Requests in flight, by revision."""
        return {name: one.busy for name, one in (await self._gauges(environment)).items()}

    async def healthy(self, environment: str) -> Mapping[str, int]:
        """How many instances Envoy finds healthy, by revision."""
        return {name: one.healthy for name, one in (await self._gauges(environment)).items()}

    async def remove(self, environment: str) -> None:
        """Close its ports, let requests in flight finish, and forget it."""
        found = self._entries.get(environment)
        if found is None:
            return
        self._turns[environment] = self._turns.get(environment, 0) + 1
        closed = found.part._replace(listen=0, preview=0)
        await self._change(environment, lambda now: now and now._replace(part=closed))
        turn = self._turns[environment]
        await self._idle(environment, tuple(entry.clusters(found)), found.part.grace, turn)
        await self._change(environment, lambda now: None)
        self._meter.forget(environment)
        await asyncio.to_thread(logs.remove, self._directory / listeners.access_file(environment))
        async with self._lock:
            if not self._entries:  # the next one who comes has it started again
                await process.stop(self._directory)

    async def close(self) -> None:
        """Let go of it; Envoy stays."""
        await asyncio.gather(*self._changes, return_exceptions=True)
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        if self._held is not None:
            self._held.close()
            self._held = None

    async def stop(self) -> None:
        """End Envoy, and let go."""
        held = self._held
        self._held = None
        await self.close()
        await process.stop(self._directory)
        if held is not None:
            held.close()

    # --- changes

    async def _change(
        self, environment: str, become: Callable[[Entry | None], Entry | None]
    ) -> None:
        """One entry is replaced, or nothing is: where Envoy refuses, all is as it was.

        What was begun is finished, also when whoever asked for it is cancelled: a thread that
        writes a file goes on in any case, and must not meet the next one that does.
        """
        task = asyncio.create_task(self._replace(environment, become))
        self._changes.add(task)
        task.add_done_callback(self._changed)
        await asyncio.shield(task)

    def _changed(self, task: 'asyncio.Task[None]') -> None:
        self._changes.discard(task)
        if not task.cancelled():
            task.exception()  # told to whoever waits; if nobody does, it is no bug

    async def _replace(
        self, environment: str, become: Callable[[Entry | None], Entry | None]
    ) -> None:
        async with self._lock:
            before = self._entries.get(environment)
            after = become(before)
            try:
                await self._set(environment, after, before or after)
            except Trouble:
                with contextlib.suppress(Trouble):
                    await self._set(environment, before, before or after)
                raise

    async def _set(self, environment: str, one: Entry | None, about: Entry | None) -> None:
        if one is None:
            self._entries.pop(environment, None)
        else:
            self._entries[environment] = one
        await asyncio.to_thread(shelf.save, self._directory, environment, one)
        await self._alive()
        mine = publication.scopes(documents.make([one]).files()) if one else frozenset()
        await self._publication.publish(documents.make(self._entries.values()), mine)

    def _only(
        self, name: str, turn: int, become: Callable[[Entry], Entry]
    ) -> Callable[[Entry | None], Entry | None]:
        """Not if somebody has asked for something else meanwhile."""

        def change(now: Entry | None) -> Entry | None:
            if now is None or self._turns.get(name) != turn:
                raise Trouble(f'{name} has got other routes meanwhile', again=True)
            return become(now)

        return change

    async def _back(self, name: str, turn: int, before: Entry | None) -> None:
        """Envoy has refused the routes: nothing of what came for them shall stay."""
        if self._turns.get(name) == turn:
            with contextlib.suppress(Trouble):
                await self._change(name, lambda now: before)

    # --- waiting

    async def _arrived(self, name: str, turn: int) -> None:
        """Who is to get more requests has somebody healthy; every cluster can be routed to."""
        self._still(name, turn)
        one = self._entries[name]
        rising, all_ = entry.rising(one), tuple(one.part.routes.revisions())
        patience = _HEALTH + one.part.health.interval + one.part.health.timeout
        until = time.monotonic() + patience
        while True:
            self._still(name, turn)
            found = await self._gauges(name)
            cold = [it for it in all_ if found.get(it, Gauges(warming=True)).warming]
            sick = [it for it in rising if not found.get(it, Gauges()).healthy]
            if not cold and not sick:
                return
            if time.monotonic() > until:
                told = ' and '.join(sick or cold)
                raise Trouble(f'the router finds nobody of {told} healthy', again=True)
            await asyncio.sleep(_PAUSE)

    async def _drain(self, name: str, turn: int) -> None:
        self._still(name, turn)
        one = self._entries[name]
        leaving = tuple(one.leaving)
        if leaving:
            await self._idle(name, leaving, one.part.grace, turn)
        if leaving or one.spare:
            gone = self._only(name, turn, lambda now: entry.settled(now, leaving))
            await self._change(name, gone)

    async def _idle(self, name: str, leaving: tuple[str, ...], grace: float, turn: int) -> None:
        until = time.monotonic() + grace
        await asyncio.sleep(min(_SETTLE, grace))
        quiet = 0
        while quiet < 2 and time.monotonic() < until:
            self._still(name, turn)
            found = await self._gauges(name)
            quiet = quiet + 1 if not any(found.get(it, Gauges()).busy for it in leaving) else 0
            await asyncio.sleep(_PAUSE)

    def _still(self, name: str, turn: int) -> None:
        if self._turns.get(name) != turn:
            raise Trouble(f'{name} has got other routes meanwhile', again=True)

    async def _gauges(self, environment: str) -> Mapping[str, Gauges]:
        """None of any while Envoy does not answer, as when it has just been started anew."""
        try:
            return await gauges.read(self._directory, environment)
        except admin.Silent:
            return {}

    # --- Envoy itself

    async def _resume(self) -> None:
        made = documents.make(self._entries.values())
        if not self._entries:
            await process.stop(self._directory)
            return
        if await asyncio.to_thread(process.find, self._directory) is None:
            await self._publication.lay(made)
            await process.start(self._directory)
            return
        with contextlib.suppress(Trouble):  # whoever puts that part again is told
            await self._publication.publish(made, frozenset())

    async def _alive(self) -> None:
        if not self._entries:
            return
        if await asyncio.to_thread(process.find, self._directory) is None:
            await self._publication.lay(documents.make(self._entries.values()))
            await process.start(self._directory)

    async def _keep(self) -> None:
        """Envoy is started again when it has died, and its logs are bounded."""
        pause = _LOOK
        while True:
            await asyncio.sleep(pause)
            try:
                async with self._lock:
                    await self._alive()
                if await asyncio.to_thread(logs.rotate, self._directory):
                    await self._reopen()
                pause = _LOOK
            except (Trouble, admin.Silent, OSError):
                pause = min(pause * 2, _WORST)

    async def _reopen(self) -> None:
        await admin.ask(self._directory, '/reopen_logs', 'POST')


def _check_ports(before: Entry | None, part: Part) -> None:
    """Those that Envoy has not got already."""
    had = before.part if before is not None and before.shown is not None else Part('', 0)
    wanted = ((part.listen, part.public), (part.preview, part.public_preview))
    for port, public in wanted:
        if port and (port, public) not in (
            (had.listen, had.public),
            (had.preview, had.public_preview),
        ):
            entrance.check(port, public=public)
